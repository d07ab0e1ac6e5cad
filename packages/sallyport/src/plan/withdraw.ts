/** A plan as it holds while not all of what it counts on is there. Pure. */
import { type BgpNeighborPlan, type BgpPlan, LAST_PREFERENCE } from './bgp-plan.ts';
import { sortPrefixes } from './children.ts';
import type { CountedPlan, HostPlan, RoutePlan, TunnelPlan } from './host-plan.ts';
import { type NodePlan, withoutGateways } from './node-plan.ts';
import { remotePrefixes } from './routing.ts';

/** Of a host that is drained, and in tunnels that are doubtful: longer than any other way that the other side may have to us. */
const PREPENDED = 3;

export interface Withdrawn {
  /** Names of tunnels without SAs: BGP finds that out by itself, and goes on where the kernel does. */
  readonly down: ReadonlySet<string>;
  /** Names of tunnels through which nothing gets, whatever IKE says. */
  readonly failed: ReadonlySet<string>;
  /** Names of tunnels that fail or lose packets, and are kept, since no tunnel of this host is better. */
  readonly doubtful: ReadonlySet<string>;
  /** Names of other hosts of ours that do not answer any more. */
  readonly silent: ReadonlySet<string>;
  /** Names of gateways of a node that tell it nothing any more, and may live. */
  readonly quiet: ReadonlySet<string>;
  /** Nobody on the LAN hears this host: what other sites send by it goes nowhere. */
  readonly isLanLost: boolean;
  /**
   * The host is drained: others are to be preferred. Names of the tunnels whose other side did not prefer them by itself,
   * so that BGP has to end inside. Absent: the host is not drained.
   */
  readonly drained?: ReadonlySet<string>;
}

/**
 * A route by a tunnel that is out goes by the next that is not, and stays where there is none; BGP does not speak
 * inside tunnels that failed, nor to any other site from a host without a LAN, and stands in for hosts that are silent.
 * By a tunnel that is doubtful packets go only where no other gateway leads to the same, which it may doubt as well.
 * A host that is drained is to be preferred by nobody, and counts what it still forwards. Where that is another plan,
 * its revision tells why: the way there and back is nobody's drift. Where it is none, it is the plan itself.
 */
export function withdraw(plan: HostPlan, withdrawn: Withdrawn): HostPlan {
  const out = new Set([...withdrawn.down, ...withdrawn.failed]);
  const interfaces = new Set(
    plan.tunnels.flatMap((tunnel) => (out.has(tunnel.name) ? (tunnel.interface ?? []) : [])),
  );
  const routes = plan.routes.map((route) => routeBeside(route, interfaces));
  const bgp = plan.bgp === undefined ? undefined : speakingStill(plan.bgp, plan.tunnels, withdrawn);
  const node = plan.node === undefined ? undefined : sendingStill(plan.node, withdrawn);
  const isSame =
    node === plan.node &&
    bgp === plan.bgp &&
    withdrawn.drained === undefined &&
    routes.every((route, index) => route === plan.routes[index]);
  if (isSame) return plan;
  return {
    ...plan,
    revision: `${plan.revision}${reasonsOf(withdrawn)}`,
    routes,
    ...(withdrawn.drained === undefined
      ? {}
      : { firewall: { ...plan.firewall, counted: countedOf(plan) } }),
    ...(bgp === undefined ? {} : { bgp }),
    ...(node === undefined ? {} : { node }),
  };
}

/** Each kind for itself: what only changes its kind may make another plan. */
function reasonsOf({ down, failed, doubtful, ...more }: Withdrawn): string {
  const { silent, quiet, isLanLost, drained } = more;
  const reason = (word: string, names: ReadonlySet<string>): string =>
    names.size === 0 ? '' : ` ${[word, ...[...names].sort()].join(' ')}`;
  return [
    ...[reason('down', down), reason('failed', failed), reason('doubtful', doubtful)],
    ...[reason('silent', silent), reason('quiet', quiet)],
    isLanLost ? ' without LAN' : '',
    drained === undefined ? '' : ` ${['drained', ...[...drained].sort()].join(' ')}`,
  ].join('');
}

