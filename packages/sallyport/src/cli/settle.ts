/** Writes a new set of declarations, and waits until the agent has proven that it is in effect. */
import { setTimeout as delay } from 'node:timers/promises';
import { collectHostFacts } from '../agent/collect-facts.ts';
import { askReport } from '../agent/control.ts';
import { previewChanges } from '../agent/preview.ts';
import { type Change, formatChange } from '../drivers/driver.ts';
import { formatProblem } from '../lib/problem.ts';
import { indexObjects } from '../model/declared-objects.ts';
import type { Facts } from '../model/facts.ts';
import { diffObjects, formatFieldChange } from '../model/object-diff.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { planHost } from '../plan/plan-host.ts';
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

export async function settle(
  before: readonly StoredObject[],
  objects: readonly StoredObject[],
  facts: Facts | undefined,
  options: SettleOptions,
  io: Io,
): Promise<number> {
  const { directories, host } = options;
  const known =
    facts ?? (await collectHostFacts(objects.map(toParsed), host, directories, io.signal));
  const { plan, problems } = planHost(
    indexObjects(objects.map(({ object }) => object)),
    host,
    known,
  );
  if (reportProblems(problems, io)) return EXIT.failed;
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
    return asked.length + changes.length === 0 ? EXIT.ok : EXIT.difference;
  }
  io.stderr(description);
  await storeChange(directories, objects, plan);
  const report = await waitForRevision(plan, options, io);
  if (io.signal.aborted) {
    io.stderr('interrupted: the change is stored, and the agent goes on with it\n');
    return EXIT.interrupted;
  }
  await printAnswer(
    io,
    options.output,
    {
      ...answer,
      inEffect: report?.revisionInEffect === plan.revision,
      problems: report?.problems ?? [],
      differences: report?.differences ?? [],
    },
    () => describeOutcome(plan, report),
  );
  if (report?.revisionInEffect === plan.revision) return EXIT.ok;
  return report === undefined ? EXIT.failed : EXIT.difference;
}

function toAnswer({ driver, impact, ...change }: Change): object {
  return { driver, impact, line: formatChange({ driver, impact, ...change }) };
}

function describeOutcome(plan: HostPlan, report: HostReport | undefined): string {
  const revision = plan.revision.slice(0, 12);
  if (report === undefined)
    return `revision ${revision} is stored; no agent runs on this host to bring it into effect: start sallyport agent\n`;
  if (report.revisionInEffect === plan.revision)
    return `revision ${revision} is in effect on ${plan.host}, read back from daemon and kernel\n`;
  return [
    `revision ${revision} is not in effect on ${plan.host}:`,
    ...report.problems.map((problem) => `  ${formatProblem(problem)}`),
    ...report.differences.map((difference) => `  ${difference}`),
    '',
  ].join('\n');
}

const POLL_MILLISECONDS = 200;

/** The report in which the revision is in effect, or the last one before the time was over. */
async function waitForRevision(
  plan: HostPlan,
  { directories, timeoutSeconds }: SettleOptions,
  io: Io,
): Promise<HostReport | undefined> {
  const socket = pathsOf(directories).controlSocket;
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const report = await askReport(socket);
    if (report === undefined || report.revisionInEffect === plan.revision) return report;
    if (performance.now() > deadline || io.signal.aborted) return report;
    await delay(POLL_MILLISECONDS, undefined, { signal: io.signal }).catch(() => undefined);
  }
}
