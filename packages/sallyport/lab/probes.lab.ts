// Probes on a real path: what is cut, heals, loses packets or loses its prober is told as what it is.
//
//     [this namespace] spa 169.254.1.2, fd00::2 --- 169.254.1.1, fd00::1 eth0, behind it 10.2.0.9 [other end]

// lab: any kernel

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { Probes } from '../src/agent/probes/probes.ts';
import type { ProbePlan } from '../src/plan/probe-plan.ts';
import { outputOf, systemCommands } from '../src/platform/linux/command.ts';
import type { ProbeReport } from '../src/status/health-report.ts';
import { ipBatch, Namespace } from './namespace.ts';

const PACE = { intervalMilliseconds: 100, failAfter: 3, recoverAfter: 5 };
const INSIDE: ProbePlan = {
  ...{ tunnel: 'sp.lab.b.a', kind: 'inside', method: 'icmp', target: '169.254.1.1' },
  ...{ source: '169.254.1.2', interface: 'spa', ...PACE },
};
const INSIDE6: ProbePlan = { ...INSIDE, target: 'fd00::1', source: 'fd00::2' };
const BY_UDP: ProbePlan = { ...INSIDE, method: 'udp' };
const BEHIND: ProbePlan = { ...INSIDE, kind: 'target', target: '10.2.0.9' };

const LINK = [
  'link add spa type veth peer name eth0 netns',
  'link set dev spa up',
  'address add 169.254.1.2/30 dev spa',
  'address add fd00::2/64 dev spa nodad',
  'route add 10.2.0.0/24 via 169.254.1.1 dev spa',
];
const OTHER_END = [
  'link set dev lo up',
  'link set dev eth0 up',
  'address add 169.254.1.1/30 dev eth0',
  'address add fd00::1/64 dev eth0 nodad',
  'address replace 10.2.0.9/32 dev lo',
];

