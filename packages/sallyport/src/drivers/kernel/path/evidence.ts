/**
 * Looks at the data path of tunnels: routes, rules, forwarding, reverse path filters, counters, firewalls,
 * and pings where there is a target. Reads only, and sends nothing but those pings; what cannot be looked
 * at is said, and does not keep the rest from being looked at.
 */
import { messageOf } from '../../../lib/message-of.ts';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { type CommandRunner, outputOf } from '../../../platform/linux/command.ts';
import type {
  DeviceSettings,
  Evidence,
  ForeignRule,
  Probe,
  RouteLookup,
} from '../../../status/why/evidence.ts';
import { FAMILIES } from '../state.ts';
import { findStops, hostPrefix, type InnerPair, type OuterPair } from './firewall-flows.ts';
import { type OwnAddress, parseAddresses, parseForeignRules } from './parse.ts';
import { pingPath } from './ping.ts';
import { ownAddressIn, type PathQuestion, questionsOf } from './questions.ts';
import {
  lookAtPeer,
  lookUp,
  type PassedOn,
  type PeerPart,
  type RouteSources,
  settingsOf,
} from './routes.ts';
import { growthBetween, takeSample } from './samples.ts';

export interface PathSources extends RouteSources {
  /** Network namespace where the SAs are and ESP leaves; absent: this one. */
  readonly outside?: RouteSources;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** Counters are read twice, so far apart where no ping takes that time. */
const LOOK_MILLISECONDS = 1_500;

/** What is the same for every tunnel. */
interface HostPart {
  readonly own: readonly OwnAddress[];
  /** Addresses where ESP leaves. */
  readonly outer: readonly OwnAddress[];
  readonly foreignRules: readonly ForeignRule[];
  readonly forwardsIpv6?: boolean;
  readonly unseen: readonly string[];
}

/** Evidence by name of the tunnel. `target`: an address behind the other side. */
export async function gatherPathEvidence(
  sources: PathSources,
  { tunnels, target }: { readonly tunnels: readonly TunnelPlan[]; readonly target?: string },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Evidence>> {
  const host = await lookAtHost(sources, signal);
  const before = await takeSample(sources, tunnels, signal);
  const looks: TunnelLook[] = [];
  for (const tunnel of tunnels)
    looks.push(await lookAtTunnel(sources, { tunnel, target, host }, signal));
  if (!looks.some(({ evidence }) => evidence.probe !== undefined))
    await sources.pause(LOOK_MILLISECONDS);
  const after = await takeSample(sources, tunnels, signal);
  return new Map(
    looks.map(({ tunnel, evidence, inner, outer }) => {
      const grown = growthBetween(tunnel.name, before, after);
      const pairs = { inner, ...(outer === undefined ? {} : { outer }) };
      const stops =
        before.ruleset === undefined || after.ruleset === undefined
          ? {}
          : { stops: findStops({ before: before.ruleset, after: after.ruleset }, tunnel, pairs) };
      const unseen = [...evidence.unseen, ...host.unseen, ...before.unseen, ...after.unseen];
      return [tunnel.name, { ...evidence, ...grown, ...stops, unseen: [...new Set(unseen)] }];
    }),
  );
}

async function lookAtHost(
  { commands, readFile, outside }: PathSources,
  signal: AbortSignal,
): Promise<HostPart> {
  const unseen: string[] = [];
  const ask = async <T>(
    {
      what,
      args,
      from = commands,
    }: { what: string; args: readonly string[]; from?: CommandRunner },
    parse: (text: string) => readonly T[],
  ): Promise<readonly T[]> => {
    try {
      return parse(await outputOf(from, 'ip', ['-json', '-Numeric', ...args], { signal }));
    } catch (error) {
      if (signal.aborted) throw error;
      unseen.push(`${what}: ${messageOf(error)}`);
      return [];
    }
  };
  const forwarding = await readFile('/proc/sys/net/ipv6/conf/all/forwarding');
  const rules: ForeignRule[] = [];
  for (const family of FAMILIES) {
    const question = { what: `rules of IPv${family}`, args: [`-${family}`, 'rule', 'show'] };
    rules.push(...(await ask(question, (text) => parseForeignRules(text, family))));
  }
  const addresses = { what: 'addresses', args: ['address', 'show'] };
  const own = await ask(addresses, parseAddresses);
  const legacy = (await readFile('/proc/net/ip_tables_names')) ?? '';
  if (legacy !== '')
    unseen.push(
      `what iptables-legacy does in its tables ${legacy.split('\n').join(', ')}: see iptables-legacy-save`,
    );
  const outer =
    outside === undefined
      ? own
      : await ask({ ...addresses, from: outside.commands }, parseAddresses);
  return {
    ...{ own, outer, foreignRules: rules, unseen },
    ...(forwarding === undefined ? {} : { forwardsIpv6: forwarding === '1' }),
  };
}

/** What was seen of one tunnel, and what its packets look like to a firewall. */
interface TunnelLook {
  readonly tunnel: TunnelPlan;
  readonly evidence: Evidence;
  readonly inner: readonly InnerPair[];
  readonly outer?: OuterPair;
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
): Promise<TunnelLook> {
  const unseen: string[] = [];
  const aimed = questionsOf(tunnel, target);
  if (aimed.length === 0 && target !== undefined)
    unseen.push(`whether ${target} answers: ${target} is in none of the networks of this tunnel`);
  const questions = aimed.length > 0 ? aimed : questionsOf(tunnel);
  const routes: RouteLookup[] = [];
  const inner: InnerPair[] = [];
  for (const question of questions) {
    const { own, passedOn } = await lookUp(sources, question, host.own, signal);
    routes.push(own, ...passedOn.map(({ lookup }) => lookup));
    inner.push(...passedOn.map((passed) => toInnerPair(tunnel, passed)));
  }
  const outside = sources.outside ?? sources;
  const peer = await lookAtPeer(outside, tunnel, host.outer, signal);
  const outerNames = peer.peerReturn?.from === undefined ? [] : [peer.peerReturn.from.interface];
  const names = [
    ...routes.flatMap(({ from }) => from?.interface ?? []),
    ...(sources.outside === undefined ? outerNames : []),
    ...(tunnel.interface === undefined ? [] : [tunnel.interface]),
  ];
  const devices: DeviceSettings[] = [];
  for (const name of new Set(names)) devices.push(...(await settingsOf(sources, name)));
  if (sources.outside !== undefined)
    for (const name of outerNames) devices.push(...(await settingsOf(sources.outside, name)));
  const probe = await pingTarget(sources, tunnel, aimed, { target, host, unseen }, signal);
  const evidence = {
    ...{ routes, devices, unseen, ...peer },
    ...{ foreignRules: host.foreignRules },
    ...(host.forwardsIpv6 === undefined ? {} : { forwardsIpv6: host.forwardsIpv6 }),
    ...(probe === undefined ? {} : { probe }),
  };
  // The firewall that is read is that of the host's own namespace.
  const outer = sources.outside === undefined ? toOuterPair(peer) : undefined;
  if (sources.outside !== undefined)
    unseen.push(`what firewalls in network namespace ${tunnel.shard ?? ''} do`);
  return { tunnel, evidence, inner, ...(outer === undefined ? {} : { outer }) };
}

function toInnerPair(tunnel: TunnelPlan, { local, lookup }: PassedOn): InnerPair {
  const { prefix, from, answer } = lookup;
  const way = answer.kind === 'route' ? answer.interface : '';
  return {
    ...{ local, remote: prefix.includes('/') ? prefix : hostPrefix(prefix) },
    ...{ localInterface: from.interface, remoteInterface: tunnel.interface ?? way },
  };
}

function toOuterPair({ peerReturn }: PeerPart): OuterPair | undefined {
  if (peerReturn?.from === undefined) return undefined;
  const { address, from } = peerReturn;
  return { local: address, remote: from.address, interface: from.interface };
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
