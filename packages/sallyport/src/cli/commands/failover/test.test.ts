import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Work } from '../../../agent/work-request.ts';
import { twoSites } from '../../../model/testing.ts';
import { systemCommands } from '../../../platform/linux/command.ts';
import type { BgpSessionReport } from '../../../status/bgp-report.ts';
import type { HostReport } from '../../../status/host-report.ts';
import type { Echo } from '../../../status/outage.ts';
import { bgp, established, NOW, report, up } from '../../../status/testing/reports.ts';
import { type RunOptions, Shell } from '../../testing/run.ts';

/** Time passes only in pauses; of each moment the test says whether a probe is answered. */
const world = vi.hoisted(() => ({
  now: 0,
  isAnswered: (_at: number): boolean => true,
  fault: undefined as string | undefined,
  asked: new Map<string, readonly string[]>(),
}));
vi.mock(import('node:timers/promises'), async (importOriginal) => ({
  ...(await importOriginal()),
  setTimeout: ((milliseconds: number) => {
    world.now += milliseconds;
    return Promise.resolve();
  }) as never,
}));
vi.mock(import('../../failover/echoes.ts'), async (importOriginal) => ({
  ...(await importOriginal()),
  Echoes: class {
    fault = world.fault;
    start(targets: ReadonlyMap<string, readonly string[]>): void {
      world.asked = new Map(targets);
    }
    of(): Echo[] {
      const count = Math.floor(world.now / 20) + 1;
      return Array.from({ length: count }, (_, number) => ({ number, at: number * 20 })).filter(
        ({ at }) => world.isAnswered(at),
      );
    }
    silentFor(milliseconds: number): string[] {
      const last = this.of().at(-1)?.at ?? Number.NEGATIVE_INFINITY;
      return last < world.now - milliseconds ? [...world.asked.values()].flat() : [];
    }
    close(): void {}
  } as never,
}));

const { tunnel: _, ...bare } = established;
const other: BgpSessionReport = { ...bare, address: '10.20.0.2', description: 'host gw2' };
const carrying: HostReport = {
  ...report,
  tunnels: [up],
  bgp: { ...bgp, sessions: [established, other] },
};

let shell: Shell;
let works: Work[];
let current: HostReport;

beforeEach(async () => {
  shell = await Shell.create();
  await shell.fakeSystem();
  await shell.startAgent(report);
  await shell.run(['apply', '-f', await shell.declare(twoSites), '--host', 'gw1']);
  world.now = 0;
  world.isAnswered = () => true;
  world.fault = undefined;
  vi.spyOn(performance, 'now').mockImplementation(() => world.now);
  works = [];
  current = carrying;
  shell.look = () => current;
  shell.work = (work) => {
    works.push(work);
    const { drill: __, ...rest } = current;
    current = work.verb === 'drill' ? { ...rest, drill: { tunnels: [up.name], until: NOW } } : rest;
    return current;
  };
});
afterEach(async () => {
  vi.restoreAllMocks();
  await shell[Symbol.asyncDispose]();
});

const drill = (words: readonly string[], options?: RunOptions): ReturnType<Shell['run']> =>
  shell.run(['failover', 'test', ...words, '--target', '10.20.0.10'], options);

