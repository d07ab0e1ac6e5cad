import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Work } from '../../../agent/work-request.ts';
import { twoSites } from '../../../model/testing.ts';
import type { BgpSessionReport } from '../../../status/bgp-report.ts';
import type { HostReport } from '../../../status/host-report.ts';
import { bgp, established, NOW, report, up } from '../../../status/testing/reports.ts';
import { Shell } from '../../testing/run.ts';

const { clock } = vi.hoisted(() => ({ clock: { now: 0 } }));
// Pauses are over at once, and only they take time.
vi.mock(import('node:timers/promises'), async (importOriginal) => ({
  ...(await importOriginal()),
  setTimeout: ((milliseconds: number) => {
    clock.now += milliseconds;
    return Promise.resolve();
  }) as never,
}));

const { tunnel: _, ...bare } = established;
const other: BgpSessionReport = { ...bare, address: '10.20.0.2', description: 'host gw2' };
/** A gateway of two, whose networks the other one knows, too. */
const carrying: HostReport = {
  ...report,
  tunnels: [up],
  bgp: {
    ...bgp,
    sessions: [established, other],
    learned: {
      ...{ total: 1, installed: 1 },
      prefixes: [
        {
          ...bgp.learned.prefixes?.[0],
          prefix: '10.50.0.0/16',
          nextHops: ['10.20.0.2'],
          installed: true,
        },
      ] as never,
    },
  },
  objects: [{ kind: 'Gateway', namespace: 'default', name: 'edge', generation: 1, conditions: [] }],
};

let shell: Shell;
let works: string[];
/** Packets that have come out of the tunnel; grows with each look while `flows`. */
let packets: number;
let flows: (drain: HostReport['drain']) => boolean;
let current: HostReport;
/** They share the interface by which packets come. */
let tunnels: string[];

beforeEach(async () => {
  shell = await Shell.create();
  clock.now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  works = [];
  packets = 0;
  flows = () => false;
  current = carrying;
  tunnels = [up.name];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await shell[Symbol.asyncDispose]();
});

function counted(seen: HostReport): HostReport {
  if (seen.drain === undefined) return seen;
  if (flows(seen.drain)) packets += 5;
  const forwarded = [
    { tunnels, packetsIn: packets, packetsOut: 0 },
    { tunnels: [], packetsIn: 0, packetsOut: 0 },
  ];
  return { ...seen, drain: { ...seen.drain, forwarded } };
}

function work(asked: Work): HostReport {
  works.push('tunnel' in asked ? `${asked.verb} ${asked.tunnel}` : asked.verb);
  const { drain, ...rest } = current;
  const resting = drain?.resting ?? [];
  if (asked.verb === 'undrain') current = rest;
  if (asked.verb === 'drain') current = { ...rest, drain: { since: NOW, resting } };
  if (asked.verb === 'wake') current = { ...rest, drain: { since: NOW, resting: [] } };
  if (asked.verb === 'rest')
    current = { ...rest, drain: { since: NOW, resting: [...resting, asked.tunnel] } };
  return counted(current);
}

async function start(): Promise<void> {
  await shell.startAgent(report);
  shell.look = () => counted(current);
  shell.work = work;
}

