// What daemon and kernel themselves tell, past Sallyport and past everything that lies to it.

import {
  collect,
  type IkeSa,
  type InstalledPolicy,
  type LoadedConnection,
  ViciClient,
} from '@sallyport/vici';
import type { Host } from '../host.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface Evidence {
  readonly connections: readonly LoadedConnection[];
  /** Established ones. */
  readonly sas: readonly IkeSa[];
  /** Ids of pre-shared keys. */
  readonly shared: readonly string[];
  readonly traps: readonly InstalledPolicy[];
  readonly links: readonly Row[];
  /** IPv4, of all tables. */
  readonly routes: readonly Row[];
  /** `ip -s xfrm state`: a block for each state, by SPI in eight hex digits. */
  readonly states: ReadonlyMap<string, string>;
  /** `ip xfrm policy`: a block for each. */
  readonly policies: readonly string[];
  /** `nft -j`: the lines of our table. */
  readonly firewall: readonly Row[];
}

const COMMANDS = [
  'ip -json -details link',
  'ip -json route show table all',
  'ip -s xfrm state',
  'ip xfrm policy',
  'nft -j list table inet sallyport || true',
];

const UP: ReadonlySet<string> = new Set(['ESTABLISHED', 'REKEYING']);

/** One look at everything. `socket`: where the daemon itself answers. */
export async function gather(host: Host, socket: string): Promise<Evidence> {
  const separator = '\n====\n';
  const client = new ViciClient({ socket: `unix://${socket}` });
  try {
    const [connections, sas, shared, traps, text] = await Promise.all([
      collect(client.listConns()),
      collect(client.listSas()),
      client.getShared(),
      collect(client.listPolicies({ kinds: ['trap'] })),
      host.mustExec('sh', ['-ec', COMMANDS.join("; printf '\\n====\\n'; ")]),
    ]);
    const [links = '', routes = '', states = '', policies = '', firewall = ''] =
      text.split(separator);
    return {
      ...{ connections, shared, traps },
      sas: sas.filter(({ state }) => UP.has(state)),
      links: rows(links),
      routes: rows(routes),
      states: new Map(
        blocks(states).map((block) => [/ spi 0x([0-9a-f]{8})/.exec(block)?.[1] ?? '', block]),
      ),
      policies: blocks(policies),
      firewall: firewall.trim() === '' ? [] : nftRows(firewall),
    };
  } finally {
    await client.close();
  }
}

function rows(json: string): readonly Row[] {
  return JSON.parse(json) as readonly Row[];
}

function nftRows(json: string): readonly Row[] {
  return (JSON.parse(json) as { readonly nftables: readonly Row[] }).nftables;
}

function blocks(text: string): readonly string[] {
  return text.split(/^(?=src )/m).filter((block) => block.startsWith('src '));
}
