/**
 * Looks at the data path of tunnels: routes, rules, forwarding, reverse path filters, counters, firewalls,
 * and pings where there is a target. Reads only, and sends nothing but those pings; what cannot be looked
 * at is said, and does not keep the rest from being looked at.
 */
import { messageOf } from '../../../lib/message-of.ts';
import { FAMILIES } from '../../../lib/prefix.ts';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { type CommandRunner, outputOf } from '../../../platform/linux/command.ts';
import type { Evidence, ForeignRule, Probe, RouteLookup } from '../../../status/why/evidence.ts';
import { findStops, hostPrefix, type InnerPair, type OuterPair } from './firewall-flows.ts';
import { type OwnAddress, parseAddresses, parseForeignRules } from './parse.ts';
import { pingPath } from './ping.ts';
import { ownAddressIn, type PathQuestion, questionsOf } from './questions.ts';
import {
  lookAtPeer,
  lookUp,
  type PassedOn,
  type PathSources,
  type PeerPart,
  type RouteSources,
  settingsOf,
} from './routes.ts';
import { dropsBetween, growthBetween, rulesetsOf, type Sample, takeSample } from './samples.ts';

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
      const outside =
        evidence.outside === undefined
          ? {}
          : { outside: { ...evidence.outside, ...dropsBetween(before.outside, after.outside) } };
      const places = [before.own, after.own, before.outside, after.outside];
      const unseen = [
        ...evidence.unseen,
        ...host.unseen,
        ...places.flatMap((one) => one?.unseen ?? []),
      ];
      return [
        tunnel.name,
        {
          ...evidence,
          ...growthBetween(tunnel.name, before, after),
          ...dropsBetween(before.own, after.own),
          ...outside,
          ...stopsBetween(
            tunnel,
            { inner, ...(outer === undefined ? {} : { outer }) },
            before,
            after,
          ),
          unseen: [...new Set(unseen)],
        },
      ];
    }),
  );
}

/** Each packet meets the firewall of the namespace that it is in. */
function stopsBetween(
  tunnel: TunnelPlan,
  { inner, outer }: { readonly inner: readonly InnerPair[]; readonly outer?: OuterPair },
  before: Sample,
  after: Sample,
): Pick<Evidence, 'stops'> {
  const own = rulesetsOf(before.own, after.own);
  const outside = after.outside === undefined ? own : rulesetsOf(before.outside, after.outside);
  const place = after.outside === undefined ? '' : `network namespace ${tunnel.shard ?? ''}, `;
  const stops = [
    ...(outside === undefined || outer === undefined
      ? []
      : findStops(outside, tunnel, { inner: [], outer }).map((stop) => ({
          ...stop,
          place: `${place}${stop.place}`,
        }))),
    ...(own === undefined ? [] : findStops(own, tunnel, { inner })),
  ];
  // None is a proof only where every firewall was read.
  const isWhole = own !== undefined && outside !== undefined;
  return isWhole || stops.length > 0 ? { stops } : {};
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
  unseen.push(...(await legacyTables(readFile)));
  if (outside !== undefined)
    unseen.push(
      ...(await legacyTables(outside.readFile)).map(
        (text) => `${text}, in network namespace ${outside.name}`,
      ),
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

/** nft does not show what the older iptables has in the kernel. */
async function legacyTables(readFile: RouteSources['readFile']): Promise<string[]> {
  const tables = (await readFile('/proc/net/ip_tables_names')) ?? '';
  if (tables === '') return [];
  return [
    `what iptables-legacy does in its tables ${tables.split('\n').join(', ')}: see iptables-legacy-save`,
  ];
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
  const devices = await settingsOf(sources, names);
  const arrivals =
    sources.outside === undefined
      ? {}
      : { outside: { devices: await settingsOf(sources.outside, outerNames) } };
  const probe = await pingTarget(sources, tunnel, aimed, { target, host, unseen }, signal);
  const evidence = {
    ...{ routes, devices, unseen, ...peer, ...arrivals },
    ...{ foreignRules: host.foreignRules },
    ...(host.forwardsIpv6 === undefined ? {} : { forwardsIpv6: host.forwardsIpv6 }),
    ...(probe === undefined ? {} : { probe }),
  };
  const outer = toOuterPair(peer);
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
