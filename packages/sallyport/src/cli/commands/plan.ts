import { describePlan } from '../../plan/describe.ts';
import { passingSalt } from '../../store/salt.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../io.ts';
import { comparePlans, formatPlanDifference, isEmpty } from '../plan-difference.ts';
import { mustKnow, planFiles, planInEffect, plansOf, saltInEffect } from '../planned-site.ts';

interface PlanOptions {
  readonly file: string[];
  readonly host?: string;
  /** true: against what is in effect here; else against what these paths declare. */
  readonly diff?: true | string[];
  readonly output: OutputFormat;
}

export async function run(
  _arguments: readonly string[],
  options: PlanOptions,
  io: Io,
): Promise<number> {
  return options.diff === undefined
    ? show(options, io)
    : compare({ ...options, diff: options.diff }, io);
}

async function show({ file, host, output }: PlanOptions, io: Io): Promise<number> {
  const site = await planFiles(file, io, passingSalt());
  if (site === undefined) return EXIT.failed;
  mustKnow(host, [site]);
  const plans = plansOf(site, host);
  await printAnswer(io, output, plans, () => plans.map(describePlan).join('\n'));
  return EXIT.ok;
}

async function compare(
  { file, host, diff, output }: PlanOptions & { readonly diff: true | string[] },
  io: Io,
): Promise<number> {
  const salt = diff === true ? await saltInEffect(io) : passingSalt();
  const before = diff === true ? await planInEffect(io, salt) : await planFiles(diff, io, salt);
  if (before === undefined) return EXIT.failed;
  // What is in effect and is not declared again stays, as `apply` has it.
  const after = await planFiles(file, io, salt, diff === true ? before.parsed : []);
  if (after === undefined) return EXIT.failed;
  mustKnow(host, [before, after]);
  const difference = comparePlans(
    { ...before, plans: plansOf(before, host) },
    { ...after, plans: plansOf(after, host) },
  );
  await printAnswer(io, output, difference, () => formatPlanDifference(difference));
  return isEmpty(difference) ? EXIT.ok : EXIT.difference;
}
