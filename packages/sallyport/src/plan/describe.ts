/** A plan as a network engineer would note it down. */
import { formatDuration } from '../lib/format.ts';
import { familyOf } from '../lib/prefix.ts';
import { describeBgp } from './describe-bgp.ts';
import { describeNode } from './describe-node.ts';
import type { HostPlan, RoutePlan, TunnelPlan } from './host-plan.ts';
import { mssBytes } from './mtu.ts';
import type { ProbePlan } from './probe-plan.ts';
import type { VrrpPlan } from './vrrp-plan.ts';

const DATA_PLANE_TEXT = {
  'xfrm-interface': 'kernel ESP on an XFRM interface of its own',
  vti: 'kernel ESP on a VTI of its own',
  policy: 'kernel ESP by policy, without an interface',
  userspace: "ESP in user space, by charon's TUN device",
} as const;

/**
 * Text of several lines, ending with a line break. Without the revision and the fingerprints of secrets:
 * both are salted on the host, and mean nothing where the plan is only read.
 */
export function describePlan(plan: HostPlan): string {
  const lines = [`host ${plan.host}`];
  if (plan.tunnels.length === 0) lines.push('  carries no tunnel');
  for (const tunnel of plan.tunnels) {
    lines.push('', `  ${titleOf(tunnel)}`);
    for (const { label, text } of factsOf(tunnel)) lines.push(`    ${label.padEnd(11)} ${text}`);
  }
  for (const section of sectionsOf(plan)) {
    if (section.lines.length === 0) continue;
    lines.push('', `  ${section.title}`, ...section.lines.map((line) => `    ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

/** Everything of a plan but its tunnels. */
export interface PlanSection {
  readonly title: string;
  readonly lines: readonly string[];
}

export function sectionsOf(plan: HostPlan): PlanSection[] {
  const { guarded, clamps, peers, relays = [] } = plan.firewall;
  const throughWhat =
    plan.tunnels.length === 0 ? 'only by gateways of ours' : 'only by tunnel interfaces';
  return [
    { title: 'routes', lines: plan.routes.map(formatWays) },
    {
      title: 'rules',
      lines: plan.rules.map(
        ({ family, priority, table }) =>
          `IPv${family}  priority ${priority}: look up table ${table}`,
      ),
    },
    { title: 'ways by other hosts', lines: plan.node === undefined ? [] : describeNode(plan.node) },
    { title: 'BGP', lines: plan.bgp === undefined ? [] : describeBgp(plan.bgp) },
    { title: 'virtual addresses', lines: (plan.vrrp ?? []).map(formatVrrp) },
    { title: 'probes', lines: (plan.probes ?? []).map(formatProbe) },
    {
      title: 'leak guard: never in clear, in neither direction',
      lines: [
        ...guarded.map(
          ({ prefix, by }) =>
            `${prefix}  ${by === 'policy' ? 'only under an IPsec policy' : throughWhat}`,
        ),
        ...peers.map((peer) => `${peer}  is a peer inside: its IKE and ESP stay allowed`),
        ...relays.map((relay) => `${relay}  is a gateway of ours: packets may go and come by it`),
      ],
    },
    {
      title: 'TCP MSS at most',
      lines: clamps.map(({ prefix, mssBytes: mss }) => `${prefix}  ${mss}`),
    },
    {
      title: 'sysctls',
      lines: plan.sysctls.map(({ key, value }) => `${key.replaceAll('/', '.')} = ${value}`),
    },
  ];
}

function formatVrrp(router: VrrpPlan): string {
  const { virtualAddresses, peers } = router;
  return `${virtualAddresses.join(', ')} on ${router.interface}: VRRP id ${router.virtualRouterId} over IPv${router.family}, each ${router.advertisementMilliseconds} ms from ${router.localAddress} to ${peers.length === 0 ? 'nobody' : peers.join(', ')}`;
}

function formatProbe(probe: ProbePlan): string {
  const whom = probe.host === undefined ? probe.target : `${probe.target} (host ${probe.host})`;
  const by = probe.interface === undefined ? '' : ` by ${probe.interface}`;
  return `${probe.method.toUpperCase()} ${probe.source} -> ${whom}${by} each ${probe.intervalMilliseconds} ms; failed after ${probe.failAfter} lost, good after ${probe.recoverAfter} answered`;
}

export function titleOf({ namespace, connection, tunnel, enabled }: TunnelPlan): string {
  return `${namespace}/${connection} tunnel ${tunnel}${enabled ? '' : ' (disabled)'}`;
}

/** What a network engineer wants to know of a tunnel; labels are unique. */
export function factsOf(tunnel: TunnelPlan): { readonly label: string; readonly text: string }[] {
  const facts: { label: string; text: string }[] = [];
  const add = (label: string, text: string): void => {
    facts.push({ label, text });
  };
  add(
    'outer',
    `${tunnel.localAddress ?? 'any of ours'} -> ${tunnel.remoteAddress ?? 'any address'}`,
  );
  if (tunnel.learned !== undefined)
    add('networks', `as BGP tells, within ${tunnel.learned.join(', ')}`);
  if (tunnel.shard !== undefined)
    add('shard', `the IKE daemon in network namespace ${tunnel.shard}`);
  add('identities', `${tunnel.localId} -> ${tunnel.remoteId}`);
  add('auth', describeAuth(tunnel));
  add('start', tunnel.enabled ? startOf(tunnel) : 'not while it is disabled');
  add(
    'IKE',
    `${tunnel.ikeProposals.join(', ')}; rekey after ${formatDuration(tunnel.ikeRekeySeconds)}`,
  );
  const bytes = tunnel.childRekeyBytes === undefined ? '' : ` or ${tunnel.childRekeyBytes} bytes`;
  add(
    'ESP',
    `${tunnel.espProposals.join(', ')}; rekey after ${formatDuration(tunnel.childRekeySeconds)}${bytes}`,
  );
  const id =
    tunnel.interfaceId === undefined
      ? ''
      : `, id 0x${tunnel.interfaceId.toString(16).padStart(8, '0')}`;
  const device = tunnel.interface === undefined ? '' : ` (${tunnel.interface}${id})`;
  add('data plane', `${DATA_PLANE_TEXT[tunnel.dataPlane]}${device}`);
  if (tunnel.forceEncapsulation) add('ESP in UDP', 'always');
  add(
    'liveness',
    tunnel.livenessDelaySeconds === 0
      ? 'not probed'
      : `probed after ${formatDuration(tunnel.livenessDelaySeconds)} of silence`,
  );
  for (const child of tunnel.children) {
    add(
      `child ${child.name}`,
      `${child.localSelectors.join(', ')} <-> ${child.remoteSelectors.join(', ')}`,
    );
  }
  const families = [
    ...new Set(
      tunnel.children.flatMap((child) => child.remoteSelectors.map((prefix) => familyOf(prefix))),
    ),
  ];
  const mss = families.flatMap((family) =>
    family === undefined ? [] : `${mssBytes(tunnel.mtuBytes, family)} over IPv${family}`,
  );
  add('MTU', `${tunnel.mtuBytes} bytes inside; TCP MSS ${mss.join(', ')}`);
  return facts;
}

const START_TEXT = {
  initiate: 'we initiate, and keep it up',
  trap: 'the first packet brings it up',
  respond: 'we answer only',
} as const;

function startOf({ start, virtualRouter, localAddress }: TunnelPlan): string {
  const condition =
    virtualRouter === undefined ? '' : `, while this host holds ${localAddress ?? ''}`;
  return `${START_TEXT[start]}${condition}`;
}

function describeAuth({ auth }: TunnelPlan): string {
  if (auth.method === 'psk') return `pre-shared key, Secret ${auth.secret.name}`;
  const demanded =
    auth.revocation === 'strict' ? ', and be in no revocation list, which must be there' : '';
  return `certificate, Secret ${auth.secret.name}; the other side's must come from Secret ${auth.peerAuthority.name}${demanded}`;
}

/** With those that stand by. */
function formatWays(route: RoutePlan): string {
  const others = (route.standby ?? []).map((way) => way.interface);
  return `${formatRoute(route)}${others.length === 0 ? '' : `; by ${others.join(', then ')} while that cannot carry it`}`;
}

/** As `ip route` writes it. */
export function formatRoute(route: RoutePlan): string {
  const head = route.type === 'unicast' ? route.prefix : `${route.type} ${route.prefix}`;
  const device = route.interface === undefined ? '' : ` dev ${route.interface}`;
  const nexthop = route.nexthop === undefined ? '' : ` nhid ${route.nexthop}`;
  const source = route.source === undefined ? '' : ` src ${route.source}`;
  return `${head}${device}${nexthop} table ${route.table}${source}`;
}