describe('gateway drain', () => {
  it('says that a host may be stopped once nothing has passed it for some seconds', async () => {
    await start();
    const { code, stdout } = await shell.run(['gateway', 'drain', 'edge']);
    expect([code, works]).toEqual([0, ['drain']]);
    expect(stdout).toBe(
      'host gw1 is drained of Gateway default/edge: nothing of others has passed it for 3s, and it may be stopped\n',
    );
    expect(clock.now).toBeGreaterThanOrEqual(3_000);
  });

  it('ends BGP where the other side goes on sending, and only there', async () => {
    await start();
    flows = (drain) => drain?.resting.length === 0;
    const { code, stdout } = await shell.run(['gateway', 'drain', 'edge', '-o', 'json']);
    expect([code, works]).toEqual([0, ['drain', `rest ${up.name}`]]);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ mayStop: true, others: ['host gw2'], endedSessions: [up.name], flows: [] },
    });
  });

  it('ends BGP in none of several tunnels that share an interface', async () => {
    await start();
    tunnels = [up.name, 'sp.default.partner-b.main'];
    flows = () => true;
    const { code, stdout } = await shell.run(['gateway', 'drain', 'edge', '--timeout', '20']);
    expect([code, works]).toEqual([3, ['drain']]);
    expect(stdout).toContain('they share an interface');
  });

  it('says that the host may be drained where the agent fails then', async () => {
    await start();
    shell.work = () => {
      throw new Error('the round failed');
    };
    const { code, stderr } = await shell.run(['gateway', 'drain', 'edge']);
    expect(code).toBe(1);
    expect(stderr).toContain('it may be drained already, see sallyport status');
  });

  it('says what still passes when the time is over, and leaves the host drained', async () => {
    await start();
    current = { ...carrying, bgp: { ...bgp, sessions: [established, other] } };
    flows = () => true;
    const { code, stdout } = await shell.run(['gateway', 'drain', 'edge', '--timeout', '20']);
    expect([code, works]).toEqual([3, ['drain']]);
    expect(stdout).toMatch(
      /stays so, and may NOT be stopped yet:\n {2}no other gateway leads to .*\n {2}\d+ packets out of sp/,
    );
    expect(stdout).toContain('no other gateway of ours is known to lead to its networks');
  });

  it('ends BGP with nobody else to carry it only by force', async () => {
    await start();
    current = { ...carrying, bgp: { ...bgp, sessions: [established] } };
    flows = (drain) => drain?.resting.length === 0;
    const refused = await shell.run(['gateway', 'drain', 'edge']);
    expect([refused.code, works]).toEqual([1, []]);
    expect(refused.stderr).toContain('is the only one known to carry Gateway default/edge');
    const { code } = await shell.run(['gateway', 'drain', 'edge', '--force']);
    expect([code, works]).toEqual([0, ['drain', `rest ${up.name}`]]);
  });

  it('does not say so before it has looked for long enough', async () => {
    await start();
    const { code, stdout } = await shell.run(['gateway', 'drain', 'edge', '--timeout', '1']);
    expect(code).toBe(3);
    expect(stdout).toContain('too little time has passed');
  });

  it('refuses a Gateway that is not here, and tells where no agent is', async () => {
    const nobody = await shell.run(['gateway', 'drain', 'edge']);
    expect([nobody.code, nobody.stderr]).toEqual([
      ...[
        1,
        'no agent runs on this host: nothing is drained; start sallyport agent where none runs\n',
      ],
    ]);
    await start();
    const { code, stderr } = await shell.run(['gateway', 'drain', 'edgy']);
    expect(code).toBe(2);
    expect(stderr).toContain('host gw1 carries no tunnel of Gateway default/edgy');
  });

  it('tells on which hosts to call it, where others carry the Gateway', async () => {
    await shell.fakeSystem();
    await start();
    await shell.run(['apply', '-f', await shell.declare(twoSites), '--host', 'gw1']);
    current = { ...carrying, host: 'node1', objects: [] };
    for (const verb of ['drain', 'undrain'])
      expect(await shell.run(['gateway', verb, 'edge'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(
          'host node1 carries no tunnel of Gateway default/edge; call it on gw1\n',
        ) as unknown,
      });
  });

  it('leaves the host drained when it is interrupted', async () => {
    await start();
    const stop = new AbortController();
    stop.abort();
    const { code, stderr } = await shell.run(['gateway', 'drain', 'edge'], { signal: stop.signal });
    expect(code).toBe(130);
    expect(stderr).toContain('the host stays drained');
    expect(current.drain).toBeDefined();
  });
});

describe('gateway undrain', () => {
  it('brings sessions up before anybody prefers the host again', async () => {
    await start();
    const down: BgpSessionReport = { ...established, state: 'idle' };
    const drain = { since: NOW, resting: [up.name] };
    current = { ...carrying, drain, bgp: { ...bgp, sessions: [down, other] } };
    shell.look = () => {
      if (clock.now >= 2_000) current = { ...current, bgp: { ...bgp, sessions: [established] } };
      return current;
    };
    const { code, stdout } = await shell.run(['gateway', 'undrain', 'default/edge']);
    expect([code, works]).toEqual([0, ['wake', 'undrain']]);
    expect(stdout).toBe(
      'host gw1 carries Gateway default/edge again, and traffic may come from now on\n',
    );
  });

  it('stops where it is interrupted, and leaves the host drained', async () => {
    await start();
    const down: BgpSessionReport = { ...established, state: 'idle' };
    const drain = { since: NOW, resting: [up.name] };
    current = { ...carrying, drain, bgp: { ...bgp, sessions: [down, other] } };
    const stop = new AbortController();
    stop.abort();
    const { code, stderr } = await shell.run(['gateway', 'undrain', 'edge'], {
      signal: stop.signal,
    });
    expect([code, works]).toEqual([130, ['wake']]);
    expect(stderr).toContain('the host stays drained');
  });

  it('names the sessions that stay down', async () => {
    await start();
    const down: BgpSessionReport = { ...established, state: 'idle' };
    const drain = { since: NOW, resting: [up.name] };
    current = { ...carrying, drain, bgp: { ...bgp, sessions: [down, other] } };
    const { code, stdout } = await shell.run(['gateway', 'undrain', 'edge', '--timeout', '3']);
    expect([code, works]).toEqual([3, ['wake', 'undrain']]);
    expect(stdout).toContain('BGP is not up yet with 169.254.10.1');
  });

  it('has nothing to do where the host is not drained', async () => {
    const nobody = await shell.run(['gateway', 'undrain', 'edge']);
    expect(nobody.code).toBe(1);
    await start();
    const { code, stdout } = await shell.run(['gateway', 'undrain', 'edge']);
    expect([code, stdout, works]).toEqual([0, 'host gw1 is not drained\n', []]);
  });

  it('says where it is not as declared then', async () => {
    await start();
    const { revisionInEffect: __, ...differing } = carrying;
    current = { ...differing, drain: { since: NOW, resting: [] } };
    const { code, stdout } = await shell.run(['gateway', 'undrain', 'edge']);
    expect(code).toBe(3);
    expect(stdout).toContain('not as declared');
  });
});
