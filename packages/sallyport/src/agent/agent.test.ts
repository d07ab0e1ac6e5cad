import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { buildMessage, ViciUnknownEvent } from '@sallyport/vici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import type { ProbeReport } from '../status/health-report.ts';
import { report, up } from '../status/testing/reports.ts';
import { askState } from './control.ts';
import { SETTLE_MILLISECONDS } from './pace.ts';
import type { Round, Task } from './reconciler.ts';
import { AgentWithFakes, until, WELL } from './testing/agent-with-fakes.ts';

const { plan } = planWorld(WORLDS['dual-stack inside, IPv4 outside'] ?? { text: '' });
const { plan: other } = planWorld(WORLDS['VTI, pinned'] ?? { text: '' });
const reset = { type: 'reset', generation: 2 } as const;
const lost = { type: 'lost', count: 1, generation: 1 } as const;

let agent: AgentWithFakes;

beforeEach(async () => {
  agent = await AgentWithFakes.prepare();
  agent.sourced = { plan };
});
afterEach(async () => {
  await agent[Symbol.asyncDispose]();
});

describe('a round', () => {
  it('looks at everything when the agent begins, and reports what is proven', async () => {
    await agent.start();
    expect(agent.rounds).toEqual([true]);
    const report = await agent.report();
    expect(report).toMatchObject({ host: 'gw1', engines: [{ external: true }] });
    expect([report.wantedRevision, report.revisionInEffect]).toEqual([
      plan.revision,
      plan.revision,
    ]);
  });

  it('hands each report on, for the events in it, and tells of events that are not kept', async () => {
    const problem = {
      code: 'agent/events-not-kept',
      severity: 'warning',
      message: 'full',
    } as const;
    agent.recorderProblems.push(problem);
    await agent.start();
    expect(agent.recorded).toEqual([await agent.report()]);
    expect(agent.recorded).toMatchObject([{ problems: [problem], engines: [{ life: 1 }] }]);
  });

  it('follows the last one in time, whatever the events say', async () => {
    await agent.start();
    await agent.pass(7_499);
    expect(agent.rounds).toHaveLength(1);
    await agent.pass(1);
    expect(agent.rounds).toEqual([true, true]);
  });

  it('comes when a tunnel may be tried again', async () => {
    agent.retryAt(performance.now() + 2_100);
    await agent.start();
    await agent.pass(2_000);
    expect(agent.rounds).toEqual([true, false]);
  });

  it('comes when virtual addresses are to be looked at again', async () => {
    const nextAt = performance.now() + 2_100;
    agent.answer = () => Promise.resolve({ ...WELL, nextAt });
    await agent.start();
    await agent.pass(2_000);
    expect(agent.rounds).toEqual([true, false]);
  });

  it('is one for a burst of events, and leaves the kernel alone', async () => {
    await agent.start();
    await agent.hasten(() => {
      agent.emit(...Array.from({ length: 1_000 }, () => lost));
    });
    await agent.pass(100);
    await agent.pass(1_000);
    expect(agent.rounds).toEqual([true, false]);
  });

  it('that somebody asks for is also the one that an event has asked for', async () => {
    await agent.start();
    await agent.hasten(() => {
      agent.changePlan();
    });
    await agent.ask();
    await agent.pass(1_000);
    expect(agent.rounds).toEqual([true, true]);
  });

  it('is not put off by events that keep coming', async () => {
    await agent.start();
    await agent.hasten(() => {
      agent.emit(lost);
    });
    await agent.pass(15);
    agent.changePlan();
    await agent.pass(10);
    expect(agent.rounds).toHaveLength(2);
  });

  it('is shared by all who ask before it has begun', async () => {
    await agent.start();
    const gate = Promise.withResolvers<undefined>();
    agent.answer = async () => {
      await gate.promise;
      return WELL;
    };
    const first = agent.ask();
    await until(() => agent.rounds.length === 2);
    const more = Array.from({ length: 30 }, () => agent.ask());
    // Whoever asks for nonsense is answered at once, and was behind all others.
    expect(await text(connect(agent.controlSocket).end('nonsense\n'))).toContain('unknown request');
    gate.resolve(undefined);
    const answers = await Promise.all([first, ...more]);
    expect(answers.every((answer) => answer?.revisionInEffect === plan.revision)).toBe(true);
    // One for the first, one for all others; a client that was late may have brought another.
    expect(agent.rounds.length).toBeLessThan(10);
  });

  it.each<{ what: string; trigger: () => unknown; after: number }>([
    {
      what: 'another plan',
      trigger: () => {
        agent.changePlan();
      },
      after: 25,
    },
    {
      what: 'a new life of the daemon',
      trigger: () => {
        agent.emit(reset);
      },
      after: 25,
    },
    { what: 'a change of the kernel', trigger: () => agent.changeKernel(), after: 1_000 },
  ])('looks at the kernel soon after $what', async ({ trigger, after }) => {
    await agent.start();
    await agent.hasten(trigger);
    await agent.pass(after - 1);
    expect(agent.rounds).toEqual([true]);
    await agent.pass(1);
    expect(agent.rounds).toEqual([true, true]);
  });

  it('looks at once when an address comes that tunnels go with', async () => {
    const { plan } = planWorld({
      ...{ text: '', ...WORLDS['a tunnel that is with whoever holds its address'] },
    });
    agent.sourced = { plan };
    const come = (...addresses: readonly string[]): Promise<void> =>
      agent.changeKernel(
        addresses.map((each) => `[ADDR]3: lan    inet ${each}/32 scope global lan`).join('\n'),
      );
    await agent.start();
    await agent.hasten(() => come('10.1.0.253', '10.1.0.254'));
    await agent.pass(25);
    expect(agent.rounds).toEqual([true, false]);
  });

  it('puts off the look at a kernel that has just changed, also where an event brings a round before', async () => {
    await agent.start();
    await agent.hasten(() => agent.changeKernel());
    await agent.hasten(() => {
      agent.emit(lost);
    });
    await agent.pass(500);
    expect(agent.rounds).toEqual([true, false]);
    await agent.pass(500);
    expect(agent.rounds).toEqual([true, false, true]);
  });

  it('hands on what the kernel and the daemon counted of SAs that end', async () => {
    await agent.start();
    const lines = [
      'Deleted src 198.51.100.1 dst 203.0.113.1',
      '\tproto esp spi 0xc0001001(3221229569) reqid 1(0x00000001) mode tunnel',
      '\t  4560(bytes), 20(packets)',
    ];
    await agent.hasten(() => agent.changeIpsec(lines.join('\n')));
    await until(() => agent.told.includes('ended c0001001'));
    const message = buildMessage({ up: 'yes', a: { uniqueid: '1' } });
    await agent.pass(100);
    await agent.hasten(() => {
      agent.emit({ type: 'event', name: 'ike-updown', message, generation: 1 });
    });
    expect(agent.told).toContain('ike-updown');
  });

  it('comes soon after SAs were taken out of the kernel, and not for those that are added', async () => {
    await agent.start();
    await agent.changeIpsec('src 198.51.100.1 dst 203.0.113.1');
    await agent.pass(1_000);
    expect(agent.rounds).toEqual([true]);
  });

  it.each(['Flushed state proto 0', 'Deleted src 198.51.100.1 dst 203.0.113.1'])(
    'comes soon after the kernel tells: %s',
    async (line) => {
      await agent.start();
      await agent.hasten(() => agent.changeIpsec(line));
      await agent.pass(100);
      expect(agent.rounds).toEqual([true, false]);
    },
  );

  it('never runs beside another; what is asked for meanwhile is one more', async () => {
    await agent.start();
    const gate = Promise.withResolvers<undefined>();
    agent.answer = async () => {
      await gate.promise;
      return WELL;
    };
    const asked = agent.ask();
    await until(() => agent.rounds.length === 2);
    for (const trigger of [
      () => {
        agent.changePlan();
      },
      () => {
        agent.emit(reset, lost);
      },
    ]) {
      await agent.hasten(trigger);
      await vi.advanceTimersByTimeAsync(200);
    }
    expect(agent.rounds).toHaveLength(2);
    gate.resolve(undefined);
    expect((await asked)?.revisionInEffect).toBe(plan.revision);
    await until(() => agent.rounds.length === 3);
    await agent.rest();
    await agent.pass(1_000);
    expect(agent.rounds).toEqual([true, true, true]);
  });
});

