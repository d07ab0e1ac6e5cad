// A cluster of many nodes, from its declarations in memory to the plans of all its hosts. There is no peer that does
// this: the same with a tenth of the nodes takes its place.

import { NO_FACTS } from '../packages/sallyport/dist/model/facts.js';
import { parseYaml } from '../packages/sallyport/dist/model/parse-yaml.js';
import { validateObjects } from '../packages/sallyport/dist/model/validate.js';
import { planHosts } from '../packages/sallyport/dist/plan/plan-host.js';
import { clusterDeclarations } from './cluster-declarations.ts';
import type { Contest, Measured } from './contest.ts';

const COUNTS = [1_000, 100];
const RUNS = 9;
const AIM_MILLISECONDS = 2_000;

export async function* nodesContests(): AsyncGenerator<Contest, void, undefined> {
  await Promise.resolve();
  const phase = { unit: 'ms' };
  const [ours = 0] = COUNTS;
  yield {
    ...{ name: 'plans of a cluster', runs: RUNS },
    metrics: {
      ...{ parse: phase, validate: phase },
      plan: { ...phase, aims: [{ subject: nameOf(ours), below: AIM_MILLISECONDS }] },
    },
    subjects: COUNTS.map((count) => {
      const text = clusterDeclarations(count);
      return { name: nameOf(count), run: () => Promise.resolve(measure(text, count)) };
    }),
  };
}

function nameOf(count: number): string {
  return `${count.toLocaleString('en')} nodes`;
}

function measure(text: string, count: number): Measured {
  const begin = performance.now();
  const parsed = parseYaml([{ file: 'cluster.yaml', text }]);
  const read = performance.now();
  const { objects, problems } = validateObjects(parsed.objects, NO_FACTS);
  const checked = performance.now();
  const plans = planHosts(objects, NO_FACTS);
  const planned = performance.now();
  const complaints = [
    ...parsed.problems,
    ...problems,
    ...plans.flatMap((result) => result.problems),
  ];
  if (complaints.length > 0) throw new Error(JSON.stringify(complaints[0]));
  if (plans.length !== count + 2) throw new Error('hosts lack plans');
  return { parse: read - begin, validate: checked - read, plan: planned - checked };
}
