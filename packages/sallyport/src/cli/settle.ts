/** Writes a new set of declarations, and waits until the agent has proven that it is in effect. */
import { setTimeout as delay } from 'node:timers/promises';
import { collectHostFacts } from '../agent/collect-facts.ts';
import { askReport, hasAgent } from '../agent/control.ts';
import { previewChanges } from '../agent/preview.ts';
import { type Change, formatChange } from '../drivers/driver.ts';
import { formatProblem } from '../lib/problem.ts';
import { indexObjects } from '../model/declared-objects.ts';
import type { Facts } from '../model/facts.ts';
import { diffObjects, formatFieldChange } from '../model/object-diff.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { planHost } from '../plan/plan-host.ts';
import { describeDifference } from '../status/format.ts';
import type { HostReport } from '../status/host-report.ts';
import { storeChange } from '../store/change-objects.ts';
import { type StoredObject, toParsed } from '../store/object-store.ts';
import { type Directories, pathsOf } from '../store/state-directory.ts';
import { reportProblems } from './declarations.ts';
import { describeChanges } from './describe-changes.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from './io.ts';

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
  const changes = await previewChanges(plan, directories, io.signal);
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
  const report = await waitForRevision(plan, options, io);
  if (io.signal.aborted) {
    io.stderr('interrupted: the change is stored, and the agent goes on with it\n');
    return EXIT.interrupted;
  }
  const isThere =
    report === undefined && (await hasAgent(pathsOf(options.directories).controlSocket));
  await printAnswer(
    io,
    options.output,
    {
      ...answer,
      inEffect: report?.revisionInEffect === plan.revision,
      problems: report?.problems ?? [],
      differences: report?.differences ?? [],
    },
    () => describeOutcome(plan, report, isThere),
  );
  if (report?.revisionInEffect === plan.revision) return EXIT.ok;
  return report === undefined ? EXIT.failed : EXIT.difference;
}

function toAnswer({ driver, impact, ...change }: Change): object {
  return { driver, impact, line: formatChange({ driver, impact, ...change }) };
}

function describeOutcome(plan: HostPlan, report: HostReport | undefined, isThere: boolean): string {
  const revision = plan.revision.slice(0, 12);
  if (isThere) return `revision ${revision} is stored; the agent of this host does not answer\n`;
  if (report === undefined)
    return `revision ${revision} is stored; no agent runs on this host to bring it into effect: start sallyport agent\n`;
  if (report.revisionInEffect === plan.revision)
    return `revision ${revision} is in effect on ${plan.host}, read back from daemon and kernel\n${describeTunnels(report)}`;
  return [
    `revision ${revision} is not in effect on ${plan.host}:`,
    ...report.problems.map((problem) => `  ${formatProblem(problem)}`),
    ...report.differences.map((difference) => `  ${describeDifference(difference)}`),
    '',
  ].join('\n');
}

/** What is loaded is one thing; whether the other side answers is another, and takes its time. */
function describeTunnels({ tunnels }: HostReport): string {
  const counts = new Map<string, number>();
  for (const { state } of tunnels) counts.set(state, (counts.get(state) ?? 0) + 1);
  if (tunnels.length === 0) return '';
  const states = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  return `tunnels: ${states}${counts.size === 1 && counts.has('up') ? '' : '; see sallyport status'}\n`;
}

const POLL_MILLISECONDS = 200;
/** For one answer of the agent, however short the time is. */
const MINIMUM_MILLISECONDS = 1_000;

/** The report in which the revision is in effect, or the last one before the time was over. */
async function waitForRevision(
  plan: HostPlan,
  { directories, timeoutSeconds }: SettleOptions,
  io: Io,
): Promise<HostReport | undefined> {
  const socket = pathsOf(directories).controlSocket;
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const left = Math.max(MINIMUM_MILLISECONDS, deadline - performance.now());
    const report = await askReport(socket, left);
    if (report === undefined || report.revisionInEffect === plan.revision) return report;
    if (performance.now() > deadline || io.signal.aborted) return report;
    await delay(POLL_MILLISECONDS, undefined, { signal: io.signal }).catch(() => undefined);
  }
}
