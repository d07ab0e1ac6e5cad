/** Asks the kernel for the ways of packets, and for the settings of the devices they come in by. */
import { familyOf } from '../../../lib/prefix.ts';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import type { CommandRunner } from '../../../platform/linux/command.ts';
import type {
  DeviceSettings,
  Evidence,
  RouteAnswer,
  RouteLookup,
} from '../../../status/why/evidence.ts';
import { type OwnAddress, parseRouteAnswer } from './parse.ts';
import { type Arrival, arrivalFrom, firstHost, type PathQuestion } from './questions.ts';

export interface RouteSources {
  readonly commands: CommandRunner;
  /** Undefined where there is no such file. */
  readonly readFile: (path: string) => Promise<string | undefined>;
}

export interface PathSources extends RouteSources {
  /** Network namespace where the SAs are and ESP leaves, with its name; absent: this one. */
  readonly outside?: RouteSources & { readonly name: string };
  readonly pause: (milliseconds: number) => Promise<void>;
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
  const passedOn = localPrefixes.map(async (local): Promise<PassedOn[]> => {
    const from = await lookUpArrival(sources, local, own, signal);
    if (from === undefined) return [];
    const words = [address, 'from', from.address, 'iif', from.interface];
    const answer = await routeOf(sources, words, signal);
    return [{ local, lookup: { prefix, address, from, answer } }];
  });
  return {
    own: { prefix, address, answer: await routeOf(sources, [address], signal) },
    passedOn: (await Promise.all(passedOn)).flat(),
  };
}

/** Of a network behind another router, packets come in where packets for it go out. */
async function lookUpArrival(
  sources: RouteSources,
  prefix: string,
  own: readonly OwnAddress[],
  signal: AbortSignal,
): Promise<Arrival | undefined> {
  const direct = arrivalFrom(prefix, own);
  const address = firstHost(prefix, own);
  if (direct !== undefined || address === undefined) return direct;
  const answer = await routeOf(sources, [address], signal);
  return answer.kind === 'route' ? { address, interface: answer.interface } : undefined;
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

/** Of those that are there, each once. */
export async function settingsOf(
  sources: RouteSources,
  names: readonly string[],
): Promise<DeviceSettings[]> {
  const devices: DeviceSettings[] = [];
  for (const name of new Set(names)) devices.push(...(await readSettings(sources, name)));
  return devices;
}

async function readSettings({ readFile }: RouteSources, name: string): Promise<DeviceSettings[]> {
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
