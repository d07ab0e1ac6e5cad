// From YAML files to the plan of a host. There is no peer that does this: the same with a tenth of the
// connections takes its place, and shows how the time grows.

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { collectOfflineFacts } from '../packages/sallyport/dist/agent/collect-facts.js';
import { parseYaml } from '../packages/sallyport/dist/model/parse-yaml.js';
import { validateObjects } from '../packages/sallyport/dist/model/validate.js';
import { planHosts } from '../packages/sallyport/dist/plan/plan-host.js';
import { readSources } from '../packages/sallyport/dist/store/read-objects.js';
import type { Contest, Measured } from './contest.ts';
import { writeDeclarations } from './declarations.ts';
import { program } from './program.ts';
import { SALLYPORT } from './sallyport.ts';

const COUNTS = [1_000, 100];
const RUNS = 9;
const AIM_MILLISECONDS = 1_000;

export async function* planContests(): AsyncGenerator<Contest, void, undefined> {
  const directory = await mkdtemp('/run/plan-');
  const sites = COUNTS.map((count) => ({
    ...{
      count,
      name: `${count.toLocaleString('en')} connections`,
      path: join(directory, String(count)),
    },
  }));
  for (const { path, count } of sites) await writeDeclarations(path, count);
  const [ours] = sites;
  const aims = [{ subject: ours?.name ?? '', below: AIM_MILLISECONDS }];
  for (const verb of ['validate', 'plan']) {
    yield {
      ...{ name: `sallyport ${verb}`, runs: RUNS, metrics: { time: { unit: 'ms', aims } } },
      subjects: sites.map(({ name, path }) =>
        program(name, process.execPath, [SALLYPORT, verb, '-f', path, '-o', 'json']),
      ),
    };
  }
  const phase = { unit: 'ms' };
  yield {
    ...{ name: 'in a running process', runs: RUNS },
    metrics: { read: phase, parse: phase, secrets: phase, validate: phase, plan: phase },
    subjects: sites.map(({ name, path, count }) => ({
      name,
      run: () => measurePhases(path, count),
    })),
  };
  await rm(directory, { recursive: true });
}

/** What the commands do, step by step. */
async function measurePhases(path: string, count: number): Promise<Measured> {
  const marks = [performance.now()];
  const mark = (): void => {
    marks.push(performance.now());
  };
  const { sources } = await readSources([path], () => Promise.resolve(''));
  mark();
  const parsed = parseYaml(sources);
  mark();
  const facts = await collectOfflineFacts(parsed.objects);
  mark();
  const { objects, problems } = validateObjects(parsed.objects, facts);
  mark();
  const [result] = planHosts(objects, facts);
  mark();
  const complaints = [...parsed.problems, ...problems, ...(result?.problems ?? [])];
  if (complaints.length > 0) throw new Error(JSON.stringify(complaints[0]));
  if (result?.plan.tunnels.length !== count) throw new Error('the plan lacks tunnels');
  const names = ['read', 'parse', 'secrets', 'validate', 'plan'];
  return Object.fromEntries(
    names.map((name, index) => [name, (marks[index + 1] ?? 0) - (marks[index] ?? 0)]),
  );
}
