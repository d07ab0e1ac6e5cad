/**
 * Declared objects and what is known of hosts and secrets -> the whole wanted state of one host.
 * Pure and deterministic: the order of the input never shows in the plan.
 */
import { canonicalJson } from '../lib/canonical-json.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { DeclaredObjects } from '../model/declared-objects.ts';
import { type Facts, indexSecretFacts } from '../model/facts.ts';
import type { DriftPolicy } from '../model/host.ts';
import { planBgp, relaysOf } from './bgp.ts';
import { planFirewall } from './firewall.ts';
import type { HostPlan, TunnelPlan } from './host-plan.ts';
import { planHostProbes } from './host-probes.ts';
import { planNodeParts } from './node.ts';
import { planNodeBgp } from './node-bgp.ts';
import { placeTunnels } from './place-tunnels.ts';
import type { PlacedConnection } from './placed.ts';
import { planProbes } from './probes.ts';
import { findHostProblems, idleForPrefix, type PlanProblem } from './problems.ts';
import {
  planEngine,
  planInterfaces,
  planRoutes,
  planRules,
  planSysctls,
  type RoutedTunnel,
  remotePrefixes,
} from './routing.ts';
import { planSources } from './sources.ts';
import { unsignedTcp } from './tcp-md5.ts';
import { planVrrp } from './vrrp.ts';

export interface PlanResult {
  readonly plan: HostPlan;
  readonly problems: readonly PlanProblem[];
}

/** Plans of all declared hosts, by host name, sorted. `objects` must have passed validation. */
export function planHosts(objects: DeclaredObjects, facts: Facts): PlanResult[] {
  const names = new Set([...objects.hosts.values()].map((host) => host.metadata.name));
  return [...names].sort().map((name) => planHost(objects, name, facts));
}

/** Plan of one host. A host that carries nothing has an empty plan. */
export function planHost(objects: DeclaredObjects, hostName: string, facts: Facts): PlanResult {
  const secretFacts = indexSecretFacts(facts);
  const { placed, problems: ofTunnels } = placeTunnels(objects, hostName, facts);
  const problems = [...ofTunnels];
  const tunnels = placed.map(({ tunnel }) => tunnel);
  const { routed, idle } = assignPrefixes(placed);
  problems.push(...findHostProblems(routed), ...idle);
  const engine = planEngine(placed);
  const context = { hostName, tunnels: placed, objects, secretFacts };
  const ofGateway = planBgp(context);
  const ofNode = planNodeBgp(context);
  const parts = planNodeParts({ hostName, objects, facts, bgp: ofNode.bgp });
  const interfaces = [...planInterfaces(placed), ...(parts?.interfaces ?? [])];
  const bgp = ofGateway.bgp ?? ofNode.bgp;
  problems.push(...ofGateway.problems, ...ofNode.problems);
  problems.push(...unsignedTcp(placed, hostName, facts));
  const vrrp = planVrrp(hostName, placed, objects);
  const probes = [...planHostProbes(context), ...planProbes(placed)];
  const routes = [...planRoutes(routed), ...(parts?.routes ?? [])];
  return {
    plan: seal({
      format: 'sallyport.dev/host-plan/v1alpha1',
      host: hostName,
      sources: planSources(placed, objects),
      driftPolicy: driftPolicyOf(objects, hostName),
      engine,
      tunnels,
      interfaces,
      routes,
      rules: planRules(routes, bgp),
      sysctls: planSysctls(tunnels, interfaces, engine),
      firewall: {
        ...planFirewall(routed, relaysOf(context), parts?.encapsulatedMtuBytes),
        ...parts?.firewall,
      },
      ...(bgp === undefined ? {} : { bgp }),
      ...(vrrp.length === 0 ? {} : { vrrp }),
      ...(parts === undefined ? {} : { node: parts.node }),
      ...(probes.length === 0 ? {} : { probes }),
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

/** The host is shared by its namespaces: one tenant does not leave the others without repair. */
function driftPolicyOf({ hosts }: DeclaredObjects, hostName: string): DriftPolicy {
  const policies = [...hosts.values()]
    .filter(({ metadata }) => metadata.name === hostName)
    .map(({ spec }) => spec.driftPolicy);
  return policies.length > 0 && policies.every((policy) => policy === 'report')
    ? 'report'
    : 'repair';
}

/**
 * A declared prefix has one route: where several enabled tunnels lead to it, that of the highest priority
 * carries it, or the first by name, and the others with an interface stand by. Of a learned one BGP decides.
 */
function assignPrefixes(placed: readonly PlacedConnection[]): {
  routed: RoutedTunnel[];
  idle: PlanProblem[];
} {
  const carriers = new Map<string, TunnelPlan>();
  const idle: PlanProblem[] = [];
  const preferred = placed.toSorted((a, b) => b.declared.priority - a.declared.priority);
  const routed = preferred.map((place): RoutedTunnel => {
    const { tunnel } = place;
    if (!tunnel.enabled || tunnel.learned !== undefined) return { ...place, prefixes: [] };
    const prefixes = remotePrefixes(tunnel).filter((prefix) => {
      const carrier = carriers.get(prefix);
      if (carrier === undefined) carriers.set(prefix, tunnel);
      const canServe = carrier === undefined || [tunnel, carrier].every(hasInterface);
      if (!canServe) idle.push(idleForPrefix(tunnel, prefix, carrier));
      return canServe;
    });
    return { ...place, prefixes };
  });
  return { routed, idle };
}

/** Of its own: packets go where their route leads. */
function hasInterface({ interfaceId }: TunnelPlan): boolean {
  return interfaceId !== undefined;
}
