/** A report in few words: whether the plan is in effect, without each of a thousand tunnels. */
import type { HostReport, TunnelState } from './host-report.ts';

export const AGENT_STATE_FORMAT = 'sallyport.dev/agent-state/v1alpha1';

export interface AgentState extends Omit<HostReport, 'format' | 'tunnels' | 'objects'> {
  readonly format: typeof AGENT_STATE_FORMAT;
  /** How many tunnels are in each state. */
  readonly tunnelStates: Readonly<Partial<Record<TunnelState, number>>>;
}

export function toAgentState({ tunnels, objects: _, ...report }: HostReport): AgentState {
  const tunnelStates: Partial<Record<TunnelState, number>> = {};
  for (const { state } of tunnels) tunnelStates[state] = (tunnelStates[state] ?? 0) + 1;
  return { ...report, format: AGENT_STATE_FORMAT, tunnelStates };
}
