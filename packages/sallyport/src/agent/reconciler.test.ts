import { buildMessage } from '@sallyport/vici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineError } from '../drivers/strongswan/engine-error.ts';
import { sharedIdOf } from '../drivers/strongswan/render.ts';
import type { HostPlan, TunnelPlan } from '../plan/host-plan.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { HostWithFakes, KEY } from './testing/host-with-fakes.ts';

const planOf = (world: string): HostPlan => planWorld(WORLDS[world] ?? { text: '' }).plan;
const plan = planOf('dual-stack inside, IPv4 outside');
const several = planOf('four family combinations');
const empty = planOf('nothing to carry');
const [tunnel] = plan.tunnels as readonly [TunnelPlan];
const UP = `initiate ${tunnel.name}`;

let host: HostWithFakes;

beforeEach(async () => {
  host = await HostWithFakes.start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await host[Symbol.asyncDispose]();
});

describe('a tunnel that is with whoever holds its address', () => {
  const moving = planOf('a tunnel that is with whoever holds its address');
  const [one] = moving.tunnels.filter(({ virtualRouter }) => virtualRouter !== undefined);
  const away = one as TunnelPlan;
  const stateOf = ({ tunnels }: Awaited<ReturnType<typeof host.round>>): unknown =>
    tunnels.find(({ name }) => name === away.name)?.state;

  it('is loaded and waits, comes up at once with the address, and ends at once without it', async () => {
    expect(stateOf(await host.round(moving))).toBe('standby');
    expect(host.charon.changes).toContain(`load-conn ${away.name}`);
    expect(host.charon.changes).not.toContain(`initiate ${away.name}`);
    host.charon.forgetChanges();
    host.held = new Set([away.localAddress ?? '']);
    await host.round(moving, false, false);
    expect(host.charon.changes).toContain(`initiate ${away.name}`);
    host.bringUp(away);
    expect(stateOf(await host.round(moving))).toBe('up');
    host.charon.forgetChanges();
    host.held = new Set();
    expect(stateOf(await host.round(moving, false, false))).toBe('standby');
    const ends = host.charon.messages.filter(({ command }) => command === 'terminate');
    expect(ends.map(({ message }) => message)).toEqual([expect.objectContaining({ force: 'yes' })]);
  });
});

describe('a round', () => {
  it('reaches the plan, proves it by reading back, and begins to bring tunnels up', async () => {
    const { lines, problems, isMoving, engines } = await host.round(plan);
    expect({ lines, problems }).toEqual({ lines: [], problems: [] });
    expect(isMoving).toBe(true);
    expect(engines).toMatchObject([{ state: 'running', version: '5.9.8' }]);
    expect(host.charon.changes).toEqual([
      `load-shared ${sharedIdOf(tunnel)}`,
      `load-conn ${tunnel.name}`,
      UP,
    ]);
    // Once to know what differs, once to prove that nothing does.
    expect(host.kernel.looks).toBe(2);
  });

  it('does nothing where everything is as it should be', async () => {
    await host.round(plan);
    host.bringUp(tunnel);
    await host.round(plan);
    host.charon.forgetChanges();
    const before = host.entries.length;
    const { tunnels, lines, isMoving } = await host.round(plan);
    expect(tunnels.map(({ state }) => state)).toEqual(['up']);
    expect({ lines, isMoving }).toEqual({ lines: [], isMoving: false });
    expect(host.charon.changes).toEqual([]);
    expect(host.kernel.applied).toHaveLength(1);
    expect(host.entries).toHaveLength(before);
  });

  it('asks only for SAs of which something was told, or that are on their way', async () => {
    const asked = (): unknown[] =>
      host.charon.messages.flatMap(({ command, message }) =>
        command === 'list-sas' ? [message] : [],
      );
    await host.round(plan);
    host.charon.forgetChanges();
    host.bringUp(tunnel);
    const { tunnels } = await host.round(plan, false, false);
    expect(tunnels.map(({ state }) => state)).toEqual(['up']);
    // It was initiated in the round before.
    expect(asked()).toEqual([{ ike: tunnel.name }]);
    host.charon.forgetChanges();
    const later = await host.round(plan, false, false);
    expect(later.tunnels).toEqual(tunnels);
    expect(asked()).toEqual([]);
    // Nobody has told that it is gone: the next look at all finds it.
    host.charon.sas.length = 0;
    expect((await host.round(plan)).tunnels.map(({ state }) => state)).not.toEqual(['up']);
  });

  it('looks only at connections that another plan changes, where the rest is known', async () => {
    const [first, ...others] = several.tunnels as [TunnelPlan, ...TunnelPlan[]];
    const edited = { ...first, livenessDelaySeconds: 33 };
    const after = { ...several, revision: 'after', tunnels: [edited, ...others] };
    await host.round(several);
    host.charon.forgetChanges();
    const { lines } = await host.round(after, true, false);
    expect(lines).toEqual([]);
    expect(host.charon.changes).toContain(`load-conn ${first.name}`);
    const asked = host.charon.messages.filter(({ command }) => command === 'list-conns');
    // To know what differs, and to prove that nothing does.
    expect(asked.map(({ message }) => message)).toEqual([{ ike: first.name }, { ike: first.name }]);
  });

  it('leaves the kernel unseen when only SAs have changed, but not under another plan', async () => {
    await host.round(plan);
    host.kernel.looks = 0;
    await host.round(plan, false);
    expect(host.kernel.looks).toBe(0);
    await host.round(several, false);
    expect(host.kernel.looks).toBe(2);
  });

  it('takes what is loaded for what it was when only SAs have changed, but not of another daemon', async () => {
    await host.round(plan);
    host.charon.connections.clear();
    await host.round(plan, false);
    expect(host.charon.connections.size).toBe(0);
    await host.round(plan, true);
    expect(host.charon.connections.size).toBe(1);
    host.charon.restart('Nov 21 09:00:00 2026');
    await host.round(plan, false);
    expect(host.charon.connections.size).toBe(1);
  });

  it('repairs what drifted in kernel and daemon, and says each step', async () => {
    await host.round(plan);
    host.bringUp(tunnel);
    await host.round(plan);
    const [route] = host.kernel.state.routes;
    host.kernel.state = { ...host.kernel.state, routes: host.kernel.state.routes.slice(1) };
    host.charon.connections.clear();
    const before = host.entries.length;
    const { lines } = await host.round(plan);
    expect(lines).toEqual([]);
    expect(host.kernel.applied.at(-1)).toHaveLength(1);
    expect(host.charon.connections.has(tunnel.name)).toBe(true);
    const changed = 'somebody else has changed what was in effect';
    expect(host.messages.slice(before)).toEqual([
      expect.stringContaining(`add route ${String(route?.prefix)}`),
      changed,
      expect.stringContaining(`IKE connection ${tunnel.name}`),
      changed,
    ]);
  });

  it('loads a daemon that was restarted anew', async () => {
    await host.round(plan);
    host.charon.restart('Nov 21 09:00:00 2026');
    expect((await host.round(plan)).lines).toEqual([]);
    expect([...host.charon.shared.keys()]).toEqual([sharedIdOf(tunnel)]);
    expect([...host.charon.connections.keys()]).toEqual([tunnel.name]);
  });
});

