/** Which tunnels end on a host, each of them planned; one on a virtual address on every host that may hold it. */
import { byKey } from '../lib/by-key.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import { type Facts, indexSecretFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import { hostsOfTunnel } from '../model/hosts-of-tunnel.ts';
import { hostDataPlanes } from './data-plane.ts';
import type { PlacedConnection } from './placed.ts';
import { planTunnel } from './plan-tunnel.ts';
import type { PlanProblem } from './problems.ts';

export interface Placing {
  /** Sorted by name of the tunnel. */
  readonly placed: PlacedConnection[];
  readonly problems: readonly PlanProblem[];
}

const DEFAULT_UNDERLAY_MTU = 1500;

export function placeTunnels(objects: DeclaredObjects, hostName: string, facts: Facts): Placing {
  const problems: PlanProblem[] = [];
  const placed: PlacedConnection[] = [];
  const secretFacts = indexSecretFacts(facts);
  const hostFacts = facts.hosts.find((candidate) => candidate.host === hostName);
  for (const [, connection] of byKey(objects.connections)) {
    const { namespace } = connection.metadata;
    const gateway = objects.gateways.get(objectKey(namespace, connection.spec.gateway));
    const host = objects.hosts.get(objectKey(namespace, hostName));
    if (gateway === undefined || host === undefined) continue;
    for (const tunnel of connection.spec.tunnels) {
      if (!hostsOfTunnel(gateway, tunnel).includes(hostName)) continue;
      const planned = planTunnel(tunnel, {
        objects,
        secretFacts,
        host,
        gateway,
        connection,
        dataPlanes: hostDataPlanes(host, hostFacts),
        underlayMtuBytes: underlayMtuBytes(host, facts),
      });
      if (planned === undefined) continue;
      placed.push({ tunnel: planned.plan, declared: tunnel, connection, gateway, host });
      problems.push(...planned.problems);
    }
  }
  placed.sort((a, b) => (a.tunnel.name < b.tunnel.name ? -1 : 1));
  return { placed, problems };
}

/** As reported, else as declared, else that of Ethernet. */
export function underlayMtuBytes({ metadata, spec }: Host, { hosts }: Facts): number {
  return (
    hosts.find(({ host }) => host === metadata.name)?.underlayMtuBytes ??
    spec.capabilities?.underlayMtuBytes ??
    DEFAULT_UNDERLAY_MTU
  );
}
