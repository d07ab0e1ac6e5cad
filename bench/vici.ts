// Our VICI client against the swanctl program, on one charon each contest.
//
// The client is measured twice: as what it is, a library in a program that runs already (from the
// first connect to the last answer, then closed), and as a program of its own, which has to start
// Node.js where swanctl only has to start itself. swanctl writes to /dev/null.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collect, ViciClient } from '@sallyport/vici';
import { Charon } from '../packages/vici/lab/charon.ts';
import { makeConnections, type NamedConnection, toSwanctlConf } from './connections.ts';
import { type Contest, milliseconds, type Subject } from './contest.ts';
import { program, script } from './program.ts';
import { establish, startTwoSites } from './security-associations.ts';

const COUNT = 1_000;
const RUNS = 9;
const METRICS = { time: { unit: 'ms' } } as const;
const OURS = '@sallyport/vici';
const OUR_PROGRAM = 'node + @sallyport/vici';
/** `VERB SOCKET [FILE]`. */
const CODE = `
import { readFileSync } from 'node:fs';
import { collect, ViciClient } from '@sallyport/vici';
const [, verb, socket, file] = process.argv;
await using client = new ViciClient({ socket });
if (verb === 'version') await client.version();
if (verb === 'conns') await collect(client.listConns());
if (verb === 'sas') await collect(client.listSas());
if (verb === 'load') {
  const connections = JSON.parse(readFileSync(file, 'utf8'));
  await Promise.all(connections.map((each) => client.loadConn(each.name, each.connection)));
}
`;

export async function* viciContests(): AsyncGenerator<Contest, void, undefined> {
  {
    await using charon = await Charon.start();
    yield startContest(charon);
    const connections = makeConnections(COUNT);
    yield await loadContest(charon, connections);
    yield listContest(charon, 'conns');
  }
  await using sites = await startTwoSites();
  await establish(sites.here, COUNT);
  yield listContest(sites.here, 'sas');
}

/** What every call of a program costs before it does anything. */
function startContest(charon: Charon): Contest {
  return {
    ...{ name: 'ask for the version', runs: RUNS, metrics: METRICS },
    subjects: [
      inProcess(charon, (client) => client.version()),
      script(OUR_PROGRAM, CODE, ['version', charon.socket]),
      program('swanctl --stats', 'swanctl', ['--stats', '--uri', charon.socket]),
    ],
  };
}

async function loadContest(
  charon: Charon,
  connections: readonly NamedConnection[],
): Promise<Contest> {
  const [json, conf] = [join('/run', 'connections.json'), join('/run', 'swanctl.conf')];
  await writeFile(json, JSON.stringify(connections));
  await writeFile(conf, toSwanctlConf(connections));
  const uri = ['--uri', charon.socket];
  const subjects = [
    inProcess(charon, (client) =>
      Promise.all(connections.map((each) => client.loadConn(each.name, each.connection))),
    ),
    script(OUR_PROGRAM, CODE, ['load', charon.socket, json]),
    program('swanctl --load-conns', 'swanctl', ['--load-conns', '--file', conf, ...uri]),
  ];
  return {
    ...{ name: `load ${COUNT.toLocaleString('en')} connections`, runs: RUNS, metrics: METRICS },
    subjects: subjects.map((subject) => ({
      name: subject.name,
      prepare: () => unloadAll(charon),
      run: async () => {
        const measured = await subject.run();
        await using client = charon.client();
        const loaded = (await client.getConns()).length;
        if (loaded !== COUNT) throw new Error(`${subject.name} loaded ${loaded} connections`);
        return measured;
      },
    })),
  };
}

function listContest(charon: Charon, what: 'conns' | 'sas'): Contest {
  const list = (client: ViciClient): Promise<readonly unknown[]> =>
    what === 'conns' ? collect(client.listConns()) : collect(client.listSas());
  const uri = ['--uri', charon.socket];
  return {
    ...{
      name: `list ${COUNT.toLocaleString('en')} ${what === 'conns' ? 'connections' : 'SAs'}`,
      runs: RUNS,
    },
    metrics: METRICS,
    subjects: [
      inProcess(charon, async (client) => {
        const listed = (await list(client)).length;
        if (listed !== COUNT) throw new Error(`${listed} ${what} were listed`);
      }),
      script(OUR_PROGRAM, CODE, [what, charon.socket]),
      program(`swanctl --list-${what}`, 'swanctl', [`--list-${what}`, ...uri]),
      program(`swanctl --list-${what} --raw`, 'swanctl', [`--list-${what}`, '--raw', ...uri]),
    ],
  };
}

function inProcess(charon: Charon, work: (client: ViciClient) => Promise<unknown>): Subject {
  return {
    name: OURS,
    run: async () => ({
      time: await milliseconds(async () => {
        await using client = new ViciClient({ socket: charon.socket });
        await work(client);
      }),
    }),
  };
}

async function unloadAll(charon: Charon): Promise<void> {
  await using client = charon.client();
  const names = await client.getConns();
  await Promise.all(names.map((name) => client.unloadConn(name)));
}
