/** Asks the kernel for the ways of packets, and for the settings of the devices they come in by. */
import { familyOf } from '../../lib/prefix.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import type { CommandRunner } from '../../platform/linux/command.ts';
import type {
  DeviceSettings,
  Evidence,
  RouteAnswer,
  RouteLookup,
} from '../../status/why/evidence.ts';
import { type OwnAddress, parseRouteAnswer } from './parse-path.ts';
import { firstHost, ownAddressIn, type PathQuestion } from './path-questions.ts';

export interface RouteSources {
  readonly commands: CommandRunner;
  /** Undefined where there is no such file. */
  readonly readFile: (path: string) => Promise<string | undefined>;
}

async function routeOf(
  { commands }: RouteSources,
  words: readonly string[],
  signal: AbortSignal,
): Promise<RouteAnswer> {
  const args = ['-json', '-Numeric', 'route', 'get', ...words];
  return parseRouteAnswer(await commands.run('ip', args, { signal }));
}

/** The way of a packet that comes from a local network. */
export interface PassedOn {
  readonly local: string;
  readonly lookup: RouteLookup & { readonly from: NonNullable<RouteLookup['from']> };
}

/** As the gateway itself sends, and as it passes on what comes from the local networks. */
export async function lookUp(
  sources: RouteSources,
  { prefix, address, localPrefixes }: PathQuestion,
  own: readonly OwnAddress[],
  signal: AbortSignal,
): Promise<{ readonly own: RouteLookup; readonly passedOn: readonly PassedOn[] }> {
  const passedOn: PassedOn[] = [];
  for (const local of localPrefixes) {
    const host = firstHost(local, own);
    const device = await interfaceOf(sources, local, own, signal);
    if (host === undefined || device === undefined) continue;
    const from = { address: host, interface: device };
    const answer = await routeOf(sources, [address, 'from', host, 'iif', device], signal);
    passedOn.push({ local, lookup: { prefix, address, from, answer } });
  }
  return { own: { prefix, address, answer: await routeOf(sources, [address], signal) }, passedOn };
}

/** Where packets of a local network come in. */
async function interfaceOf(
  sources: RouteSources,
  prefix: string,
  own: readonly OwnAddress[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const inside = ownAddressIn([prefix], own);
  if (inside !== undefined) return inside.interface;
  const host = firstHost(prefix, own);
  if (host === undefined) return undefined;
  const answer = await routeOf(sources, [host], signal);
  return answer.kind === 'route' ? answer.interface : undefined;
}

export type PeerPart = Pick<Evidence, 'peerRoute' | 'peerReturn'>;

/** The way to the other side, and whether what comes from there is taken where our address is. */
export async function lookAtPeer(
  sources: RouteSources,
  { remoteAddress: peer, localAddress: local }: TunnelPlan,
  own: readonly OwnAddress[],
  signal: AbortSignal,
): Promise<PeerPart> {
  // A name is the daemon's to look up.
  if (peer === undefined || familyOf(peer) === undefined) return {};
  const peerRoute = await routeOf(
    sources,
    [peer, ...(local === undefined ? [] : ['from', local])],
    signal,
  );
  const device = own.find(({ address }) => address === local)?.interface;
  if (local === undefined || device === undefined) return { peerRoute };
  const answer = await routeOf(sources, [local, 'from', peer, 'iif', device], signal);
  const from = { address: peer, interface: device };
  return { peerRoute, peerReturn: { prefix: local, address: local, from, answer } };
}

export async function settingsOf(
  { readFile }: RouteSources,
  name: string,
): Promise<DeviceSettings[]> {
  const conf = '/proc/sys/net/ipv4/conf';
  const [forwarding, own, all] = await Promise.all([
    readFile(`${conf}/${name}/forwarding`),
    readFile(`${conf}/${name}/rp_filter`),
    readFile(`${conf}/all/rp_filter`),
  ]);
  if (forwarding === undefined || own === undefined) return [];
  // Linux Documentation/networking/ip-sysctl, rp_filter: the greater of both is used.
  const reversePathFilter = Math.max(Number(own), Number(all ?? 0));
  return [{ name, forwards: forwarding === '1', reversePathFilter }];
}
