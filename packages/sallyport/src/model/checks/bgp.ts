/** BGP: who speaks it with whom, and what may be told. */
import { containsPrefix, familyOf, parsePrefix, parsePrefixes } from '../../lib/prefix.ts';
import type { Problem } from '../../lib/problem.ts';
import type { Connection } from '../connection.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { ProblemCode } from '../problem-codes.ts';
import { BGP_PROFILES } from '../providers.ts';
import type { BgpRouting } from '../routing.ts';
import { gatewayOf, type World } from './world.ts';

export function checkBgp(world: World): Problem[] {
  return world.connections.flatMap((connection) => {
    const { bgp, static: declared } = connection.object.spec.routing;
    if ((bgp === undefined) === (declared === undefined)) return [choice(connection)];
    if (bgp === undefined) return [];
    return [
      ...checkSpeakers(world, connection, bgp),
      ...checkInsideFamilies(connection, bgp),
      ...checkAdvertised(world, connection, bgp),
      ...checkTimers(connection, bgp),
    ];
  });
}

const BGP: FieldPath = ['spec', 'routing', 'bgp'];

function choice(connection: ParsedObject<Connection>): Problem {
  const { bgp } = connection.object.spec.routing;
  return problemAt(connection, ['spec', 'routing'], 'connection/routing-choice', {
    message: bgp === undefined ? 'says no way' : 'has static and bgp at once',
    hint: 'give exactly one of static, bgp',
  });
}

function checkSpeakers(
  world: World,
  connection: ParsedObject<Connection>,
  { asn }: BgpRouting,
): Problem[] {
  const gateway = gatewayOf(world, connection.object);
  const problems: Problem[] = [];
  if (gateway !== undefined && gateway.spec.bgp === undefined)
    problems.push(
      problemAt(connection, BGP, 'bgp/gateway-without-asn', {
        message: `Gateway ${gateway.metadata.name} has no number of an autonomous system`,
        hint: 'add bgp: {asn: …} to the Gateway',
      }),
    );
  if (gateway?.spec.bgp?.asn === asn)
    problems.push(
      problemAt(connection, [...BGP, 'asn'], 'bgp/same-asn', {
        message: `is the number of our own Gateway ${gateway.metadata.name}`,
        value: String(asn),
        hint: 'write that of the other side, or give the Gateway one of its own',
      }),
    );
  for (const [index, tunnel] of connection.object.spec.tunnels.entries())
    if (tunnel.inside === undefined)
      problems.push(
        problemAt(connection, ['spec', 'tunnels', index], 'bgp/missing-inside', {
          message: `tunnel ${tunnel.name} has no addresses inside, between which BGP could speak`,
          hint: 'add inside: [{local: 169.254.10.2/30, remote: 169.254.10.1}] with addresses that no other tunnel has',
        }),
      );
  return problems;
}

/** RFC 4760 §3: a next hop of IPv6 has to be said. Prefixes of IPv4 can have one of IPv6 (RFC 8950). */
function checkInsideFamilies(
  connection: ParsedObject<Connection>,
  { accept, advertise = [] }: BgpRouting,
): Problem[] {
  if (![...accept, ...advertise].some((prefix) => familyOf(prefix) === 6)) return [];
  return connection.object.spec.tunnels.flatMap(({ name, inside }, index) =>
    inside === undefined || inside.some(({ remote }) => familyOf(remote) === 6)
      ? []
      : [
          problemAt(connection, ['spec', 'tunnels', index, 'inside'], 'bgp/inside-family', {
            message: `tunnel ${name} has no IPv6 addresses inside, which IPv6 networks need as next hop`,
            hint: 'add a pair such as {local: fd00:10::2/126, remote: fd00:10::1}, or leave IPv6 networks out',
          }),
        ],
  );
}

function checkAdvertised(
  world: World,
  connection: ParsedObject<Connection>,
  { advertise = [] }: BgpRouting,
): Problem[] {
  const gateway = gatewayOf(world, connection.object);
  if (gateway === undefined) return [];
  const own = parsePrefixes(gateway.spec.networks);
  return advertise.flatMap((text, index) => {
    const parsed = parsePrefix(text);
    if (!parsed.ok || own.some((network) => containsPrefix(network, parsed.prefix))) return [];
    return [
      problemAt(connection, [...BGP, 'advertise', index], 'bgp/advertises-foreign', {
        message: `does not lie in the networks of Gateway ${gateway.metadata.name}`,
        value: text,
        hint: `use parts of ${gateway.spec.networks.join(', ')}, or add it to them`,
      }),
    ];
  });
}

function checkTimers(connection: ParsedObject<Connection>, bgp: BgpRouting): Problem[] {
  const { provider } = connection.object.spec;
  const profile = BGP_PROFILES[provider];
  const problems: Problem[] = [];
  const add = (path: FieldPath, code: ProblemCode, message: string, hint: string): void => {
    problems.push(problemAt(connection, [...BGP, ...path], code, { message, hint }));
  };
  const { timers, bfd } = bgp;
  if (timers !== undefined && timers.holdSeconds < 3 * timers.keepaliveSeconds)
    add(
      ['timers', 'holdSeconds'],
      'bgp/timers',
      `${timers.holdSeconds} s end before three keepalives of ${timers.keepaliveSeconds} s`,
      `use ${3 * timers.keepaliveSeconds} or more`,
    );
  if (
    profile.areTimersFixed &&
    timers !== undefined &&
    (timers.keepaliveSeconds < profile.keepaliveSeconds || timers.holdSeconds < profile.holdSeconds)
  )
    add(
      ['timers'],
      'bgp/timers',
      `provider ${provider} resets sessions with less than ${profile.keepaliveSeconds} and ${profile.holdSeconds} s`,
      'leave timers out',
    );
  if (bgp.onGatewayLoss !== 'wait' && bfd !== 'off' && (bfd ?? profile.bfd) !== undefined)
    add(
      ['onGatewayLoss'],
      'bgp/gateway-loss-by-bfd',
      'has no effect beside BFD, by which the other side notices',
      'leave it out, or set bfd: off',
    );
  if (typeof bfd === 'object' && profile.bfd === undefined && provider !== 'generic')
    add(
      ['bfd'],
      'bgp/no-bfd',
      `provider ${provider} speaks no BFD inside tunnels`,
      'leave bfd out',
    );
  return problems;
}
