/** `docs/reference/causes.md`, generated from the table in `causes.ts`. */
import { CAUSES } from './causes.ts';

/** What the placeholders of the sentences stand for. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['1', '…'],
  ['2', '…'],
  ['peer', '*the other side’s address*'],
  ['local-address', '*our address*'],
  ['local-id', '*our identity*'],
  ['remote-id', '*its identity*'],
  ['ike', '*our IKE proposals*'],
  ['esp', '*our ESP proposals*'],
  ['selectors', '*our networks and theirs*'],
]);

export function causeReference(): string {
  const entries = Object.entries(CAUSES).map(
    ([code, { message, hint }]) =>
      `### \`${code}\`\n\nSays: ${named(message)}.\n\nTo do: ${named(hint)}.`,
  );
  return [
    '# Causes',
    '',
    'Why a tunnel is not up, as `sallyport status` says it. A code never changes its meaning; with',
    '`-o json` it is the field `cause.code` of the tunnel.',
    '',
    'This page is generated from `packages/sallyport/src/drivers/strongswan/causes.ts`.',
    '',
    entries.join('\n\n'),
    '',
  ].join('\n');
}

function named(text: string): string {
  return text.replaceAll(/\{([a-z0-9-]+)\}/g, (whole, name: string) => NAMES.get(name) ?? whole);
}
