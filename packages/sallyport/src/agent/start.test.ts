import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildMessage } from '@sallyport/vici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeCharon } from '../drivers/strongswan/testing/fake-charon.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { stageFile } from '../platform/atomic-file.ts';
import type { HostReport } from '../status/host-report.ts';
import { takeLock } from '../store/lock.ts';
import { writePlanFile } from '../store/plan-file.ts';
import { askReport } from './control.ts';
import { AgentRunningError, runAgent, type StartOptions, teardown } from './start.ts';
import { FakeSystem, NOTHING } from './testing/fake-system.ts';
import { type Entry, rememberingLog } from './testing/quiet-log.ts';

const { plan: empty } = planWorld(WORLDS['nothing to carry'] ?? { text: '' });
const { signal } = new AbortController();
const OURS = 'sp.default.partner-a.main';

let system: FakeSystem;
let charon: FakeCharon;
let entries: readonly Entry[];
let options: StartOptions;

beforeEach(async () => {
  system = await FakeSystem.start();
  charon = await FakeCharon.listen();
  for (const name of [OURS, 'theirs']) {
    charon.connections.set(name, buildMessage({}));
    charon.shared.set(name, buildMessage({}));
    charon.sas.push({ name, uniqueId: name === OURS ? '1' : '2' });
  }
  const { log, entries: remembered } = rememberingLog();
  entries = remembered;
  const { directories } = system;
  options = { directories, externalSocket: charon.socket, version: '0.0.1', log, window: 10 };
});
afterEach(async () => {
  await charon[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

/** Runs an agent until `use` has ended. */
async function withAgent(use: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const running = runAgent(options, stop.signal);
  try {
    await Promise.race([use(), running]);
  } finally {
    stop.abort();
    await running;
  }
}

/** The first fresh report: the socket is not there at once. */
async function firstReport(): Promise<HostReport> {
  for (;;) {
    const report = await askReport(system.paths.controlSocket);
    if (report !== undefined) return report;
  }
}

describe('runAgent', () => {
  it('without a plan touches nothing, not when it begins and not when it ends', async () => {
    await withAgent(async () => {
      const { problems, tunnels, engines } = await firstReport();
      expect(problems.map(({ code }) => code)).toEqual(['agent/no-plan']);
      expect(tunnels).toEqual([]);
      expect(engines).toMatchObject([{ external: true, socket: charon.socket }]);
    });
    expect(charon.changes).toEqual([]);
    expect([...charon.connections.keys()]).toEqual([OURS, 'theirs']);
    expect(entries.at(-1)?.msg).toBe('agent stopped, tunnels stay up');
  });

  it('removes what an agent that was killed has left half-written', async () => {
    const { report, history, shards } = system.paths;
    const files = [report, history, join(shards, 'ike2', 'loaded.json')];
    for (const path of files) await stageFile(path, '');
    await withAgent(async () => {
      await firstReport();
    });
    for (const path of files)
      expect((await readdir(dirname(path))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps what is there while the plan is empty and nobody has asked for that', async () => {
    await writePlanFile(system.paths.plan, empty);
    await writeFile(system.paths.plan, JSON.stringify({ plan: empty }));
    await withAgent(async () => {
      const [problem] = (await firstReport()).problems;
      expect(problem?.message).toContain('is empty without an explicit removal');
    });
    expect(charon.changes).toEqual([]);
  });

  it('removes what is ours, and nothing else, for an empty plan that is meant', async () => {
    await writePlanFile(system.paths.plan, empty);
    await withAgent(async () => {
      expect((await firstReport()).revisionInEffect).toBe(empty.revision);
    });
    expect([...charon.connections.keys()]).toEqual(['theirs']);
    expect(charon.sas.map(({ name }) => name)).toEqual(['theirs']);
  });

  it('lets the next agent run when it has ended, also after one that failed', async () => {
    await mkdir(system.paths.controlSocket);
    await expect(runAgent(options, signal)).rejects.toThrow();
    await rmdir(system.paths.controlSocket);
    for (let agent = 0; agent < 2; agent += 1) {
      await withAgent(async () => {
        await firstReport();
      });
    }
    expect(entries.filter(({ msg }) => msg === 'agent started')).toHaveLength(2);
  });
});

describe('teardown', () => {
  it('removes what is ours without any memory, and leaves what is not', async () => {
    await teardown(options, signal);
    expect([...charon.connections.keys()]).toEqual(['theirs']);
    expect([...charon.shared.keys()]).toEqual(['theirs']);
    expect(charon.sas.map(({ name }) => name)).toEqual(['theirs']);
    charon.forgetChanges();
    await teardown(options, signal);
    expect(charon.changes).toEqual([]);
  });

  it('goes on where one part fails, names each failure, and can be repeated', async () => {
    await system.program('ip', 'echo "no netlink" >&2; exit 1');
    const failed = teardown(options, signal);
    await expect(failed).rejects.toThrow(
      /^not everything was removed: .*no netlink.*; .*no netlink/u,
    );
    expect([...charon.connections.keys()]).toEqual(['theirs']);
    await system.program('ip', NOTHING);
    await teardown(options, signal);
  });

  it('says so where it cannot reach a daemon that is not ours: it would leave everything there', async () => {
    await charon[Symbol.asyncDispose]();
    await expect(teardown(options, signal)).rejects.toThrow(
      `not everything was removed: cannot connect to ${charon.socket}`,
    );
    expect(await readFile(system.calls, 'utf8')).toContain('address show');
  });

  it('finds a shard by its run directory, also where its network namespace is gone', async () => {
    const shard = join(system.paths.shards, 'gone');
    await mkdir(shard, { recursive: true });
    await writeFile(join(shard, 'strongswan.conf'), 'of a daemon that was killed');
    await teardown(options, signal);
    expect(await readdir(system.paths.shards)).toEqual([]);
  });

  it('ends what was in effect: what the next agent has to do is no drift', async () => {
    await writePlanFile(system.paths.plan, empty);
    await withAgent(async () => {
      await firstReport();
    });
    await teardown(options, signal);
    const kept = JSON.parse(await readFile(system.paths.report, 'utf8')) as HostReport;
    expect([kept.revisionInEffect, kept.tunnels]).toEqual([undefined, []]);
    charon.connections.set(OURS, buildMessage({}));
    await withAgent(async () => {
      expect((await firstReport()).drift.count).toBe(0);
    });
    expect([...charon.connections.keys()]).toEqual(['theirs']);
  });

  it('finds the daemon that the last agent was told to use', async () => {
    await withAgent(async () => {
      await firstReport();
    });
    const { externalSocket: _, ...untold } = options;
    await teardown(untold, signal);
    expect([...charon.connections.keys()]).toEqual(['theirs']);
  });
});

describe('while another agent runs', () => {
  beforeEach(() => {
    // A killed holder needs an instant to let go; here every look at the clock is one too late.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 60_000;
      return now;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each<{ what: string; start: typeof runAgent }>([
    { what: 'a second one', start: runAgent },
    { what: 'a teardown, which it would undo,', start: teardown },
  ])('$what is refused, and told which', async ({ start }) => {
    const lock = await takeLock(system.paths.agentLock, 'pid 12, since today', 0);
    const refused = start(options, signal);
    await expect(refused).rejects.toThrow(AgentRunningError);
    await expect(refused).rejects.toThrow(
      'another Sallyport agent already runs on this host (pid 12, since today): stop it first',
    );
    expect(charon.changes).toEqual([]);
    await lock.release();
  });
});
