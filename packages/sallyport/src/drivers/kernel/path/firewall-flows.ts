/** The packets of a tunnel as the firewalls of the host see them, hook by hook. */
import { isJson } from '../../../lib/json-fields.ts';
import { familyOf } from '../../../lib/prefix.ts';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import type { FirewallStop, Flow } from '../../../status/why/evidence.ts';
import type { Packet } from './match-packet.ts';
import { keyOf, type Rule, type Ruleset } from './ruleset.ts';
import { type Passage, type Stop, walkRuleset } from './walk-ruleset.ts';

/** A local and a remote network, and where their packets come in and go out. */
export interface InnerPair {
  /** Prefixes. */
  readonly local: string;
  readonly remote: string;
  readonly localInterface: string;
  /** The tunnel's; of the route where the tunnel has none. */
  readonly remoteInterface: string;
}

export interface OuterPair {
  readonly local: string;
  readonly remote: string;
  readonly interface: string;
}

interface SentPacket {
  readonly flow: Flow;
  /** In words. */
  readonly text: string;
  readonly passages: readonly Passage[];
}

/** Where packets of the tunnel stop. `before` tells which counters grew since. */
export function findStops(
  rulesets: { readonly before: Ruleset; readonly after: Ruleset },
  tunnel: TunnelPlan,
  pairs: { readonly inner: readonly InnerPair[]; readonly outer?: OuterPair },
): FirewallStop[] {
  const packets = [
    ...(pairs.outer === undefined ? [] : outerPackets(tunnel, pairs.outer)),
    ...pairs.inner.flatMap((pair) => innerPackets(tunnel, pair)),
  ];
  return packets.flatMap(({ flow, text, passages }) =>
    walkRuleset(rulesets.after, passages)
      // Only what leaves for the tunnel may not change its source on the way.
      .filter(({ action }) => action === 'drop' || flow === 'forwarded out')
      .map((stop) => ({
        ...{ flow, packet: text, place: placeOf(stop), action: stop.action },
        isCertain: stop.isCertain,
        ...countedOf(stop, rulesets.before),
      })),
  );
}

function innerPackets(tunnel: TunnelPlan, pair: InnerPair): SentPacket[] {
  const { local, remote, localInterface, remoteInterface } = pair;
  const family = familyOf(local) ?? 4;
  // Behind an interface of its own a packet is encrypted only after the hooks.
  const isIpsec = tunnel.dataPlane === 'policy';
  const out = { family, source: local, destination: remote };
  const back = { family, source: remote, destination: local };
  const outText = `${local} -> ${remote}`;
  const backText = `${remote} -> ${local}`;
  const ways = {
    in: { iif: remoteInterface, oif: localInterface },
    out: { iif: localInterface, oif: remoteInterface },
  };
  return [
    {
      flow: 'forwarded out',
      text: outText,
      passages: forwarded({ ...out, state: 'new' }, ways.out, { leaving: isIpsec }),
    },
    {
      flow: 'forwarded in',
      text: backText,
      passages: forwarded({ ...back, state: 'established' }, ways.in, { arriving: isIpsec }),
    },
    {
      flow: 'begun by the other side',
      text: backText,
      passages: forwarded({ ...back, state: 'new' }, ways.in, { arriving: isIpsec }),
    },
  ];
}

function forwarded(
  packet: Packet,
  { iif, oif }: { readonly iif: string; readonly oif: string },
  {
    arriving = false,
    leaving = false,
  }: { readonly arriving?: boolean; readonly leaving?: boolean },
): Passage[] {
  const coming = { ...packet, iif, isIpsec: arriving };
  return [
    { hook: 'ingress', packet: coming },
    { hook: 'prerouting', packet: coming },
    { hook: 'forward', packet: { ...packet, iif, oif, isIpsec: arriving || leaving } },
    { hook: 'postrouting', packet: { ...packet, oif, isIpsec: leaving } },
  ];
}

function outerPackets(tunnel: TunnelPlan, pair: OuterPair): SentPacket[] {
  const { local, remote, interface: device } = pair;
  const family = familyOf(local) ?? 4;
  const out = { family, source: hostPrefix(local), destination: hostPrefix(remote) };
  const back = { family, source: out.destination, destination: out.source };
  // Who only answers gets the first packet from the other side.
  const state = tunnel.start === 'respond' ? 'new' : 'established';
  const ike = [500, 4500].flatMap((port): SentPacket[] => [
    {
      flow: 'outgoing IKE',
      text: `UDP ${port} from ${local} to ${remote}`,
      passages: sent(
        { ...out, protocol: 'udp', sourcePort: port, destinationPort: port, state: 'new' },
        device,
      ),
    },
    {
      flow: 'incoming IKE',
      text: `UDP ${port} from ${remote} to ${local}`,
      // A NAT may have changed the port it comes from.
      passages: received({ ...back, protocol: 'udp', destinationPort: port, state }, device),
    },
  ]);
  const esp: SentPacket[] = [
    {
      flow: 'outgoing ESP',
      text: `ESP from ${local} to ${remote}`,
      passages: sent({ ...out, protocol: 'esp', state: 'new' }, device),
    },
    {
      flow: 'incoming ESP',
      text: `ESP from ${remote} to ${local}`,
      passages: received({ ...back, protocol: 'esp', state: 'established' }, device),
    },
  ];
  const isUdpOnly = tunnel.forceEncapsulation || tunnel.dataPlane === 'userspace';
  return isUdpOnly ? ike : [...ike, ...esp];
}

function sent(packet: Packet, device: string): Passage[] {
  return [
    { hook: 'output', packet: { ...packet, iif: '', oif: device, isIpsec: false } },
    { hook: 'postrouting', packet: { ...packet, oif: device, isIpsec: false } },
  ];
}

function received(packet: Packet, device: string): Passage[] {
  const coming = { ...packet, iif: device, isIpsec: false };
  return [
    { hook: 'ingress', packet: coming },
    { hook: 'prerouting', packet: coming },
    { hook: 'input', packet: { ...coming, oif: '' } },
  ];
}

/** The address as a prefix. */
export function hostPrefix(address: string): string {
  return `${address}/${familyOf(address) === 6 ? 128 : 32}`;
}

function placeOf({ chain, rule }: Stop): string {
  const what =
    rule === undefined
      ? 'its policy'
      : `rule with handle ${rule.handle}${rule.comment === undefined ? '' : ` "${rule.comment}"`}`;
  return `table ${chain.family} ${chain.table}, chain ${chain.name}, ${what}`;
}

function countedOf({ chain, rule }: Stop, before: Ruleset): Pick<FirewallStop, 'counted'> {
  if (rule === undefined) return {};
  const now = packetsOf(rule);
  const was = before.chains
    .get(keyOf(chain, chain.name))
    ?.rules.find(({ handle }) => handle === rule.handle);
  const then = was === undefined ? undefined : packetsOf(was);
  return now === undefined || then === undefined ? {} : { counted: { before: then, after: now } };
}

function packetsOf({ statements }: Rule): number | undefined {
  for (const { counter } of statements) {
    const packets = isJson(counter) ? counter['packets'] : undefined;
    if (typeof packets === 'number') return packets;
  }
  return undefined;
}
