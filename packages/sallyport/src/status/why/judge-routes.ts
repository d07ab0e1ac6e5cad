/** Whether packets find their way into the tunnel, and ESP finds its way around it. */
import { containsAddress, parseAddress, parsePrefix } from '../../lib/prefix.ts';
import { OWNER, type RoutePlan, type TunnelPlan } from '../../plan/host-plan.ts';
import type {
  Arrivals,
  DeviceSettings,
  ForeignRule,
  RouteAnswer,
  RouteLookup,
} from './evidence.ts';
import type { Finding } from './explanation.ts';
import { type Judgement, joinJudgements, NOTHING, onlyFinding, type Subject } from './judgement.ts';
import { toFinding } from './path-causes.ts';

const STRICT = 1;

export function judgeRoutes(subject: Subject): Judgement {
  return joinJudgements([judgePeerRoute(subject), judgeForwarding(subject), judgeLookups(subject)]);
}

function judgePeerRoute({ after, evidence, tunnel }: Subject): Judgement {
  const peer = after.remoteAddress ?? tunnel.remoteAddress;
  const { peerRoute: route } = evidence;
  if (peer === undefined || route === undefined) return NOTHING;
  if (route.kind === 'refused')
    return onlyFinding(
      toFinding({ code: 'path/peer-unreachable', named: { peer, error: route.error } }),
    );
  if (isTunnelInterface(route.interface))
    return onlyFinding(
      toFinding({ code: 'path/peer-through-tunnel', named: { peer, interface: route.interface } }),
    );
  const proof = `${peer} is reached through ${route.interface}${route.gateway === undefined ? '' : ` via ${route.gateway}`}`;
  const arrivals = evidence.outside ?? evidence;
  // It may come in by another interface than the one that has our address.
  const dropped =
    after.state === 'up' && grownDrops(arrivals) === 0
      ? undefined
      : judgeReturn(evidence.peerReturn, arrivals, tunnel.shard);
  return dropped === undefined ? { ...NOTHING, proofs: [proof] } : onlyFinding(dropped);
}

/** Whether a packet that comes in where it does, in this namespace, would be refused for its source. */
function judgeReturn(
  lookup: RouteLookup | undefined,
  arrivals: Arrivals,
  namespace?: string,
): Finding | undefined {
  if (lookup?.from === undefined || lookup.answer.kind !== 'refused') return undefined;
  const { address: source, interface: name } = lookup.from;
  // There is no such filter for IPv6.
  if (source.includes(':')) return undefined;
  const filter = deviceOf(arrivals, name)?.reversePathFilter;
  if (filter !== STRICT || !isSourceError(lookup.answer.error)) return undefined;
  const grown = grownDrops(arrivals);
  return toFinding({
    code: 'path/reverse-path-filter',
    named: { interface: name, source },
    evidence: [
      `"${commandOf(lookup, namespace)}" answers: ${lookup.answer.error}`,
      ...(grown > 0 ? [`IPReversePathFilter grew by ${grown} while we looked`] : []),
    ],
  });
}

function grownDrops({ reversePathDrops: drops }: Arrivals): number {
  return drops === undefined ? 0 : drops.after - drops.before;
}

/** EXDEV of fib_validate_source(); EINVAL since Linux 6.14. */
function isSourceError(error: string): boolean {
  return /Invalid (?:cross-device link|argument)/.test(error);
}

function deviceOf({ devices }: Arrivals, name: string): DeviceSettings | undefined {
  return devices.find((device) => device.name === name);
}

function judgeForwarding({ tunnel, evidence }: Subject): Judgement {
  const isIpv6 = ({ address }: RouteLookup): boolean => address.includes(':');
  const ipv4 = evidence.routes.filter((lookup) => !isIpv6(lookup));
  const coming = [
    ...new Set(ipv4.flatMap((lookup) => lookup.from?.interface ?? [])),
    ...(ipv4.length === 0 || tunnel.interface === undefined ? [] : [tunnel.interface]),
  ];
  const findings = coming
    .filter((name) => deviceOf(evidence, name)?.forwards === false)
    .map((name) =>
      toFinding({
        code: 'path/forwarding-off',
        named: { interface: name, sysctl: `net.ipv4.conf.${name}.forwarding` },
        evidence: [`net.ipv4.conf.${name}.forwarding is 0`],
      }),
    );
  if (evidence.routes.some(isIpv6) && evidence.forwardsIpv6 === false) {
    const sysctl = 'net.ipv6.conf.all.forwarding';
    const named = { interface: 'any interface', sysctl };
    findings.push(toFinding({ code: 'path/forwarding-off', named, evidence: [`${sysctl} is 0`] }));
  }
  return { ...NOTHING, findings };
}

