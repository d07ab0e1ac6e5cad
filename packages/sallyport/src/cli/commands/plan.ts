import { collectOfflineFacts } from '../../agent/collect-facts.ts';
import type { Problem } from '../../lib/problem.ts';
import { describePlan } from '../../plan/describe.ts';
import { planHosts } from '../../plan/plan-host.ts';
import { readDeclarations, reportProblems } from '../declarations.ts';
import { EXIT, type Io, type OutputFormat, printAnswer, UsageError } from '../io.ts';

interface PlanOptions {
  readonly file: string[];
  readonly host?: string;
  readonly output: OutputFormat;
}

export async function run(
  _arguments: readonly string[],
  options: PlanOptions,
  io: Io,
): Promise<number> {
  const { problems, validated, facts } = await readDeclarations(
    options.file,
    io,
    collectOfflineFacts,
  );
  if (reportProblems(problems.map(tolerateMissing), io)) return EXIT.failed;
  const all = planHosts(validated.objects, facts);
  const results = all.filter(
    ({ plan }) => options.host === undefined || plan.host === options.host,
  );
  if (results.length === 0 && options.host !== undefined) {
    const declared = all.map(({ plan }) => plan.host).join(', ') || 'none';
    throw new UsageError(`no Host ${options.host} is declared; declared are: ${declared}`);
  }
  if (
    reportProblems(
      results.flatMap((result) => result.problems),
      io,
    )
  )
    return EXIT.failed;
  const plans = results.map(({ plan }) => plan);
  await printAnswer(io, options.output, plans, () => plans.map(describePlan).join('\n'));
  return EXIT.ok;
}

/** Keys lie on the gateway: a plan made elsewhere has to do without them. */
function tolerateMissing(problem: Problem): Problem {
  const isElsewhere = ['secret/file-missing', 'secret/file-unreadable'].includes(problem.code);
  return isElsewhere ? { ...problem, severity: 'warning' } : problem;
}
