/** What probes of other hosts say of the LAN, and so of what this gateway and the others are good for. */
import type { Problem } from '../../lib/problem.ts';
import type { ProbeReport } from '../health-report.ts';

export interface Lan {
  /** Names of hosts that answered once, and are not to be counted on. Sorted. */
  readonly silent: readonly string[];
  /**
   * None of several hosts answers at all, and a gateway answered as long as any of them: it is this host that has lost
   * the LAN, and somebody else may still have it.
   */
  readonly isLost: boolean;
}

/** Who falls silent within this time does so for one reason. */
const TOGETHER_SECONDS = 1;

/** Of a host that has never answered, as behind a filter, nothing is known. */
export function judgeLan(probes: readonly ProbeReport[]): Lan {
  const known = probes.filter(({ host, hasAnswered }) => host !== undefined && hasAnswered);
  const silent = known
    .flatMap(({ host, state }) => (host !== undefined && state === 'failed' ? host : []))
    .sort();
  return { silent, isLost: known.length > 1 && fellSilentWithGateway(known) };
}

/** Where the other gateways died before, nobody would take over from this one. */
function fellSilentWithGateway(known: readonly ProbeReport[]): boolean {
  const silences = known.flatMap(({ silentSeconds }) => silentSeconds ?? []);
  const last = Math.min(...silences);
  return (
    silences.length === known.length &&
    known.some(
      ({ kind, silentSeconds = 0 }) =>
        kind === 'gateway' && silentSeconds - last <= TOGETHER_SECONDS,
    )
  );
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
