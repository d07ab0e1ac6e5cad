// Measures Sallyport against its peers: `node bench/run.ts [--bench NAME] [--case WORD] [--subject WORD] [--runs N]
// [--kernel uml]`.
//
// `--case` takes the cases whose name contains a word, `--subject` of them the subjects whose name does, `--runs` other
// than their own number of runs, and `--kernel uml` has everything happen in user-mode Linux, where there is ESP in the
// kernel.
//
// Everything happens in namespaces and directories of its own, which end with this process however
// it ends. Prints a table for each case, and one line of JSON below it.

import { parseArgs } from 'node:util';
import { runInGuest } from '../lab/guest.ts';
import { isolate } from '../lab/isolate.ts';
import { chooseKernel } from '../lab/kernel.ts';
import { cacheDirectory, projectDirectory } from '../lab/paths.ts';
import { agentContests } from './agent.ts';
import { changeContests } from './change.ts';
import { type Contest, holdContest } from './contest.ts';
import { failoverContests } from './failover.ts';
import { describeMachine } from './machine.ts';
import { nodesContests } from './nodes.ts';
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
  nodes: nodesContests,
  agent: agentContests,
  change: changeContests,
  recovery: recoveryContests,
  startup: startupContests,
  failover: failoverContests,
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      bench: { type: 'string' },
      case: { type: 'string', default: '' },
      subject: { type: 'string', default: '' },
      runs: { type: 'string' },
      kernel: { type: 'string', default: 'host' },
    },
  });
  const chosen = chooseBenches(values.bench);
  isolate();
  if (values.kernel === 'uml') return runInUserModeLinux();
  // A file system of this mount namespace alone: nothing in it outlives us.
  process.env['TMPDIR'] = '/run';
  const machine = await describeMachine();
  for (const [name, bench] of chosen) {
    process.stdout.write(`# ${name}\n`);
    for await (const declared of bench()) {
      if (!declared.name.includes(values.case)) continue;
      const subjects = declared.subjects.filter((one) => one.name.includes(values.subject));
      if (subjects.length === 0) continue;
      const contest = { ...declared, subjects, runs: Number(values.runs ?? declared.runs) };
      const cases = await holdContest(contest);
      process.stdout.write(`${formatTable(contest, cases)}\n`);
      process.stdout.write(`${JSON.stringify({ bench: name, machine, cases })}\n`);
    }
  }
  return 0;
}

/** This program, in a guest, on its own kernel. */
async function runInUserModeLinux(): Promise<number> {
  const kernel = await chooseKernel('uml');
  if (kernel.kind !== 'uml') throw new Error('no user-mode Linux was found');
  const args = process.argv.slice(1).filter((word) => word !== '--kernel' && word !== 'uml');
  return runInGuest({
    ...{ kernel, file: process.execPath, args, directory: projectDirectory },
    ...{ environment: { PATH: process.env['PATH'] ?? '' }, sharedDirectory: cacheDirectory },
    ...{ memoryMegabytes: 2_048, timeLimitSeconds: 4 * 3_600 },
  });
}

function chooseBenches(name: string | undefined): readonly (readonly [string, Bench])[] {
  if (name === undefined) return Object.entries(BENCHES);
  const bench = BENCHES[name];
  if (bench !== undefined) return [[name, bench]];
  const names = Object.keys(BENCHES).join(', ');
  process.stderr.write(
    `usage: node bench/run.ts [--bench NAME] [--case WORD] [--subject WORD] [--runs N] [--kernel uml]; names: ${names}\n`,
  );
  process.exit(2);
}

process.exit(await main());