describe('what a plan no longer has', () => {
  it('is removed, and nothing that is not ours', async () => {
    host.charon.connections.set('theirs', buildMessage({}));
    host.charon.sas.push({ name: 'theirs', uniqueId: '9' });
    await host.round(plan);
    host.bringUp(tunnel);
    const { tunnels, lines } = await host.round(empty);
    expect({ tunnels, lines }).toEqual({ tunnels: [], lines: [] });
    expect([...host.charon.connections.keys()]).toEqual(['theirs']);
    expect(host.charon.sas.map(({ name }) => name)).toEqual(['theirs']);
    expect(host.kernel.state.interfaces).toEqual([]);
  });

  it('starts no daemon', async () => {
    host.engine = {
      socket: '',
      ensure: () => Promise.reject(new Error('started without need')),
      answers: () => Promise.resolve(false),
    };
    expect(await host.round(empty)).toMatchObject({ lines: [], problems: [], tunnels: [] });
  });
});

describe('a level that fails', () => {
  it('does not stop the others: kernel', async () => {
    host.kernel.fault = () => Promise.reject(new Error('ip: netlink is gone'));
    const { lines, problems } = await host.round(plan);
    expect(lines).toEqual(['kernel: state unknown']);
    expect(problems).toEqual([
      { code: 'kernel/failed', severity: 'error', message: 'ip: netlink is gone' },
    ]);
    expect(host.charon.changes.at(-1)).toBe(UP);
    // It stands until it is looked at again.
    expect(await host.round(plan, false)).toMatchObject({ lines, problems });
    host.kernel.fault = undefined;
    expect((await host.round(plan)).lines).toEqual([]);
  });

  it.each([
    {
      what: 'a daemon that does not come up',
      code: 'engine/no-start',
      line: 'IKE daemon: not running',
      told: ['down', 'engine/not-running'],
    },
    {
      what: 'a daemon that runs and does not answer',
      code: 'engine/no-answer',
      line: 'IKE daemon: state unknown',
      told: ['unknown', 'engine/no-answer'],
    },
    {
      what: 'a daemon that could not be found out about',
      code: 'engine/failed',
      line: 'IKE daemon: state unknown',
      told: ['unknown', undefined],
    },
  ] as const)('does not stop the others: $what', async ({ code, line, told }) => {
    const found = host.engine;
    host.engine = {
      ...found,
      ensure: () =>
        Promise.reject(
          code === 'engine/failed' ? new Error('EIO') : new EngineError(code, 'no charon'),
        ),
    };
    const { lines, problems, tunnels } = await host.round(plan);
    expect(lines).toEqual([line]);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(tunnels.map(({ state, cause }) => [state, cause?.code])).toEqual([told]);
    expect(host.kernel.state.interfaces).toHaveLength(1);
    host.engine = found;
    const after = await host.round(plan);
    expect(after.lines).toEqual([]);
    expect(after.tunnels.map(({ cause }) => cause)).toEqual([undefined]);
  });

  it('does not stop the others: a conversation with the daemon that breaks', async () => {
    await host.charon[Symbol.asyncDispose]();
    const { lines, problems } = await host.round(plan);
    expect(lines).toEqual(['IKE daemon: state unknown']);
    expect(problems.map(({ code }) => code)).toEqual(['strongswan/failed']);
    expect(host.kernel.state.interfaces).toHaveLength(1);
  });

  it('is given up at its deadline, and the next one begins', async () => {
    const deadlines: AbortController[] = [];
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const deadline = new AbortController();
      deadlines.push(deadline);
      return deadline.signal;
    });
    const begun = Promise.withResolvers<undefined>();
    host.kernel.fault = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('ip hung'));
        });
        begun.resolve(undefined);
      });
    const round = host.round(plan);
    await begun.promise;
    deadlines[0]?.abort();
    expect((await round).lines).toEqual(['kernel: state unknown']);
    expect(host.charon.changes.at(-1)).toBe(UP);
  });
});

