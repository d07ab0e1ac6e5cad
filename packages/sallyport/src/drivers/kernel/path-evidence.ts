/**
 * Looks at the data path of tunnels: routes, rules, forwarding, reverse path filters, counters, firewalls,
 * and pings where there is a target. Reads only, and sends nothing but those pings; what cannot be looked
 * at is said, and does not keep the rest from being looked at.
 */
import { messageOf } from '../../lib/message-of.ts';
import { familyOf } from '../../lib/prefix.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { type CommandRunner, outputOf } from '../../platform/linux/command.ts';
import type {
  DeviceSettings,
  Evidence,
  ForeignRule,
  Probe,
  RouteAnswer,
  RouteLookup,
} from '../../status/why/evidence.ts';
import {
  type OwnAddress,
  parseAddresses,
  parseForeignRules,
  parseRouteAnswer,
} from './parse-path.ts';
import { firstHost, ownAddressIn, type PathQuestion, questionsOf } from './path-questions.ts';
import { growthBetween, takeSample } from './path-samples.ts';
import { pingPath } from './ping-path.ts';
import { FAMILIES } from './state.ts';

export interface PathSources {
  readonly commands: CommandRunner;
  /** Undefined where there is no such file. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** Counters are read twice, so far apart where no ping takes that time. */
const LOOK_MILLISECONDS = 1_500;

/** What is the same for every tunnel. */
interface HostPart {
  readonly own: readonly OwnAddress[];
  readonly foreignRules: readonly ForeignRule[];
  readonly forwardsIpv6?: boolean;
}

/** Evidence by name of the tunnel. `target`: an address behind the other side. */
export async function gatherPathEvidence(
  sources: PathSources,
  { tunnels, target }: { readonly tunnels: readonly TunnelPlan[]; readonly target?: string },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Evidence>> {
  const host = await lookAtHost(sources, signal);
  const before = await takeSample(sources, tunnels, signal);
  const found = new Map<string, Evidence>();
  for (const tunnel of tunnels)
    found.set(tunnel.name, await lookAtTunnel(sources, { tunnel, target, host }, signal));
  if (![...found.values()].some(({ probe }) => probe !== undefined))
    await sources.pause(LOOK_MILLISECONDS);
  const after = await takeSample(sources, tunnels, signal);
  return new Map(
    [...found].map(([name, evidence]) => [
      name,
      { ...evidence, ...growthBetween(name, before, after) },
    ]),
  );
}

async function lookAtHost(
  { commands, readFile }: PathSources,
  signal: AbortSignal,
): Promise<HostPart> {
  const ip = (args: readonly string[]): Promise<string> =>
    outputOf(commands, 'ip', ['-json', '-Numeric', ...args], { signal });
  const forwarding = await readFile('/proc/sys/net/ipv6/conf/all/forwarding');
  const rules = [];
  for (const family of FAMILIES)
    rules.push(...parseForeignRules(await ip([`-${family}`, 'rule', 'show']), family));
  return {
    own: parseAddresses(await ip(['address', 'show'])),
    foreignRules: rules,
    ...(forwarding === undefined ? {} : { forwardsIpv6: forwarding === '1' }),
  };
}

interface TunnelQuestion {
  readonly tunnel: TunnelPlan;
  readonly target: string | undefined;
  readonly host: HostPart;
}

async function lookAtTunnel(
  sources: PathSources,
  { tunnel, target, host }: TunnelQuestion,
  signal: AbortSignal,
): Promise<Evidence> {
  const unseen: string[] = [];
  const aimed = questionsOf(tunnel, target);
  if (aimed.length === 0 && target !== undefined)
    unseen.push(`whether ${target} answers: ${target} is in none of the networks of this tunnel`);
  const questions = aimed.length > 0 ? aimed : questionsOf(tunnel);
  const routes: RouteLookup[] = [];
  for (const question of questions)
    routes.push(...(await lookUp(sources, question, host.own, signal)));
  const peer = await lookAtPeer(sources, tunnel, host.own, signal);
  const names = [
    ...routes.flatMap(({ from }) => from?.interface ?? []),
    ...(peer.peerReturn?.from === undefined ? [] : [peer.peerReturn.from.interface]),
    ...(tunnel.interface === undefined ? [] : [tunnel.interface]),
  ];
  const devices: DeviceSettings[] = [];
  for (const name of new Set(names)) devices.push(...(await settingsOf(sources, name)));
  const probe = await pingTarget(sources, tunnel, aimed, { target, host, unseen }, signal);
  return {
    ...{ routes, devices, unseen, ...peer },
    ...{ foreignRules: host.foreignRules },
    ...(host.forwardsIpv6 === undefined ? {} : { forwardsIpv6: host.forwardsIpv6 }),
    ...(probe === undefined ? {} : { probe }),
  };
}

async function routeOf(
  { commands }: PathSources,
  words: readonly string[],
  signal: AbortSignal,
): Promise<RouteAnswer> {
  const args = ['-json', '-Numeric', 'route', 'get', ...words];
  return parseRouteAnswer(await commands.run('ip', args, { signal }));
}

/** As the gateway itself sends, and as it passes on what comes from the local networks. */
async function lookUp(
  sources: PathSources,
  { prefix, address, localPrefixes }: PathQuestion,
  own: readonly OwnAddress[],
  signal: AbortSignal,
): Promise<RouteLookup[]> {
  const lookups: RouteLookup[] = [
    { prefix, address, answer: await routeOf(sources, [address], signal) },
  ];
  for (const local of localPrefixes) {
    const host = firstHost(local, own);
    const device = await interfaceOf(sources, local, own, signal);
    if (host === undefined || device === undefined) continue;
    const from = { address: host, interface: device };
    const words = [address, 'from', host, 'iif', device];
    lookups.push({ prefix, address, from, answer: await routeOf(sources, words, signal) });
  }
  return lookups;
}

/** Where packets of a local network come in. */
async function interfaceOf(
  sources: PathSources,
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

type PeerPart = Pick<Evidence, 'peerRoute' | 'peerReturn'>;

/** The way to the other side, and whether what comes from there is taken where our address is. */
async function lookAtPeer(
  sources: PathSources,
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

async function settingsOf({ readFile }: PathSources, name: string): Promise<DeviceSettings[]> {
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

async function pingTarget(
  sources: PathSources,
  tunnel: TunnelPlan,
  questions: readonly PathQuestion[],
  { target, host, unseen }: { target: string | undefined; host: HostPart; unseen: string[] },
  signal: AbortSignal,
): Promise<Probe | undefined> {
  const [question] = questions;
  if (target === undefined || question === undefined) return undefined;
  const source = ownAddressIn(question.localPrefixes, host.own)?.address;
  if (source === undefined) {
    unseen.push(
      `whether ${target} answers: this host has no address in ${question.localPrefixes.join(', ')} to ping from; ping from a host behind it`,
    );
    return undefined;
  }
  try {
    return await pingPath(sources.commands, { target, source, mtuBytes: tunnel.mtuBytes }, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    unseen.push(`whether ${target} answers: ${messageOf(error)}`);
    return undefined;
  }
}
