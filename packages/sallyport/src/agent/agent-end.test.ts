/** How the agent ends: in order, soon, and with every tunnel as it is. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { askWork } from './control.ts';
import { AgentWithFakes, until, WELL } from './testing/agent-with-fakes.ts';

const { plan } = planWorld(WORLDS['dual-stack inside, IPv4 outside'] ?? { text: '' });

let agent: AgentWithFakes;

beforeEach(async () => {
  agent = await AgentWithFakes.prepare();
  agent.sourced = { plan };
});
afterEach(async () => {
  await agent[Symbol.asyncDispose]();
});

describe('at SIGTERM the agent', () => {
  it('does nothing more to daemon or kernel, but for the holds of its own', async () => {
    await agent.start();
    agent.told.length = 0;
    await agent.stop();
    expect(agent.told).toEqual(['daemon left', 'history saved', 'holds released']);
    expect(agent.rounds).toHaveLength(1);
    expect(agent.messages.at(-1)).toBe('agent stopped, tunnels stay up');
    expect((await agent.report()).revisionInEffect).toBe(plan.revision);
    expect(await agent.ask()).toBeUndefined();
  });

  it('ends before its first round', async () => {
    agent.run();
    await until(() => agent.messages.includes('agent started'));
    await agent.stop();
    expect(agent.rounds).toEqual([]);
  });

  it('ends when the signal came before it was up', async () => {
    agent.signal();
    agent.run();
    await agent.ended;
    expect(agent.rounds).toEqual([]);
  });

  it('lets a round finish, and reports nothing that was cut off', async () => {
    await agent.start();
    const gate = Promise.withResolvers<undefined>();
    agent.answer = async () => {
      await gate.promise;
      return { ...WELL, differences: [{ text: 'IKE daemon: state unknown' }] };
    };
    const asked = agent.ask();
    await until(() => agent.rounds.length === 2);
    agent.signal();
    await until(() => agent.told.includes('daemon left'));
    expect(agent.messages).not.toContain('agent stopped, tunnels stay up');
    gate.resolve(undefined);
    await agent.ended;
    expect(await asked).toBeUndefined();
    expect((await agent.report()).differences).toEqual([]);
  });

  it('brings back what a drill has taken out', async () => {
    await agent.start();
    const drilled: number[] = [];
    agent.answer = (_, task) => {
      drilled.push(task.drilled.size);
      return Promise.resolve(WELL);
    };
    await askWork(agent.controlSocket, { verb: 'drill', seconds: 60 });
    await agent.stop();
    expect(drilled).toEqual([plan.tunnels.length, 0]);
    expect(await agent.report()).not.toHaveProperty('drill');
  });

  it('does not wait for somebody who is connected and says nothing', async () => {
    await agent.start();
    const silent = connect(agent.controlSocket).resume();
    await once(silent, 'connect');
    await agent.ask();
    const gone = once(silent, 'close');
    await agent.stop();
    await gone;
  });
});

describe('holds', () => {
  it('of an agent that was killed are released before anything else', async () => {
    await agent.start();
    expect(agent.told).toEqual(['holds released']);
  });

  it('that cannot be released keep no agent from its work', async () => {
    agent.cleanUp = () => Promise.reject(new Error('ip: not found'));
    await agent.start();
    expect(agent.rounds).toEqual([true]);
    await agent.stop();
    const said = agent.entries.filter(({ msg }) => msg === 'packets may still be held');
    expect(said.map(({ error }) => error)).toEqual(['ip: not found', 'ip: not found']);
  });
});