/** A node sends by none of them while others carry the same; first of all not by those that are dead. */
function sendingStill(node: NodePlan, { silent, quiet }: Withdrawn): NodePlan {
  const hopsOf = (hosts: ReadonlySet<string>): string[] =>
    (node.gateways ?? []).flatMap(({ host, hops }) => (hosts.has(host) ? hops : []));
  const [dead, mute] = [hopsOf(silent), hopsOf(quiet)];
  if (dead.length + mute.length === 0) return node;
  return withoutGateways(withoutGateways(node, dead), mute);
}

function routeBeside(route: RoutePlan, out: ReadonlySet<string>): RoutePlan {
  if (route.interface === undefined || !out.has(route.interface)) return route;
  const next = route.standby?.find((way) => !out.has(way.interface));
  if (next === undefined) return route;
  const { source: _, ...bare } = route;
  return { ...bare, ...next };
}

/** Whatever passes the host between the sites, by a tunnel of its own or by another host. */
function countedOf({ tunnels }: HostPlan): CountedPlan {
  const enabled = tunnels.filter((tunnel) => tunnel.enabled);
  return {
    // Of user space, all tunnels share one.
    interfaces: [...new Set(enabled.flatMap((tunnel) => tunnel.interface ?? []))],
    prefixes: sortPrefixes(enabled.flatMap(remotePrefixes)),
  };
}

/** The same object where nothing is to be told otherwise. */
function speakingStill(
  bgp: BgpPlan,
  tunnels: readonly TunnelPlan[],
  withdrawn: Withdrawn,
): BgpPlan {
  const { failed, doubtful, silent, isLanLost, drained } = withdrawn;
  const mustRest = ({ kind, tunnel }: BgpNeighborPlan): boolean =>
    kind === 'peer' &&
    (isLanLost || (tunnel !== undefined && (failed.has(tunnel) || drained?.has(tunnel) === true)));
  const neighbors = bgp.neighbors.map((neighbor): BgpNeighborPlan => {
    const rests = mustRest(neighbor);
    const isDoubtful = neighbor.tunnel !== undefined && doubtful.has(neighbor.tunnel);
    const isDrained = drained !== undefined && neighbor.kind === 'peer';
    const isLast = isDoubtful || isDrained;
    const more = rests || isDrained ? [] : standingIn(neighbor, silent);
    if (!rests && !isLast && more.length === 0) return neighbor;
    return {
      ...neighbor,
      ...(rests ? { shutdown: true } : {}),
      ...(isLast ? { prepend: PREPENDED } : {}),
      ...(isDoubtful ? { localPreference: LAST_PREFERENCE } : {}),
      ...(more.length === 0 ? {} : { advertise: sortPrefixes([...neighbor.advertise, ...more]) }),
    };
  });
  const declared = declaredStill(bgp, tunnels, withdrawn);
  const isSame =
    declared === undefined &&
    drained === undefined &&
    neighbors.every((neighbor, index) => neighbor === bgp.neighbors[index]);
  if (isSame) return bgp;
  const told = neighbors.flatMap(({ advertise }) => advertise);
  return {
    ...{ ...bgp, originate: sortPrefixes([...bgp.originate, ...told]), neighbors },
    ...declared,
    ...(drained === undefined ? {} : { gracefulShutdown: true }),
  };
}

/**
 * Of networks that are declared no other site tells anything: where no tunnel leads there any more, nobody in the cluster
 * is to send by this host. Undefined: all are reached without a doubt. A tunnel that the first packet brings up waits for it.
 */
function declaredStill(
  { declared = [] }: BgpPlan,
  tunnels: readonly TunnelPlan[],
  { down, failed, doubtful }: Withdrawn,
): Pick<BgpPlan, 'unreached' | 'doubtful'> | undefined {
  const carrying = tunnels.filter(
    ({ name, enabled, start }) =>
      enabled && !failed.has(name) && (start === 'trap' || !down.has(name)),
  );
  const sure = carrying.filter(({ name }) => !doubtful.has(name));
  const reached = new Set(carrying.flatMap(remotePrefixes));
  const surely = new Set(sure.flatMap(remotePrefixes));
  if (declared.every((prefix) => surely.has(prefix))) return undefined;
  return {
    unreached: declared.filter((prefix) => !reached.has(prefix)),
    doubtful: declared.filter((prefix) => reached.has(prefix) && !surely.has(prefix)),
  };
}

/** What it is told beside the usual. */
function standingIn({ standIn }: BgpNeighborPlan, silent: ReadonlySet<string>): readonly string[] {
  return standIn?.hosts.some((host) => silent.has(host)) === true ? standIn.advertise : [];
}
