/** What probes of other hosts say of the LAN, and so of what this gateway and the others are good for. */
import type { Problem } from '../../lib/problem.ts';
import type { ProbeReport } from '../health-report.ts';

export interface Lan {
  /** Names of hosts that answered once and do not any more. Sorted. */
  readonly silent: readonly string[];
  /** None of several hosts answers: it is this one that has lost the LAN. */
  readonly isLost: boolean;
}

/** Of a host that has never answered, as behind a filter, nothing is known. */
export function judgeLan(probes: readonly ProbeReport[]): Lan {
  const states = new Map<string, ProbeReport['state']>();
  for (const { host, hasAnswered, state } of probes)
    if (host !== undefined && hasAnswered) states.set(host, state);
  const silent = [...states.keys()].filter((host) => states.get(host) === 'failed').sort();
  return { silent, isLost: states.size > 1 && silent.length === states.size };
}

/** What follows is another thing than a fault of the plan, which is in effect. */
export function lanProblems({ silent, isLost }: Lan, isNode: boolean): Problem[] {
  if (!isLost) return [];
  return [
    {
      ...{ code: 'agent/lan-lost', severity: 'warning' },
      message: `none of the hosts on the LAN answers (${silent.join(', ')}), ${isNode ? 'which are the gateways of this node' : 'so this gateway ends its BGP sessions with other sites: what they send would go nowhere'}`,
      hint: 'look at the interface that has the address of internalAddresses, at the switch behind it, and whether a firewall stops pings between these hosts',
    },
  ];
}
