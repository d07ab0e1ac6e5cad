/** The second part of `docs/reference/causes.md`, generated from the table in `path-causes.ts`. */
import { PATH_CAUSES } from './path-causes.ts';

export function pathCauseReference(): string {
  const entries = Object.entries(PATH_CAUSES).map(
    ([code, { message, hint }]) =>
      `### \`${code}\`\n\nSays: ${named(message)}.\n\nTo do: ${named(hint)}.`,
  );
  return [
    '',
    '## On the data path',
    '',
    'Why a tunnel carries nothing, or not everything, as `sallyport why CONNECTION` says it; with `-o json` in',
    '`tunnels[].findings[].code`. The worst comes first. Most need an address to ping: `--target`. Counters of the',
    'kernel are of the whole host: only what grew while it was looked counts.',
    '',
    'This part is generated from `packages/sallyport/src/status/why/path-causes.ts`.',
    '',
    entries.join('\n\n'),
    '',
  ].join('\n');
}

/** Placeholders in italics. */
function named(text: string): string {
  return text.replaceAll(/\{([a-z]+)\}/g, '*$1*');
}
