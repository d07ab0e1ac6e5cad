/** A report in few words: whether the plan is in effect, without each of a thousand tunnels. */
import { type Cause, type HostReport, isAsWanted, isOff, type TunnelState } from './host-report.ts';

export const AGENT_STATE_FORMAT = 'sallyport.dev/agent-state/v1alpha1';

/** Of a thousand tunnels that are down the first few tell enough. */
const CAUSES = 5;

export interface TunnelCause extends Pick<Cause, 'code' | 'message' | 'hint'> {
  /** `namespace/connection tunnel`. */
  readonly tunnel: string;
}

export interface AgentState extends Omit<HostReport, 'format' | 'tunnels' | 'objects'> {
  readonly format: typeof AGENT_STATE_FORMAT;
  /** How many tunnels are in each state. */
  readonly tunnelStates: Readonly<Partial<Record<TunnelState, number>>>;
  /** Tunnels that are not as they should be, and nobody knows yet why. */
  readonly unsettled: number;
  /** Why tunnels are not as they should be: of five at most. */
  readonly causes: readonly TunnelCause[];
}

export function toAgentState({ tunnels, objects: _, ...report }: HostReport): AgentState {
  const tunnelStates: Partial<Record<TunnelState, number>> = {};
  for (const { state } of tunnels) tunnelStates[state] = (tunnelStates[state] ?? 0) + 1;
  const causes = tunnels.flatMap((report): TunnelCause[] => {
    const { namespace, connection, tunnel, state, cause } = report;
    // One that is up has a cause where the exchange for what was declared failed.
    if (cause === undefined || isOff(state)) return [];
    const { code, message, hint } = cause;
    return [{ tunnel: `${namespace}/${connection} ${tunnel}`, code, message, hint }];
  });
  const unsettled = tunnels.filter(({ state, cause }) => cause === undefined && !isAsWanted(state));
  return {
    ...{ ...report, format: AGENT_STATE_FORMAT, tunnelStates },
    ...{ unsettled: unsettled.length, causes: causes.slice(0, CAUSES) },
  };
}