describe('probes', { timeout: 60_000 }, () => {
  let other: Namespace;
  let probes: Probes;
  const told: ProbeReport[] = [];
  let hasNews = Promise.withResolvers<undefined>();

  const connect = async (): Promise<void> => {
    const [add = '', ...lines] = LINK;
    await ipBatch([`${add} ${other.pid}`, ...lines]);
    await other.run(['ip', '-batch', '-'], `${OTHER_END.join('\n')}\n`);
  };
  /** Drops what arrives at our end by such a rule; nothing if absent. */
  const drop = async (rule?: string): Promise<void> => {
    const table = 'netdev lab';
    const chain = 'chain in { type filter hook ingress device "spa" priority 0;';
    const lines = [`table ${table} {}`, `delete table ${table}`];
    if (rule !== undefined) lines.push(`table ${table} { ${chain} ${rule}; }; }`);
    await outputOf(systemCommands, 'nft', ['-f', '-'], { input: `${lines.join('\n')}\n` });
  };
  /** Waits until all are so; the milliseconds since `begin`. */
  const untilAll = async (
    isSo: (report: ProbeReport) => boolean,
    begin = performance.now(),
  ): Promise<number> => {
    while (!probes.view.every(isSo)) await hasNews.promise;
    return Math.round(performance.now() - begin);
  };
  const isState =
    (state: string) =>
    (report: ProbeReport): boolean =>
      report.state === state;
  const failures = (): number => told.filter(isState('failed')).length;

  before(async () => {
    other = await Namespace.create();
    probes = new Probes({
      log: pino({ level: 'silent' }),
      onChange: (report) => {
        told.push(report);
        hasNews.resolve(undefined);
        hasNews = Promise.withResolvers();
      },
    });
  });
  after(async () => {
    probes.close();
    await other[Symbol.asyncDispose]();
  });

  test('wait for an interface that is not there yet', async (t) => {
    probes.follow([BEHIND, INSIDE, INSIDE6]);
    await untilAll(isState('failed'));
    const [{ reason } = assert.fail('nothing is asked')] = probes.view;
    assert.match(reason, /^has never answered: .*No such device/);
    const begin = performance.now();
    await connect();
    t.diagnostic(`good ${String(await untilAll(isState('good'), begin))} ms after it was made`);
  });

  test('notice a cut, and that it is mended', async (t) => {
    for (let round = 0; round < 2; round += 1) {
      await drop('drop');
      const cut = await untilAll(isState('failed'));
      await drop();
      const mended = await untilAll(isState('good'));
      t.diagnostic(`a cut is told after ${String(cut)} ms, its end after ${String(mended)} ms`);
    }
    assert.ok(probes.view.every(({ roundTrip }) => roundTrip !== undefined));
  });

  test('take up what is asked for besides without a word about the others', async () => {
    told.length = 0;
    probes.follow([INSIDE6]);
    probes.follow([BEHIND, INSIDE, INSIDE6]);
    await untilAll(isState('good'));
    assert.deepEqual(told.map(({ target, state }) => `${target} ${state}`).sort(), [
      '10.2.0.9 good',
      '169.254.1.1 good',
    ]);
  });

  test('do not mind that fping is killed, or the agent stopped for a while', async () => {
    told.length = 0;
    const lost = (): number => Math.max(...probes.view.map(({ last1000 }) => last1000.lost));
    const lostBefore = lost();
    const sent = (): number => Math.min(...probes.view.map(({ last1000 }) => last1000.sent));
    for (const pid of await fpings()) process.kill(pid, 'SIGKILL');
    const killedAt = sent();
    while (sent() < killedAt + 10) await delay(50);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    const stoppedAt = sent();
    while (sent() < stoppedAt + 10) await delay(50);
    assert.deepEqual(told, []);
    assert.ok(lost() - lostBefore <= 5);
  });

  test('tell a path that loses three of ten, and do not call it failed', async (t) => {
    told.length = 0;
    probes.follow([INSIDE]);
    await drop('numgen inc mod 10 vmap { 0 : drop, 1 : drop, 5 : drop }');
    t.diagnostic(`lossy after ${String(await untilAll(({ lossy }) => lossy))} ms`);
    assert.equal(failures(), 0);
    await drop('drop');
    t.diagnostic(`a cut of it is told after ${String(await untilAll(isState('failed')))} ms`);
    await drop();
    await untilAll(isState('good'));
  });

  test('see by UDP that packets pass where ICMP does not', async (t) => {
    const program = fileURLToPath(import.meta.resolve('./answer-probes.ts'));
    const words = [process.execPath, program, BY_UDP.target, BY_UDP.source];
    const answering = spawn('nsenter', ['-t', other.pid, '-n', ...words]);
    probes.follow([INSIDE, BY_UDP]);
    await untilAll(isState('good'));
    await drop('ip protocol icmp drop');
    await untilAll(({ method, state }) => state === (method === 'icmp' ? 'failed' : 'good'));
    await drop('drop');
    t.diagnostic(`a cut is told after ${String(await untilAll(isState('failed')))} ms`);
    await drop();
    await untilAll(isState('good'));
    answering.kill();
    await untilAll(({ method, state }) => state === (method === 'udp' ? 'failed' : 'good'));
    probes.follow([INSIDE]);
  });

  test('find the way through an interface that was made anew under the same name', async (t) => {
    await ipBatch(['link delete dev spa']);
    await untilAll(isState('failed'));
    await connect();
    t.diagnostic(`good after ${String(await untilAll(isState('good')))} ms`);
  });

  test('leave no process behind', async () => {
    probes.close();
    while ((await fpings()).length > 0) await delay(50);
  });
});

/** Those that this process has started. */
async function fpings(): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // proc(5): pid (comm) state ppid
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const [, program, parent] = /^\d+ \((.+)\) \S (\d+)/.exec(stat) ?? [];
    if (program === 'fping' && Number(parent) === process.pid) found.push(Number(name));
  }
  return found;
}
