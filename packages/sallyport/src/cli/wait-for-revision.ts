/** Waits until an agent has proven that a plan is in effect. */
import { askLook, askState, hasAgent } from '../agent/control.ts';
import { messageOf } from '../lib/message-of.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { pause } from '../platform/pause.ts';
import type { AgentState } from '../status/agent-state.ts';
import { whySilent } from './last-report.ts';

const POLL_MILLISECONDS = 20;
const SETTLE_MILLISECONDS = 3_000;
const SETTLE_POLL_MILLISECONDS = 100;
/** After a look that failed. */
const LOOK_MILLISECONDS = 500;
/** For one answer of the agent, however short the time is. */
const MINIMUM_MILLISECONDS = 1_000;

const NO_AGENT = 'no agent runs on this host to bring it into effect: start sallyport agent';

/** What the agent tells, or in words why it tells nothing. */
export type Told =
  | { readonly state: AgentState }
  | { readonly state?: undefined; readonly silence: string };

/** The state in which the revision is in effect, or the last one before the time was over. */
export async function waitForRevision(
  plan: Pick<HostPlan, 'revision'>,
  socket: string,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<Told> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  try {
    const looked = await look(socket, deadline, signal);
    let state = looked ?? unproven(await askState(socket, MINIMUM_MILLISECONDS));
    if (state === undefined) return { silence: await whySilent(socket, NO_AGENT) };
    while (looked !== undefined && state.revisionInEffect !== plan.revision) {
      if (performance.now() > deadline || signal.aborted) break;
      await pause(POLL_MILLISECONDS, signal);
      const next = await askState(socket, left(deadline));
      if (next === undefined && !(await hasAgent(socket)))
        return { silence: await whySilent(socket, NO_AGENT) };
      // What an agent that is busy has told before is the last that is known.
      state = next ?? state;
    }
    if (looked === undefined || state.revisionInEffect !== plan.revision) return { state };
    return { state: await untilSettled(state, socket, deadline, signal) };
  } catch (error) {
    return { silence: messageOf(error) };
  }
}

/** Tunnels that have just been made come up, or meet what stops them, within moments; the proof waits for no more. */
async function untilSettled(
  proven: AgentState,
  socket: string,
  deadline: number,
  signal: AbortSignal,
): Promise<AgentState> {
  const latest = Math.min(deadline, performance.now() + SETTLE_MILLISECONDS);
  let state = proven;
  while (state.unsettled > 0 && performance.now() < latest && !signal.aborted) {
    await pause(SETTLE_POLL_MILLISECONDS, signal);
    const next = await askState(socket, left(latest));
    if (next !== undefined && next.revisionInEffect === proven.revisionInEffect) state = next;
  }
  return state;
}

/**
 * Only a look that begins now, when the change is stored, proves anything: also where the plan stays the same.
 * Looks again where the agent fails at it; throws what it says of the last look in time.
 */
async function look(
  socket: string,
  deadline: number,
  signal: AbortSignal,
): Promise<AgentState | undefined> {
  for (;;) {
    try {
      return await askLook(socket, left(deadline), signal);
    } catch (error) {
      if (performance.now() + LOOK_MILLISECONDS > deadline || signal.aborted) throw error;
    }
    await pause(LOOK_MILLISECONDS, signal);
  }
}

function left(deadline: number): number {
  return Math.max(MINIMUM_MILLISECONDS, deadline - performance.now());
}

function unproven(state: AgentState | undefined): AgentState | undefined {
  if (state === undefined) return undefined;
  const { revisionInEffect: _, ...rest } = state;
  return rest;
}
