/** Writes a new set of declarations, and waits until the agent has proven that it is in effect. */
import { collectHostFacts } from '../agent/collect-facts.ts';
import { previewChanges } from '../agent/preview.ts';
import { type Change, formatChange } from '../drivers/driver.ts';
import { printable } from '../lib/printable.ts';
import { formatProblem } from '../lib/problem.ts';
import { indexObjects } from '../model/declared-objects.ts';
import type { Facts } from '../model/facts.ts';
import { diffObjects, formatFieldChange } from '../model/object-diff.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { planHost } from '../plan/plan-host.ts';
import type { AgentState } from '../status/agent-state.ts';
import { describeScoped } from '../status/scope.ts';
import { storeChange } from '../store/change-objects.ts';
import { IssuedStore } from '../store/issued-store.ts';
import { type StoredObject, toParsed } from '../store/object-store.ts';
import { type Directories, pathsOf } from '../store/state-directory.ts';
import { reportProblems } from './declarations.ts';
import { describeChanges } from './describe-changes.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from './io.ts';
import { type Told, waitForRevision } from './wait-for-revision.ts';

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
    facts ??
    (await collectHostFacts(
      await new IssuedStore(pathsOf(directories).issued).resolveAll(objects.map(toParsed)),
      host,
      directories,
      io.signal,
    ));
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
  const description = describeChanges(
    plan.host,
    asked,
    changes,
    known.hosts.every(({ canHoldPackets }) => canHoldPackets !== false),
  );
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
  const socket = pathsOf(options.directories).controlSocket;
  const told = await waitForRevision(plan, socket, options.timeoutSeconds, io.signal);
  const { state } = told;
  if (io.signal.aborted) {
    io.stderr('interrupted: the change is stored, and the agent goes on with it\n');
    return EXIT.interrupted;
  }
  const isInEffect = state?.revisionInEffect === plan.revision;
  await printAnswer(
    io,
    options.output,
    {
      ...answer,
      inEffect: isInEffect,
      problems: state?.problems ?? [],
      differences: state?.differences ?? [],
      causes: state?.causes ?? [],
    },
    () => describeOutcome(plan, told),
  );
  if (isInEffect) return EXIT.ok;
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
    ...describeCauses(state),
    'more by sallyport status, and of one tunnel by sallyport why CONNECTION',
    '',
  ]
    .map(printable)
    .join('\n');
}

/** What is loaded is one thing; whether the other side answers is another, and takes its time. */
function describeTunnels(state: AgentState): string {
  const { tunnelStates } = state;
  const counts = Object.entries(tunnelStates);
  if (counts.length === 0) return '';
  const states = counts.map(([name, count]) => `${count} ${name}`).join(', ');
  const areUp = counts.every(([name]) => name === 'up');
  const lines = [`tunnels: ${states}${areUp ? '' : '; see sallyport status'}`];
  return `${[...lines, ...describeCauses(state)].map(printable).join('\n')}\n`;
}

function describeCauses({ causes }: AgentState): string[] {
  return causes.flatMap(({ tunnel, message, hint }) => [`  ${tunnel}: ${message}`, `    ${hint}`]);
}
