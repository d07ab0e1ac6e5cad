import { collectOfflineFacts } from '../../agent/collect-facts.ts';
import { isBlocking } from '../../lib/problem.ts';
import { indexObjects } from '../../model/declared-objects.ts';
import { planHosts } from '../../plan/plan-host.ts';
import { readDeclarations, reportProblems } from '../declarations.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../io.ts';
import { findThisHost } from '../this-host.ts';

export async function run(
  _arguments: readonly string[],
  options: { file: string[]; output: OutputFormat },
  io: Io,
): Promise<number> {
  const { parsed, problems, validated, facts } = await readDeclarations(
    options.file,
    io,
    async (objects) => {
      const here = findThisHost(indexObjects(objects.map(({ object }) => object)));
      return { ...(await collectOfflineFacts(objects)), ...(here === undefined ? {} : { here }) };
    },
  );
  const planProblems = problems.some(isBlocking)
    ? []
    : planHosts(validated.objects, facts).flatMap((result) => result.problems);
  const all = [...problems, ...planProblems];
  const isRefused = options.output === 'text' ? reportProblems(all, io) : all.some(isBlocking);
  await printAnswer(
    io,
    options.output,
    { valid: !isRefused, objects: parsed.length, problems: all },
    () =>
      isRefused
        ? ''
        : `${parsed.length === 1 ? '1 object is' : `${parsed.length} objects are`} valid\n`,
  );
  return isRefused ? EXIT.failed : EXIT.ok;
}
