/** Writes a new set of declarations, and waits until the agent has proven that it is in effect. */
import { setTimeout as delay } from 'node:timers/promises';
import { collectHostFacts } from '../agent/collect-facts.ts';
import { askLook, askState, hasAgent } from '../agent/control.ts';
import { previewChanges } from '../agent/preview.ts';
import { type Change, formatChange } from '../drivers/driver.ts';
import { messageOf } from '../lib/message-of.ts';
import { formatProblem } from '../lib/problem.ts';
import { indexObjects } from '../model/declared-objects.ts';
import type { Facts } from '../model/facts.ts';
import { diffObjects, formatFieldChange } from '../model/object-diff.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { planHost } from '../plan/plan-host.ts';
import type { AgentState } from '../status/agent-state.ts';
import { describeScoped } from '../status/scope.ts';
import { storeChange } from '../store/change-objects.ts';
import { type StoredObject, toParsed } from '../store/object-store.ts';
import { type Directories, pathsOf } from '../store/state-directory.ts';
import { reportProblems } from './declarations.ts';
import { describeChanges } from './describe-changes.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from './io.ts';
import { whySilent } from './last-report.ts';

export interface SettleOptions {
  readonly directories: Directories;
  readonly host: string;
  readonly dryRun: boolean;
  readonly timeoutSeconds: number;
  readonly output: OutputFormat;
}

/** What is left to do when the change is stored, and the store free for the next one: the exit code. */
export type Settling = () => Promise<number>;

export async function settle(
  before: readonly StoredObject[],
  objects: readonly StoredObject[],
  facts: Facts | undefined,
  options: SettleOptions,
  io: Io,
): Promise<Settling> {
  const { directories, host } = options;
  const known =
    facts ?? (await collectHostFacts(objects.map(toParsed), host, directories, io.signal));
  const { plan, problems } = planHost(
    indexObjects(objects.map(({ object }) => object)),
    host,
    known,
  );
  if (reportProblems(problems, io)) return ended(EXIT.failed);
  // What is applied is proven afterwards; of a dry run this look is all there is.
  const preview = { directories, trustsAgent: !options.dryRun };
  const changes = await previewChanges(plan, preview, io.signal);
  const asked = diffObjects(
    before.map(({ object }) => object),
    objects.map(({ object }) => object),
  );
  const description = describeChanges(plan.host, asked, changes);
  const answer = {
    host,
    revision: plan.revision,
    asked: asked.map((change) => ({ ...change, line: formatFieldChange(change) })),
    changes: changes.map(toAnswer),
    applied: !options.dryRun,
  };
  if (options.dryRun) {
    await printAnswer(io, options.output, answer, () => description);
    return ended(asked.length + changes.length === 0 ? EXIT.ok : EXIT.difference);
  }
  io.stderr(description);
  await storeChange(directories, objects, plan);
  return () => follow(plan, answer, options, io);
}

export function ended(code: number): Settling {
  return () => Promise.resolve(code);
}

/** Waits for the proof, and says what came of the change. */
async function follow(
  plan: HostPlan,
  answer: object,
  options: SettleOptions,
  io: Io,
): Promise<number> {
  const told = await waitForRevision(plan, options, io);
  const { state } = told;
  if (io.signal.aborted) {
    io.stderr('interrupted: the change is stored, and the agent goes on with it\n');
    return EXIT.interrupted;
  }
  await printAnswer(
    io,
    options.output,
    {
      ...answer,
      inEffect: state?.revisionInEffect === plan.revision,
      problems: state?.problems ?? [],
      differences: state?.differences ?? [],
    },
    () => describeOutcome(plan, told),
  );
  if (state?.revisionInEffect === plan.revision) return EXIT.ok;
  return state === undefined ? EXIT.failed : EXIT.difference;
}

function toAnswer({ driver, impact, ...change }: Change): object {
  return { driver, impact, line: formatChange({ driver, impact, ...change }) };
}

function describeOutcome(plan: HostPlan, told: Told): string {
  const revision = plan.revision.slice(0, 12);
  if (told.state === undefined) return `revision ${revision} is stored; ${told.silence}\n`;
  const { state } = told;
  if (state.revisionInEffect === plan.revision)
    return `revision ${revision} is in effect on ${plan.host}, read back from daemon and kernel\n${describeTunnels(state)}`;
  return [
    `revision ${revision} is not in effect on ${plan.host}:`,
    ...state.problems.map((problem) => `  ${formatProblem(problem)}`),
    ...state.differences.map((difference) => `  ${describeScoped(difference.text, difference)}`),
    'sallyport status tells the causes, sallyport why CONNECTION what to do',
    '',
  ].join('\n');
}

/** What is loaded is one thing; whether the other side answers is another, and takes its time. */
function describeTunnels({ tunnelStates }: AgentState): string {
  const counts = Object.entries(tunnelStates);
  if (counts.length === 0) return '';
  const states = counts.map(([state, count]) => `${count} ${state}`).join(', ');
  const areUp = counts.every(([state]) => state === 'up');
  return `tunnels: ${states}${areUp ? '' : '; see sallyport status'}\n`;
}

const POLL_MILLISECONDS = 20;
/** After a look that failed. */
const LOOK_MILLISECONDS = 500;
/** For one answer of the agent, however short the time is. */
const MINIMUM_MILLISECONDS = 1_000;

const NO_AGENT = 'no agent runs on this host to bring it into effect: start sallyport agent';

/** What the agent tells, or in words why it tells nothing. */
type Told =
  | { readonly state: AgentState }
  | { readonly state?: undefined; readonly silence: string };

/** The state in which the revision is in effect, or the last one before the time was over. */
async function waitForRevision(
  plan: HostPlan,
  { directories, timeoutSeconds }: SettleOptions,
  io: Io,
): Promise<Told> {
  const socket = pathsOf(directories).controlSocket;
  const deadline = performance.now() + timeoutSeconds * 1000;
  try {
    const looked = await look(socket, deadline, io.signal);
    let state = looked ?? unproven(await askState(socket, MINIMUM_MILLISECONDS));
    if (state === undefined) return { silence: await whySilent(socket, NO_AGENT) };
    while (looked !== undefined && state.revisionInEffect !== plan.revision) {
      if (performance.now() > deadline || io.signal.aborted) break;
      await pause(POLL_MILLISECONDS, io.signal);
      const next = await askState(socket, left(deadline));
      if (next === undefined && !(await hasAgent(socket)))
        return { silence: await whySilent(socket, NO_AGENT) };
      // What an agent that is busy has told before is the last that is known.
      state = next ?? state;
    }
    return { state };
  } catch (error) {
    return { silence: messageOf(error) };
  }
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

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}

function unproven(state: AgentState | undefined): AgentState | undefined {
  if (state === undefined) return undefined;
  const { revisionInEffect: _, ...rest } = state;
  return rest;
}