function judgeLookups(subject: Subject): Judgement {
  const { tunnel, after, evidence, routes } = subject;
  // What charon routes itself is there while the tunnel is up.
  if (tunnel.interfaceId === undefined && after.state !== 'up') return NOTHING;
  return joinJudgements(
    evidence.routes.map((lookup) => {
      const filtered = judgeReturn(lookup, evidence);
      if (filtered !== undefined) return onlyFinding(filtered);
      const from =
        lookup.from === undefined ? undefined : deviceOf(evidence, lookup.from.interface);
      // Why the kernel refuses it is told already.
      if (from?.forwards === false && lookup.answer.kind === 'refused') return NOTHING;
      const wanted = wantedInterfaces(tunnel, routes, lookup.address);
      return judgeLookup(lookup, wanted, tunnel, evidence.foreignRules);
    }),
  );
}

function judgeLookup(
  lookup: RouteLookup,
  wanted: readonly (string | undefined)[],
  tunnel: TunnelPlan,
  rules: readonly ForeignRule[],
): Judgement {
  const { prefix, address, answer } = lookup;
  const family = address.includes(':') ? 6 : 4;
  const by = culprit(
    answer,
    rules.filter((rule) => rule.family === family),
  );
  if (answer.kind === 'refused')
    return onlyFinding(
      toFinding({
        code: wanted.length === 0 ? 'path/not-learned' : 'path/route-missing',
        named: { prefix, address, by, error: answer.error },
        evidence: [`"${commandOf(lookup)}" answers: ${answer.error}`],
      }),
    );
  const isTunnel = isTunnelInterface(answer.interface);
  if (wanted.includes(isTunnel ? answer.interface : undefined)) {
    const isOther = tunnel.interface !== undefined && answer.interface !== tunnel.interface;
    const by = isTunnel ? 'another tunnel' : 'another gateway';
    const via = `${answer.interface}${isOther ? `, by ${by}` : ''}`;
    return { ...NOTHING, proofs: [`packets for ${prefix} go to ${via}`] };
  }
  return onlyFinding(
    toFinding({
      code: 'path/route-elsewhere',
      named: { prefix, interface: answer.interface, wanted: namesOf(wanted), by },
      evidence: [
        `"${commandOf(lookup)}" answers: ${answer.interface}${answer.table === undefined ? '' : `, table ${answer.table}`}`,
      ],
    }),
  );
}

function commandOf({ address, from }: RouteLookup, namespace?: string): string {
  const place = namespace === undefined ? '' : `-n ${namespace} `;
  return `ip ${place}route get ${address}${from === undefined ? '' : ` from ${from.address} iif ${from.interface}`}`;
}

/** Which rule comes before ours; in words that stand after "remove". */
function culprit(answer: RouteAnswer, rules: readonly ForeignRule[]): string {
  const table = answer.kind === 'route' ? answer.table : undefined;
  const suspects = rules.filter((rule) => table === undefined || rule.table === table);
  if (suspects.length > 0)
    return suspects
      .map(
        ({ priority, selector, table: name }) => `the rule ${priority} ${selector} lookup ${name}`,
      )
      .join(', or ');
  return table === undefined
    ? 'what is looked at before table 8300'
    : `the route in table ${table}`;
}

/**
 * Where the address is led, by any of these: the plan's routes come before those that BGP has told, and the longest
 * prefix wins. Undefined stands for a way by another gateway, or for none of a tunnel's at all, as where packets find
 * theirs by policy. A network may be carried by another tunnel of the same plan. Empty: BGP has not told of it.
 */
function wantedInterfaces(
  tunnel: TunnelPlan,
  routes: readonly RoutePlan[],
  text: string,
): readonly (string | undefined)[] {
  const address = parseAddress(text);
  if (tunnel.interface === undefined || address === undefined) return [tunnel.interface];
  for (const table of [OWNER.tunnelTable, OWNER.learnedTable]) {
    const holding = routes.flatMap((route) => {
      const parsed = parsePrefix(route.prefix);
      return route.table === table && parsed.ok && containsAddress(parsed.prefix, address)
        ? [{ route, length: parsed.prefix.length }]
        : [];
    });
    const longest = Math.max(...holding.map(({ length }) => length));
    const best = holding.filter(({ length }) => length === longest);
    if (best.length > 0) return best.map(({ route }) => route.interface);
  }
  return tunnel.learned === undefined ? [tunnel.interface] : [];
}

function namesOf(wanted: readonly (string | undefined)[]): string {
  return [...new Set(wanted.map((name) => name ?? 'of the host'))].join(' or ');
}

function isTunnelInterface(name: string): boolean {
  return /^sp[0-9a-f]{8}$/.test(name) || name === 'ipsec0';
}
