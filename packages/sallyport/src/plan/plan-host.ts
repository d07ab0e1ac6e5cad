/**
 * Declared objects and what is known of hosts and secrets -> the whole wanted state of one host.
 * Pure and deterministic: the order of the input never shows in the plan.
 */
import { canonicalJson } from '../lib/canonical-json.ts';
import type { Problem } from '../lib/problem.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { Connection } from '../model/connection.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import { type Facts, indexSecretFacts } from '../model/facts.ts';
import type { Gateway } from '../model/gateway.ts';
import type { Host } from '../model/host.ts';
import { hostDataPlanes } from './data-plane.ts';
import { planFirewall } from './firewall.ts';
import type { HostPlan, PlanSource, TunnelPlan } from './host-plan.ts';
import { planTunnel } from './plan-tunnel.ts';
import {
  planInterfaces,
  planRoutes,
  planRules,
  planSysctls,
  type RoutedTunnel,
  remotePrefixes,
} from './routing.ts';

export interface PlanResult {
  readonly plan: HostPlan;
  readonly problems: readonly Problem[];
}

const DEFAULT_UNDERLAY_MTU = 1500;

/** Plans of all declared hosts, by host name, sorted. `objects` must have passed validation. */
export function planHosts(objects: DeclaredObjects, facts: Facts): PlanResult[] {
  const names = new Set([...objects.hosts.values()].map((host) => host.metadata.name));
  return [...names].sort().map((name) => planHost(objects, name, facts));
}

/** Plan of one host. A host that carries nothing has an empty plan. */
export function planHost(objects: DeclaredObjects, hostName: string, facts: Facts): PlanResult {
  const problems: Problem[] = [];
  const secretFacts = indexSecretFacts(facts);
  const sources = new Map<string, PlanSource>();
  const routed: { tunnel: TunnelPlan; gateway: Gateway }[] = [];
  for (const connection of sortedConnections(objects)) {
    const { namespace } = connection.metadata;
    const gateway = objects.gateways.get(objectKey(namespace, connection.spec.gateway));
    const host = objects.hosts.get(objectKey(namespace, hostName));
    if (gateway === undefined || host === undefined) continue;
    const hostFacts = facts.hosts.find((candidate) => candidate.host === hostName);
    for (const tunnel of connection.spec.tunnels) {
      if ((tunnel.host ?? gateway.spec.placement.hosts[0]) !== hostName) continue;
      const planned = planTunnel(tunnel, {
        objects,
        secretFacts,
        host,
        gateway,
        connection,
        dataPlanes: hostDataPlanes(host, hostFacts),
        underlayMtuBytes:
          hostFacts?.underlayMtuBytes ??
          host.spec.capabilities?.underlayMtuBytes ??
          DEFAULT_UNDERLAY_MTU,
      });
      if (planned === undefined) continue;
      routed.push({ tunnel: planned.plan, gateway });
      problems.push(...planned.problems);
      for (const source of [connection, gateway, host]) addSource(sources, source);
    }
  }
  routed.sort((a, b) => (a.tunnel.name < b.tunnel.name ? -1 : 1));
  const tunnels = routed.map(({ tunnel }) => tunnel);
  problems.push(...findCollisions(tunnels));
  const shared = assignPrefixes(routed);
  problems.push(...shared.problems);
  const interfaces = planInterfaces(tunnels);
  const host = [...objects.hosts.values()].find(
    (candidate) => candidate.metadata.name === hostName,
  );
  const routes = host === undefined ? [] : planRoutes(shared.routed, host);
  return {
    plan: seal({
      format: 'sallyport.dev/host-plan/v1alpha1',
      host: hostName,
      sources: [...sources.entries()]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, source]) => source),
      engine: {
        name: 'strongswan',
        userspace: tunnels.some((tunnel) => tunnel.dataPlane === 'userspace'),
      },
      tunnels,
      interfaces,
      routes,
      rules: planRules(routes),
      sysctls: planSysctls(tunnels, interfaces),
      firewall: planFirewall(shared.routed),
    }),
    problems,
  };
}

/** The plan with its revision. `sources` are left out of it: a new generation with the same meaning changes nothing. */
function seal(plan: Omit<HostPlan, 'revision'>): HostPlan {
  const { sources, ...content } = plan;
  return { ...content, sources, revision: revisionOf(content) };
}

/** Revision of a plan's content; what a plan carries must equal it. */
export function revisionOf(content: Omit<HostPlan, 'revision' | 'sources'>): string {
  return sha256Hex(canonicalJson(content));
}

function sortedConnections(objects: DeclaredObjects): Connection[] {
  return [...objects.connections.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, connection]) => connection);
}

function addSource(sources: Map<string, PlanSource>, object: Connection | Gateway | Host): void {
  const { namespace, name, generation } = object.metadata;
  sources.set(`${object.kind} ${namespace}/${name}`, {
    kind: object.kind,
    namespace,
    name,
    generation: generation ?? 1,
  });
}

/** Ids are 32 bits of a hash: two names may meet, and then one of them must change. */
function findCollisions(tunnels: readonly TunnelPlan[]): Problem[] {
  const byId = new Map<number, TunnelPlan>();
  const problems: Problem[] = [];
  for (const tunnel of tunnels) {
    if (tunnel.interfaceId === undefined) continue;
    const other = byId.get(tunnel.interfaceId);
    if (other === undefined) {
      byId.set(tunnel.interfaceId, tunnel);
      continue;
    }
    problems.push({
      code: 'plan/interface-id-collision',
      severity: 'error',
      object: { kind: 'Connection', namespace: tunnel.namespace, name: tunnel.connection },
      path: 'spec.tunnels',
      value: tunnel.tunnel,
      message: `the name of this tunnel gives the same interface id as ${other.namespace}/${other.connection}/${other.tunnel}`,
      hint: 'give the tunnel another name',
    });
  }
  return problems;
}

/** A prefix has one route: where several enabled tunnels lead to it, the first by name carries it. */
function assignPrefixes(routed: readonly { tunnel: TunnelPlan; gateway: Gateway }[]): {
  routed: RoutedTunnel[];
  problems: Problem[];
} {
  const taken = new Map<string, TunnelPlan>();
  const problems: Problem[] = [];
  const assigned = routed.map(({ tunnel, gateway }): RoutedTunnel => {
    if (!tunnel.enabled) return { tunnel, gateway, prefixes: [] };
    const prefixes = remotePrefixes(tunnel).filter((prefix) => {
      const other = taken.get(prefix);
      if (other === undefined) {
        taken.set(prefix, tunnel);
        return true;
      }
      problems.push({
        code: 'plan/several-tunnels-one-prefix',
        severity: 'warning',
        object: { kind: 'Connection', namespace: tunnel.namespace, name: tunnel.connection },
        path: 'spec.routing.static.networks',
        value: prefix,
        message: `tunnel ${tunnel.tunnel} stays idle for this network: tunnel ${other.tunnel} of ${other.namespace}/${other.connection} carries it`,
      });
      return false;
    });
    return { tunnel, gateway, prefixes };
  });
  return { routed: assigned, problems };
}
