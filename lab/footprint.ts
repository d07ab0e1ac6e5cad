// Everything that an agent may leave on a host, as sorted lines: what two ways to the same plan must share.
// Read with the system's own tools; counters and numbers that differ by nature are left out.

import { readdir } from 'node:fs/promises';
import { ViciClient } from '@sallyport/vici';
import type { Host } from './host.ts';
import { processesOf } from './processes.ts';

export interface Footprint {
  readonly links: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly firewall: readonly string[];
  readonly files: readonly string[];
  readonly processes: readonly string[];
  /** Empty where no daemon answers. */
  readonly connections: readonly string[];
  readonly sharedSecrets: readonly string[];
}

export async function footprintOf(host: Host): Promise<Footprint> {
  const lines = async (program: string, args: readonly string[]): Promise<string[]> =>
    toLines(await host.mustExec(program, args));
  const before = new Set((await processesOf(host)).map(({ pid }) => pid));
  return {
    links: await linksOf(host),
    // Routes of protocol `kernel` follow addresses, also the random link-local ones.
    routes: [
      ...(await lines('ip', ['-4', 'route', 'show', 'table', 'all'])),
      ...(await lines('ip', ['-6', 'route', 'show', 'table', 'all'])),
    ].filter((line) => !line.includes('proto kernel')),
    rules: [
      ...(await lines('ip', ['-4', 'rule', 'show'])),
      ...(await lines('ip', ['-6', 'rule', 'show'])),
    ],
    firewall: (await host.mustExec('nft', ['--stateless', 'list', 'ruleset'])).split('\n'),
    files: await filesOf(host),
    // Those that last: the agent looks around now and then, by programs that end soon.
    processes: (await processesOf(host))
      .filter(({ pid }) => before.has(pid))
      .map(({ command }) => command),
    ...(await daemonOf(host)),
  };
}

function toLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .sort();
}

async function linksOf(host: Host): Promise<string[]> {
  const text = await host.mustExec('ip', ['-json', '-details', 'link', 'show']);
  const links = JSON.parse(text) as readonly Readonly<Record<string, unknown>>[];
  const pick = ({ ifname, mtu, ifalias, flags, linkinfo }: Readonly<Record<string, unknown>>) => ({
    ...{ ifname, mtu, ifalias, flags, linkinfo },
  });
  return links.map((link) => JSON.stringify(pick(link))).sort();
}

/** What the agent writes at its own pace, whichever way it came. */
const WRITTEN_IN_TIME = /^state\/agent\/(history\.json|events)/;

/** Names below the directories of state and of the run; a temporary file that was left shows here. */
async function filesOf(host: Host): Promise<string[]> {
  const names = ['state', 'run'].map(async (directory) => {
    const below = await readdir(host.file(directory), { recursive: true }).catch(() => []);
    return below.map((name) => `${directory}/${name}`);
  });
  const all = (await Promise.all(names)).flat();
  return all.filter((name) => !WRITTEN_IN_TIME.test(name)).sort();
}

async function daemonOf(host: Host): Promise<Pick<Footprint, 'connections' | 'sharedSecrets'>> {
  const socket = `unix://${host.file('run/charon.vici')}`;
  const { status, stdout } = await host.exec('swanctl', ['--list-conns', '--raw', '--uri', socket]);
  if (status !== 0) return { connections: [], sharedSecrets: [] };
  // swanctl has no way to list secrets.
  const client = new ViciClient({ socket });
  try {
    return { connections: toLines(stdout), sharedSecrets: [...(await client.getShared())].sort() };
  } finally {
    await client.close();
  }
}

/** All that there is of network in the host's kernel, ours and everybody's, as the tools print it. */
export async function networkOf(host: Host): Promise<readonly string[]> {
  const commands = [
    'ip -details link show',
    'ip address show',
    'ip -4 route show table all',
    'ip -6 route show table all',
    'ip -4 rule show',
    'ip -6 rule show',
    'nft list ruleset',
    'ip -4 nexthop show',
    'ip -6 nexthop show',
    'ip neighbor show nud permanent',
    // Addresses are made from secrets, which nobody may read.
    "sysctl --all --pattern '^net[.]ipv[46][.](conf[.]|ip_forward)' 2>/dev/null | grep -v secret",
  ];
  return (await host.mustExec('sh', ['-c', commands.join('; ')])).split('\n');
}

/** Network, IPsec and what runs. */
export async function stateOf(host: Host): Promise<readonly string[]> {
  const processes = (await processesOf(host)).map(({ command }) => command);
  return [...(await networkOf(host)), ...(await ipsecOf(host)), ...processes];
}

/** SAs and policies in the kernel, everybody's; none where it has no IPsec. */
export async function ipsecOf(host: Host): Promise<readonly string[]> {
  const policies = await host.exec('ip', ['xfrm', 'policy', 'list', 'nosock']);
  const states = await host.exec('ip', ['xfrm', 'state', 'list']);
  return [...policies.stdout.split('\n'), ...states.stdout.split('\n')];
}