it('tells of a Secret that is not what was applied, and is well otherwise', async () => {
  const changed = {
    code: 'agent/secret-changed',
    severity: 'warning',
    message: 'changed',
  } as const;
  agent.secretProblems = [changed];
  await agent.start();
  const { problems, revisionInEffect } = await agent.report();
  expect(problems).toEqual([changed]);
  expect(revisionInEffect).toBe(plan.revision);
});

describe('what does not succeed', () => {
  const failing = {
    ...WELL,
    differences: [{ text: 'kernel: add route 10.20.0.0/16: no such device' }],
  };

  it('is reported in words and tried again, kernel included, with growing pauses', async () => {
    agent.answer = () => Promise.resolve(failing);
    await agent.start();
    const report = await agent.report();
    expect(report.differences).toEqual(failing.differences);
    expect(report.wantedRevision).toBe(plan.revision);
    expect(report).not.toHaveProperty('revisionInEffect');
    for (const pause of [500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      const before = agent.rounds.length;
      await agent.pass(pause - 1);
      expect(agent.rounds).toHaveLength(before);
      await agent.pass(1);
      expect(agent.rounds).toHaveLength(before + 1);
    }
    expect(agent.rounds.every((kernel) => kernel)).toBe(true);
    agent.answer = () => Promise.resolve(WELL);
    await agent.pass(5_000);
    expect((await agent.report()).revisionInEffect).toBe(plan.revision);
  });

  it('is not called in effect where a level could not be looked at', async () => {
    const problems = [{ code: 'kernel/failed', severity: 'error', message: 'ip: gone' }] as const;
    agent.answer = () => Promise.resolve({ ...WELL, problems });
    await agent.start();
    expect((await agent.report()).problems).toEqual(problems);
    expect(await agent.report()).not.toHaveProperty('revisionInEffect');
    await agent.pass(500);
    expect(agent.rounds).toHaveLength(2);
    // Said when it begins, not in every round.
    expect(agent.messages.filter((message) => message === 'ip: gone')).toHaveLength(1);
  });

  it('is survived: after a bug in one round comes the next', async () => {
    agent.answer = () => Promise.reject(new Error('cannot read properties of undefined'));
    await agent.start();
    expect(agent.entries.at(-1)).toMatchObject({
      msg: 'round failed',
      error: 'cannot read properties of undefined',
    });
    agent.answer = () => Promise.resolve(WELL);
    await agent.pass(500);
    expect((await agent.report()).revisionInEffect).toBe(plan.revision);
  });

  it('proves nothing: who asks for a look is told of the failure, not what was seen before', async () => {
    await agent.start();
    agent.answer = () => Promise.reject(new Error('spawn ENOMEM'));
    const told = 'the round failed; see the log of the agent';
    for (const request of ['look', 'report'])
      expect(await text(connect(agent.controlSocket).end(`${request}\n`))).toBe(
        `${JSON.stringify({ error: told })}\n`,
      );
    // The report of before stands for those who ask for no more.
    expect((await askState(agent.controlSocket))?.revisionInEffect).toBe(plan.revision);
    agent.answer = () => Promise.resolve(WELL);
    expect((await agent.ask())?.revisionInEffect).toBe(plan.revision);
  });

  it('keeps the pace, and answers, where the report cannot be written', async () => {
    await mkdir(agent.reportPath);
    await agent.start();
    expect(agent.entries.at(-1)?.msg).toBe('the report could not be written');
    expect((await agent.ask())?.revisionInEffect).toBe(plan.revision);
    await agent.pass(7_500);
    expect(agent.rounds).toHaveLength(3);
  });

  it.each<{ what: string; error: Error; words: string }>([
    {
      what: 'an older daemon',
      error: new ViciUnknownEvent('child-rekey'),
      words: 'the daemon lacks an event; going on by timer',
    },
    {
      what: 'a broken connection',
      error: new Error('gone'),
      words: 'events ended; going on by timer',
    },
  ])('goes on by timer without events, with $what', async ({ error, words }) => {
    await agent.start();
    agent.breakEvents(error);
    await until(() => agent.messages.includes(words));
    await agent.pass(7_500);
    expect(agent.rounds).toHaveLength(2);
  });

  it('goes on by timer where the system gives no more watches', async () => {
    agent.watch = () => Promise.reject(new Error('ENOSPC: system limit for watches reached'));
    await agent.start();
    expect(agent.messages).toContain('the plan cannot be watched; going on by timer');
    await agent.pass(7_500);
    expect(agent.rounds).toHaveLength(2);
  });

  it('goes on by timer where the kernel of a daemon cannot be watched, and hears the daemon', async () => {
    const failing = () => Promise.reject(new Error('spawn EMFILE'));
    agent.kernelWatch = { follow: failing, renew: failing };
    await agent.start();
    expect(agent.entries).toContainEqual(
      expect.objectContaining({
        msg: 'the kernel of the daemon cannot be watched; going on by timer',
        error: 'spawn EMFILE',
      }),
    );
    await agent.hasten(() => {
      agent.emit(lost);
    });
    await agent.pass(100);
    expect(agent.rounds).toEqual([true, false]);
  });

  it('goes on by timer where ip(8) is missing', async () => {
    vi.stubEnv('PATH', '/nowhere');
    await agent.start();
    await until(() => agent.messages.includes('ip monitor ended; going on by timer'));
    await agent.pass(7_500);
    expect(agent.rounds).toHaveLength(2);
  });
});

describe('flows by gateways', () => {
  const { plan: nodePlan } = planWorld({ text: '', ...WORLDS['a node behind two gateways'] });
  const silent = (host: string): ProbeReport => ({
    ...{ host, kind: 'gateway', target: '10.1.0.11', method: 'icmp', since: '' },
    ...{ state: 'failed', hasAnswered: true, lossy: false, reason: 'has not answered' },
    ...{ last100: { sent: 0, lost: 0 }, last1000: { sent: 0, lost: 0 } },
  });
  let moves: { revision: string; silent: string[] }[];
  let gate: Promise<unknown>;

  beforeEach(() => {
    moves = [];
    gate = Promise.resolve();
    agent.sourced = { plan: nodePlan };
    agent.move = async ({ revision }, withdrawn) => {
      moves.push({ revision, silent: [...withdrawn.silent] });
      await gate;
    };
  });

  it('move once for all that is told in one moment', async () => {
    await agent.start();
    for (const host of ['gw1', 'gw2']) {
      agent.probes.push(silent(host));
      agent.moveFlows();
    }
    await agent.pass(0);
    expect(moves.map((move) => move.silent)).toEqual([['gw1', 'gw2']]);
  });

  it('move one after the other, by what is known when a move begins', async () => {
    await agent.start();
    const held = Promise.withResolvers<undefined>();
    gate = held.promise;
    agent.probes.push(silent('gw1'));
    agent.moveFlows();
    await until(() => moves.length === 1);
    agent.moveFlows();
    agent.probes.pop();
    agent.moveFlows();
    await agent.pass(0);
    expect(moves).toHaveLength(1);
    held.resolve(undefined);
    await until(() => moves.length === 2);
    await agent.pass(0);
    expect(moves.map((move) => move.silent)).toEqual([['gw1'], []]);
  });

  it('move as the plan says that a round is just reaching', async () => {
    await agent.start();
    const held = Promise.withResolvers<Round>();
    agent.answer = () => held.promise;
    agent.sourced = { plan: { ...nodePlan, revision: 'next' } };
    const asked = agent.ask();
    await until(() => agent.rounds.length === 2);
    agent.moveFlows();
    await until(() => moves.length === 1);
    expect(moves[0]?.revision).toBe('next');
    held.resolve(WELL);
    await asked;
  });

  it('are left to the next round where they cannot be moved', async () => {
    await agent.start();
    agent.move = () => Promise.reject(new Error('ip: gone'));
    agent.moveFlows();
    await until(() => agent.messages.includes('flows could not be moved; the next round does'));
  });
});

it('goes by what a round has read in another one at once, and then rests', async () => {
  const downs: string[][] = [];
  agent.answer = (_, { withdrawn }) => {
    downs.push([...withdrawn.down]);
    return Promise.resolve({ ...WELL, tunnels: [{ ...up, state: 'down' as const }] });
  };
  await agent.start();
  await agent.pass(SETTLE_MILLISECONDS);
  await until(() => downs.length === 2);
  await agent.rest();
  await agent.pass(SETTLE_MILLISECONDS);
  await agent.pass(SETTLE_MILLISECONDS);
  expect(downs).toEqual([[], [up.name]]);
});

it('goes on where an agent before has ended: what had failed is out from the first round on', async () => {
  const [tunnel] = plan.tunnels;
  const [a, b] = [tunnel?.name ?? '', 'sp.default.partner-a.b'];
  agent.last = { ...report, tunnels: [a, b].map((name) => ({ ...up, name })) };
  agent.probes.push({
    ...{ tunnel: a, kind: 'inside', target: '169.254.1.1', method: 'icmp', since: '' },
    ...{ state: 'failed', hasAnswered: true, lossy: false, reason: 'has not answered' },
    ...{ last100: { sent: 0, lost: 0 }, last1000: { sent: 0, lost: 0 } },
  });
  const tasks: Task[] = [];
  agent.answer = (_, task) => {
    tasks.push(task);
    return Promise.resolve(WELL);
  };
  await agent.start();
  expect(tasks[0]?.withdrawn.failed).toEqual(new Set([a]));
});

describe('the plan', () => {
  const refused = {
    code: 'agent/plan-refused',
    severity: 'warning',
    message: 'plan.json: is empty without an explicit removal',
  } as const;

  it('is waited for: without one nothing is touched, and the report says what to do', async () => {
    const none = { code: 'agent/no-plan', severity: 'warning', message: 'no plan' } as const;
    agent.sourced = { problem: none };
    await agent.start();
    expect(agent.rounds).toEqual([]);
    const report = await agent.report();
    expect(report).toMatchObject({ host: 'gw1', tunnels: [], problems: [none] });
    expect(report).not.toHaveProperty('wantedRevision');
  });

  it('stays in force while its file is refused, and the report says why', async () => {
    await agent.start();
    agent.sourced = { plan, problem: refused };
    await agent.hasten(() => {
      agent.changePlan();
    });
    await agent.pass(100);
    expect(await agent.report()).toMatchObject({
      revisionInEffect: plan.revision,
      problems: [refused],
    });
  });

  it('is followed as soon as there is another', async () => {
    await agent.start();
    agent.sourced = { plan: other };
    await agent.hasten(() => {
      agent.changePlan();
    });
    await agent.pass(100);
    expect((await agent.report()).revisionInEffect).toBe(other.revision);
  });
});

describe('a line of the daemon’s log', () => {
  it('ends the attempt that it explains, and brings a round', async () => {
    await agent.start();
    await agent.hasten(() => {
      agent.emitLog('sp.default.partner-a.main', 'giving up after 3 retransmits');
    });
    await agent.pass(100);
    expect(agent.told).toContain('failed sp.default.partner-a.main');
    expect(agent.rounds).toEqual([true, false]);
  });

  it('hears which SA the daemon takes for made with what is loaded', async () => {
    await agent.start();
    await agent.hasten(() => {
      agent.emitLog(
        'sp.default.partner-a.main',
        'not establishing CHILD_SA v4{7} due to existing duplicate {5} with SPIs c1_i c2_o and TS dynamic === dynamic',
      );
    });
    await agent.stop();
    expect(agent.told).toContain('child 5 is current');
  });
});