describe('a change that fails', () => {
  it('in the kernel stands in the report with its error until it is done, told once', async () => {
    host.kernel.refusal = 'RTNETLINK answers: Operation not permitted';
    const { lines } = await host.round(plan);
    expect(lines).toContainEqual(
      expect.stringMatching(/^kernel: add interface .*: RTNETLINK answers: Operation not perm/u),
    );
    const told = host.entries.length;
    await host.round(plan);
    expect(host.entries).toHaveLength(told);
    host.kernel.refusal = undefined;
    expect((await host.round(plan)).lines).toEqual([]);
  });

  it('in the daemon leaves the other connections alone', async () => {
    const [bad, ...good] = several.tunnels;
    if (bad === undefined) throw new Error('no tunnel');
    host.charon.refused.add(bad.name);
    const { lines } = await host.round(several);
    expect([...host.charon.connections.keys()]).toEqual(good.map(({ name }) => name));
    const line = `strongswan: add IKE connection ${bad.name}: `;
    const words = lines.find((text) => text.startsWith(line));
    expect(words).toContain('invalid value for: proposals, config discarded');
    expect(host.charon.changes).not.toContain(`initiate ${bad.name}`);
    host.charon.refused.clear();
    expect((await host.round(several)).lines).toEqual([]);
  });

  it('is told again when it fails anew after it was mended', async () => {
    const failures = (): number =>
      host.messages.filter((message) => message.startsWith('failed: ')).length;
    host.charon.refused.add(tunnel.name);
    await host.round(plan);
    await host.round(plan);
    expect(failures()).toBe(1);
    host.charon.refused.clear();
    await host.round(plan);
    await host.round(plan);
    host.charon.refused.add(tunnel.name);
    host.charon.connections.clear();
    await host.round(plan);
    expect(failures()).toBe(2);
  });
});

describe('a secret', () => {
  const everything = async (rounds: readonly unknown[]): Promise<string> =>
    JSON.stringify([rounds, host.entries, await host.memory()]);

  it('is nowhere but in the daemon: not in log, report or memory', async () => {
    const text = await everything([await host.round(plan), await host.round(several)]);
    expect(text).toContain(tunnel.name);
    for (const encoding of ['utf8', 'hex', 'base64'] as const)
      expect(text).not.toContain(Buffer.from(KEY).toString(encoding));
  });

  it('that cannot be read is named with its reason, and the rest goes on', async () => {
    host.readSecret = () => Promise.reject(new Error('Secret default/a-psk is not declared'));
    const { differences } = await host.round(plan);
    const found = differences.find(({ text }) =>
      text.includes('Secret default/a-psk is not declared'),
    );
    expect(found?.tunnel).toBe(tunnel.name);
    expect(host.charon.shared.size).toBe(0);
  });
});

describe('a tunnel', () => {
  it('that fails is down with its cause while it is tried again, and up without', async () => {
    host.charon.refuseToInitiate("CHILD_SA config 'v4' not found");
    await host.round(plan);
    const failed = await host.round(plan);
    expect(failed.tunnels.map(({ state, cause }) => [state, cause?.code])).toEqual([
      ['down', 'child/failed'],
    ]);
    host.bringUp(tunnel);
    const { tunnels } = await host.round(plan);
    expect(tunnels.map(({ state, cause }) => [state, cause])).toEqual([['up', undefined]]);
  });
});
