// Measures Sallyport against its peers: `node bench/run.ts [--bench NAME]`.
//
// Everything happens in namespaces and directories of its own, which end with this process however
// it ends. Prints a table for each case, and one line of JSON at the end.

import { parseArgs } from 'node:util';
import { isolate } from '../lab/isolate.ts';
import { agentContests } from './agent.ts';
import { changeContests } from './change.ts';
import { type CaseResult, type Contest, holdContest } from './contest.ts';
import { describeMachine } from './machine.ts';
import { planContests } from './plan.ts';
import { recoveryContests } from './recovery.ts';
import { startupContests } from './startup.ts';
import { formatTable } from './table.ts';
import { viciContests } from './vici.ts';

/** What a bench set up for its contests ends when the generator does. */
type Bench = () => AsyncGenerator<Contest, void, undefined>;

const BENCHES: Readonly<Record<string, Bench>> = {
  vici: viciContests,
  plan: planContests,
  agent: agentContests,
  change: changeContests,
  recovery: recoveryContests,
  startup: startupContests,
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { bench: { type: 'string' } } });
  const chosen = chooseBenches(values.bench);
  isolate();
  // A file system of this mount namespace alone: nothing in it outlives us.
  process.env['TMPDIR'] = '/run';
  const machine = await describeMachine();
  const cases: CaseResult[] = [];
  for (const [name, bench] of chosen) {
    process.stdout.write(`# ${name}\n`);
    for await (const contest of bench()) {
      const results = await holdContest(contest);
      cases.push(...results);
      process.stdout.write(`${formatTable(contest, results)}\n`);
    }
  }
  process.stdout.write(`${JSON.stringify({ bench: values.bench ?? 'all', machine, cases })}\n`);
}

function chooseBenches(name: string | undefined): readonly (readonly [string, Bench])[] {
  if (name === undefined) return Object.entries(BENCHES);
  const bench = BENCHES[name];
  if (bench !== undefined) return [[name, bench]];
  const names = Object.keys(BENCHES).join(', ');
  process.stderr.write(`usage: node bench/run.ts [--bench NAME]; names: ${names}\n`);
  process.exit(2);
}

await main();
process.exit(0);
