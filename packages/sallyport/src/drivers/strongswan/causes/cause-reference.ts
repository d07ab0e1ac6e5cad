/** `docs/reference/causes.md`, generated from the tables of the causes. */
import { CAUSE_TOPICS, type CauseText } from './cause-texts.ts';

/** What the placeholders of the sentences stand for. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['peer', '*the other side’s address*'],
  ['local-address', '*our address*'],
  ['local-id', '*our identity*'],
  ['remote-id', '*its identity*'],
  ['ike', '*our IKE proposals*'],
  ['esp', '*our ESP proposals*'],
  ['authorities', '*the authorities that we accept*'],
  ['selectors', '*our networks and theirs*'],
]);

export function causeReference(): string {
  const topics = CAUSE_TOPICS.map(({ title, causes }) =>
    [`## ${title}`, ...Object.entries<CauseText>(causes).map(entryOf)].join('\n\n'),
  );
  return [
    '# Causes',
    '',
    'Why a tunnel is not up, or will not stay so, as `sallyport status` says it, in the order in which a',
    'negotiation meets them. A code never changes its meaning; with `-o json` it is the field `cause.code` of',
    'the tunnel.',
    '',
    'This page is generated from `packages/sallyport/src/drivers/strongswan/causes/cause-texts.ts`.',
    '',
    topics.join('\n\n'),
    '',
  ].join('\n');
}

function entryOf([code, { message, told, hint, names = [] }]: readonly [
  string,
  CauseText,
]): string {
  const named = (text: string): string =>
    text.replaceAll(/\{([a-z0-9-]+)\}/g, (whole, name: string) => {
      const own = names[Number(name) - 1];
      return own === undefined ? (NAMES.get(name) ?? whole) : `*${own}*`;
    });
  const more = told === undefined ? '' : `\n\nWhere more is known: ${named(told)}.`;
  return `### \`${code}\`\n\nSays: ${named(message)}.${more}\n\nTo do: ${named(hint)}.`;
}
