/**
 * BGP of one host as `FRRConfiguration` (API frrk8s.metallb.io/v1beta1), for clusters in which frr-k8s runs FRR on the
 * hosts. Its limits and TTL security have no field there and go along as raw lines; what the API cannot say at all is told.
 */
import { containsPrefix, parsePrefixes } from '../../lib/prefix.ts';
import type { BfdPlan, BgpNeighborPlan, BgpPlan, PrefixRange } from '../../plan/bgp-plan.ts';
import { profileName } from './names.ts';
import { limitOf } from './prefix-limit.ts';

export interface FrrConfiguration {
  readonly apiVersion: 'frrk8s.metallb.io/v1beta1';
  readonly kind: 'FRRConfiguration';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface RenderedConfiguration {
  readonly configuration: FrrConfiguration;
  /** Of the plan, what it does not say; a sentence each. */
  readonly unsaid: readonly string[];
}

/** `namespace`: that of frr-k8s, which reads no other. */
export function renderFrrConfiguration(
  host: string,
  bgp: BgpPlan,
  namespace: string,
): RenderedConfiguration {
  const profiles = new Map(
    bgp.neighbors.flatMap(({ bfd }) => (bfd === undefined ? [] : [[profileName(bfd), bfd]])),
  );
  const raw = rawLines(bgp);
  return {
    configuration: {
      apiVersion: 'frrk8s.metallb.io/v1beta1',
      kind: 'FRRConfiguration',
      metadata: {
        ...{ name: `sallyport-${host}`, namespace },
        labels: { 'app.kubernetes.io/managed-by': 'sallyport' },
      },
      spec: {
        nodeSelector: { matchLabels: { 'kubernetes.io/hostname': host } },
        bgp: {
          ...(profiles.size === 0 ? {} : { bfdProfiles: [...profiles].map(renderProfile) }),
          routers: [
            {
              ...{ asn: bgp.asn, id: bgp.routerId, prefixes: bgp.originate },
              neighbors: bgp.neighbors.map(renderNeighbor),
            },
          ],
        },
        ...(raw.length === 0 ? {} : { raw: { rawConfig: `${raw.join('\n')}\n` } }),
      },
    },
    unsaid: [
      ...bgp.neighbors.flatMap((neighbor) => unsaidOf(neighbor, bgp)),
      ...(bgp.nodes === undefined
        ? []
        : [
            `hosts in ${bgp.nodes.ranges.join(', ')} cannot call: frr-k8s has no dynamic neighbours`,
          ]),
      ...(bgp.neighbors.some(({ kind }) => kind !== 'reflector')
        ? ['what is learned lies in the main table, behind the leak guard, instead of table 8305']
        : []),
      ...(bgp.sources === undefined
        ? []
        : [`the host itself sends from any of its addresses, not from ${bgp.sources.join(', ')}`]),
    ],
  };
}

function renderProfile([name, bfd]: readonly [string, BfdPlan]): Record<string, unknown> {
  const { intervalMilliseconds: interval, multiplier } = bfd;
  return {
    name,
    ...{ receiveInterval: interval, transmitInterval: interval, detectMultiplier: multiplier },
  };
}

function renderNeighbor(neighbor: BgpNeighborPlan): Record<string, unknown> {
  const { timers, bfd, password } = neighbor;
  return {
    ...{ address: neighbor.address, asn: neighbor.asn, sourceaddress: neighbor.localAddress },
    keepaliveTime: `${timers.keepaliveSeconds}s`,
    holdTime: `${timers.holdSeconds}s`,
    connectTime: `${timers.connectRetrySeconds}s`,
    ...(bfd === undefined ? {} : { bfdProfile: profileName(bfd) }),
    ...(neighbor.reach === 'unconnected' ? { ebgpMultiHop: true } : {}),
    ...(password === undefined ? {} : { passwordSecret: { name: password.name } }),
    toAdvertise: { allowed: { mode: 'filtered', prefixes: neighbor.advertise } },
    toReceive: { allowed: { mode: 'filtered', prefixes: neighbor.accept.map(renderRange) } },
  };
}

function renderRange({ prefix, longest }: PrefixRange): Record<string, unknown> {
  return prefix.endsWith(`/${longest}`) ? { prefix } : { prefix, le: longest };
}

function rawLines({ asn, neighbors }: BgpPlan): string[] {
  const lines = neighbors.flatMap(({ address, kind, reach, families, maximumPrefixes }) => [
    ...(kind === 'peer' && reach === 'connected'
      ? [` neighbor ${address} ttl-security hops 1`]
      : []),
    ...families.flatMap((family) => [
      ` address-family ipv${family} unicast`,
      `  neighbor ${address} maximum-prefix ${limitOf(maximumPrefixes)}`,
      ' exit-address-family',
    ]),
  ]);
  return lines.length === 0 ? [] : [`router bgp ${asn}`, ...lines];
}

function unsaidOf(neighbor: BgpNeighborPlan, bgp: BgpPlan): string[] {
  const { address, transit, password, accept, localPreference, community, standIn } = neighbor;
  const refused = bgp.refuse.filter(({ prefix }) =>
    parsePrefixes([prefix]).some((inner) =>
      parsePrefixes(accept.map((range) => range.prefix)).some((outer) =>
        containsPrefix(outer, inner),
      ),
    ),
  );
  return [
    ...(transit ? [`${address} is not told what others have told us`] : []),
    ...(localPreference === undefined || localPreference === 100
      ? []
      : [`what ${address} tells has no local preference of ${localPreference}`]),
    ...(community === undefined ? [] : [`what ${address} tells has no community ${community}`]),
    ...(standIn === undefined
      ? []
      : [`${address} is told nothing more while ${standIn.hosts.join(' or ')} is silent`]),
    ...(neighbor.kind === 'peer' && refused.length > 0
      ? [`${address} may also tell ${refused.map(({ prefix }) => prefix).join(', ')}`]
      : []),
    ...(password === undefined
      ? []
      : [
          `the Secret ${password.name} has to be there as kubernetes.io/basic-auth, with the key "password"`,
        ]),
  ];
}
