// What the mutations have cost, as a page for `docs/`.

import { CHANGE_CLASSES } from '../../packages/sallyport/dist/model/change-classes.js';
import type { TrialResult } from './trial.ts';

/** `Gateway spec.mtu` as the table of classes has it. */
export function classOf(field: string): string {
  const [kind = '', path = ''] = field.split(' ');
  const fields = Object.entries(CHANGE_CLASSES).find(([name]) => name === kind)?.[1];
  const found = fields?.[path];
  if (found === undefined) throw new Error(`no such field: ${field}`);
  return found.class;
}

/** All fields of all kinds. */
export function allFields(): string[] {
  return Object.entries(CHANGE_CLASSES).flatMap(([kind, fields]) =>
    Object.keys(fields).map((path) => `${kind} ${path}`),
  );
}

export function renderResults(results: readonly TrialResult[]): string {
  const rows = results.flatMap(({ mutation, own, other }) =>
    mutation.fields.map(
      (field) =>
        `| \`${field}\` | ${classOf(field)} | ${mutation.what} | ${of(own)} | ${of(other)} |`,
    ),
  );
  return `${[...HEAD, ...rows].join('\n')}\n`;
}

const HEAD = [
  '# What a change costs, measured',
  '',
  '    node lab/run.ts --whole --kernel uml cases/mutation',
  '    cp .cache/results/changes-measured.md docs/reference/',
  '',
  'Each field was changed on a live tunnel with kernel ESP and pings through it, 50 a second, by',
  '`sallyport apply`, and changed back; `lost` counts both changes. The other tunnel is of another tenant, on',
  'the same host and in the same daemon, with 20 pings a second. Before the change back took effect it was',
  'swallowed on its way to daemon and kernel, which Sallyport had to notice: see `lab/mutations`. In effect is',
  'what list-conns, list-sas, `ip` and `nft` have shown, never what Sallyport says of itself. A field that is',
  'of class `cut` loses what is sent until the tunnel stands again, on this machine some seconds. Selectors and',
  'outer addresses stand in the policies of the peer, too, which may drop a packet meanwhile: see ADR 9.',
  '',
  '| field | class | change | lost on the tunnel | lost on another |',
  '|---|---|---|---|---|',
];

function of({ lost, sent }: { readonly lost: number; readonly sent: number }): string {
  return `${String(lost)} of ${String(sent)}`;
}