describe('failover test', () => {
  it('takes a tunnel out, measures, and brings it back', async () => {
    world.isAnswered = (at) => at < 1_500 || at >= 1_700;
    shell.work = (work) => {
      // The moment in which it begins.
      if (work.verb === 'drill') world.now = Math.max(world.now, 1_500);
      works.push(work);
      current = carrying;
      return work.verb === 'drill'
        ? { ...carrying, drill: { tunnels: [up.name], until: NOW } }
        : carrying;
    };
    const { code, stdout, stderr } = await drill([
      ...['partner-a/main', '--yes', '--duration', '5', '-o', 'json'],
    ]);
    expect(stderr).toBe(`${up.name}: taken out on host gw1\n`);
    expect(code).toBe(0);
    expect(works).toEqual([{ verb: 'drill', seconds: 15, tunnel: up.name }, { verb: 'restore' }]);
    expect([...world.asked]).toEqual([['192.0.2.10', ['10.20.0.10']]]);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ host: 'gw1', takenOut: [up.name], restored: true },
      targets: [
        {
          target: '10.20.0.10',
          out: { lost: 10, gapMilliseconds: 220 },
          back: { lost: 0, gapMilliseconds: 0 },
        },
      ],
    });
  });

  it('takes all of the host out where no tunnel is named, and shows it in rows', async () => {
    const { code, stdout } = await drill(['--yes']);
    expect([code, works[0]]).toEqual([0, { verb: 'drill', seconds: 20 }]);
    expect(stdout).toContain(`drill on host gw1: ${up.name} out for 10 s, and back as before\n`);
    expect(stdout).toMatch(/^target +phase +carried by +sent +lost/m);
    expect(stdout).toMatch(/^10\.20\.0\.10 +out +nobody +\d+ +0 +0 ms +-$/m);
  });

  it('says where nothing has carried the packets, or the path is not back', async () => {
    world.isAnswered = (at) => at < 1_500 || at >= 11_500;
    const out = await drill(['--yes']);
    expect(out.code).toBe(3);
    expect(out.stdout).toMatch(/never/);
    world.isAnswered = () => true;
    world.now = 0;
    shell.work = (work) => {
      const drilled = { ...carrying, drill: { tunnels: [up.name], until: NOW } };
      const down: BgpSessionReport = { ...established, state: 'idle' };
      current = { ...carrying, bgp: { ...bgp, sessions: [down, other] } };
      return work.verb === 'drill' ? drilled : current;
    };
    const stays = await drill(['--yes']);
    expect(stays.code).toBe(3);
    expect(stays.stdout).toContain('and NOT back as before');
  });

  it('asks a person, and takes no for an answer', async () => {
    const questions: string[] = [];
    const ask = (answer: string) => (question: string) => {
      questions.push(question);
      return Promise.resolve(answer);
    };
    const no = await drill([], { ask: ask('n') });
    expect([no.code, works.length, no.stderr]).toEqual([1, 0, 'nothing is taken out\n']);
    expect(questions).toEqual(['take out default/partner-a/main for 10 s on host gw1? [y/N] ']);
    expect((await drill([], { ask: ask('yes') })).code).toBe(0);
    const nobody = await drill([]);
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('say --yes')]);
  });

  it('refuses where packets would have no other way', async () => {
    current = { ...carrying, bgp: { ...bgp, sessions: [established] } };
    const { code, stderr } = await drill(['--yes']);
    expect([code, works.length]).toEqual([1, 0]);
    expect(stderr).toContain('default/partner-a/main: no other path that is up is known');
    expect((await drill(['--yes', '--force'])).code).toBe(0);
    const second = { ...up, name: 'sp.default.partner-a.b', tunnel: 'b' };
    const usable = { tunnel: second.name, usable: true, degraded: false, reason: 'answers' };
    const tunnels = [up, second];
    current = { ...current, tunnels, health: { probes: [], tunnels: [usable] } };
    expect((await drill(['partner-a/main', '--yes'])).code).toBe(0);
  });

  it('takes nothing out where nothing could be measured', async () => {
    world.isAnswered = () => false;
    const { code, stderr } = await drill(['--yes']);
    expect([code, works.length]).toEqual([1, 0]);
    expect(stderr).toMatch(
      /^10\.20\.0\.10 does not answer \S+, so .* sallyport why partner-a --target 10\.20\.0\.10\): nothing is taken out$/m,
    );
    world.fault = 'fping: not found';
    expect((await drill(['--yes'])).stderr).toContain('fping: not found: nothing is taken out');
  });

  it('refuses what it cannot understand', async () => {
    expect((await drill(['partner-b/main', '--yes'])).stderr).toContain(
      'no tunnel partner-b/main on host gw1; use one of: default/partner-a/main',
    );
    const name = await shell.run(['failover', 'test', '--yes', '--target', 'server']);
    expect(name.stderr).toContain('--target server is not an IPv4 or IPv6 address');
    current = { ...carrying, host: 'gw9', tunnels: [] };
    expect((await drill(['partner-a/main', '--yes'])).stderr).toContain(
      'no tunnel partner-a/main on host gw9; it is on gw1',
    );
    current = { ...carrying, host: 'gw9' };
    const nowhere = await drill(['--yes']);
    expect(nowhere.stderr).toContain('host gw9 has no internal address to ask 10.20.0.10 from');
    const source = await shell.run([
      ...['failover', 'test', '--yes', '--target', 'fd00::1', '--source', 'fd01::1'],
    ]);
    expect([source.code, [...world.asked]]).toEqual([0, [['fd01::1', ['fd00::1']]]]);
  });

  it('says where a tunnel was not taken out, since nothing else could carry the packets', async () => {
    const { interface: device = '' } = up;
    vi.spyOn(systemCommands, 'run').mockResolvedValue({
      ...{ code: 0, stderr: '' },
      stdout: JSON.stringify([{ dst: '10.20.0.10', dev: device }]),
    });
    const { code, stdout } = await drill(['--yes']);
    expect(code).toBe(3);
    expect(stdout).toContain('default/partner-a/main, which was NOT taken out');
  });

  it('counts on another gateway only for what BGP tells it', async () => {
    current = { ...carrying, bgp: { ...bgp, sessions: [other] } };
    const { code, stderr } = await drill(['--yes']);
    expect([code, works.length]).toEqual([1, 0]);
    expect(stderr).toContain('no other path that is up is known');
  });

  it('takes nothing out for longer than the agent allows', async () => {
    const { code, stderr } = await drill(['--yes', '--duration', '591']);
    expect([code, works.length]).toEqual([2, 0]);
    expect(stderr).toContain('--duration: at most 590 seconds');
  });

  it('brings the path back when it is interrupted', async () => {
    const stop = new AbortController();
    const work = shell.work;
    shell.work = (asked, before) => {
      stop.abort();
      return work(asked, before);
    };
    const { code } = await drill(['--yes'], { signal: stop.signal });
    expect([code, works.at(-1)?.verb]).toEqual([130, 'restore']);
  });

  it('leaves it to the agent where that does not answer any more', async () => {
    const work = shell.work;
    shell.work = (asked, before) => {
      if (asked.verb === 'restore') throw new Error('the round failed');
      return work(asked, before);
    };
    shell.look = () => carrying;
    const { code, stderr } = await drill(['--yes']);
    expect(code).toBe(0);
    expect(stderr).toContain('the round failed; the agent brings it back by itself');
  });
});
