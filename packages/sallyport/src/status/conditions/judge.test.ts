import { describe, expect, it } from 'vitest';
import type { Problem } from '../../lib/problem.ts';
import type { PlanSource } from '../../plan/host-plan.ts';
import type { DriftEntry, HostReading, TunnelReport } from '../host-report.ts';
import { certificates, down, NOW, report, up } from '../testing/reports.ts';
import type { Condition, ObjectGeneration, ObjectStatus } from './condition.ts';
import type { ConditionType } from './condition-reasons.ts';
import { judgeObjects } from './judge.ts';
import type { JudgedHost } from './judged.ts';

const { objects: _, ...reading } = report;
const connection = { kind: 'Connection', namespace: 'default', name: 'partner-a', generation: 2 };
const source = (object: ObjectGeneration, ...tunnels: readonly string[]): PlanSource => ({
  ...object,
  tunnels,
});

function hostWith(
  change: Partial<HostReading> = {},
  sources: readonly PlanSource[] = [source(connection, up.name)],
): JudgedHost {
  return {
    plan: { host: 'gw1', revision: 'a1b2c3d4e5f60718', sources },
    report: { ...reading, tunnels: [up], ...change },
  };
}

interface Judging {
  readonly object?: ObjectGeneration;
  readonly problems?: readonly Problem[];
  readonly previous?: readonly ObjectStatus[];
  readonly now?: string;
}

function judge(hosts: readonly JudgedHost[], judging: Judging = {}): readonly Condition[] {
  const { object = connection, problems = [], previous = [], now = NOW } = judging;
  return judgeObjects({ objects: [object], hosts, problems, previous, now })[0]?.conditions ?? [];
}

function told(conditions: readonly Condition[], wanted: ConditionType): string {
  const found = conditions.find(({ type }) => type === wanted);
  return found === undefined ? 'absent' : `${found.status} ${found.reason}: ${found.message}`;
}

const tunnelIn = (change: Partial<TunnelReport>): JudgedHost =>
  hostWith({ tunnels: [{ ...up, ...change }] });

describe('conditions', () => {
  it('are those that its kind can have', () => {
    const typesOf = (kind: string): string[] => {
      const object = { ...connection, kind };
      return judge([hostWith({}, [source(object, up.name)])], { object }).map(({ type }) => type);
    };
    expect(typesOf('Connection')).toEqual(['Accepted', 'Programmed', 'Established', 'Healthy']);
    expect(typesOf('Gateway')).toEqual(['Accepted', 'Programmed', 'Established']);
    expect(typesOf('Host')).toEqual(['Accepted', 'Programmed', 'Established']);
    expect(typesOf('CryptoPolicy')).toEqual(['Accepted', 'Programmed']);
    expect(typesOf('Secret')).toEqual(['Accepted', 'Programmed']);
  });

  it('are also those of certificates where there are any', () => {
    const host = (object: ObjectGeneration): JudgedHost =>
      hostWith({ tunnels: [{ ...up, certificates }] }, [source(object, up.name)]);
    const secret = { ...connection, kind: 'Secret', name: 'own' };
    for (const object of [connection, secret])
      expect(told(judge([host(object)], { object }), 'CertificateValid')).toMatch(/^True Valid: /);
  });

  it('keep the time of their last transition until their status is another', () => {
    const times = (conditions: readonly Condition[]): string[] =>
      conditions.map(({ lastTransitionTime }) => lastTransitionTime);
    const first = judge([hostWith()]);
    expect(new Set(times(first))).toEqual(new Set(['2026-06-01T12:00:00Z']));
    const previous = [{ ...connection, conditions: first }];
    const later = '2026-06-01T12:30:00.123Z';
    expect(judge([hostWith()], { previous, now: later })).toEqual(first);
    const after = judge([tunnelIn({ state: 'down' })], { previous, now: later });
    expect(times(after)).toEqual([
      ...['2026-06-01T12:00:00Z', '2026-06-01T12:00:00Z'],
      ...['2026-06-01T12:30:00Z', '2026-06-01T12:30:00Z'],
    ]);
  });

  it('name the generation that they speak of', () => {
    const generations = (hosts: readonly JudgedHost[], generation: number): number[] =>
      judge(hosts, { object: { ...connection, generation } }).map(
        ({ observedGeneration }) => observedGeneration,
      );
    expect(generations([hostWith()], 2)).toEqual([2, 2, 2, 2]);
    // The SAs are those of the generation that runs.
    expect(generations([hostWith()], 3)).toEqual([3, 3, 2, 2]);
    expect(generations([hostWith({ wantedRevision: 'older' })], 3)).toEqual([3, 3, 0, 0]);
    expect(generations([], 3)).toEqual([3, 3, 3, 3]);
  });
});

describe('Accepted', () => {
  const problem = (severity: Problem['severity'], name = 'partner-a'): Problem => ({
    code: 'connection/unknown-gateway',
    severity,
    message: `there is no gateway for ${name}`,
    object: { ...connection, name },
  });

  it('goes by what validation says of this object', () => {
    const of = (...problems: readonly Problem[]): string =>
      told(judge([hostWith()], { problems }), 'Accepted');
    expect(of()).toBe('True Accepted: valid, and everything that it names is there');
    expect(of(problem('warning'), problem('error', 'partner-b'))).toMatch(/^True/);
    expect(of(problem('waiting'))).toBe(
      'False ReferenceMissing: there is no gateway for partner-a',
    );
    expect(of(problem('waiting'), problem('error'))).toMatch(/^False Invalid: there is no/);
  });
});

describe('what concerns one shard', () => {
  const fault = {
    code: 'engine/no-start',
    severity: 'error',
    message: 'silent',
    shard: 'ike2',
  } as const;
  const differences = [{ text: 'IKE daemon: not running', shard: 'ike2' }];
  const engines = reading.engines.flatMap((engine) => [
    engine,
    { ...engine, shard: 'ike2', state: 'stopped' as const },
  ]);
  const programmed = (change: Partial<HostReading>, object = connection): string =>
    told(judge([hostWith(change, [source(object, up.name)])], { object }), 'Programmed');

  it.each([
    ['its own tunnels', { shard: 'ike2' }, 'False EngineNotRunning: gw1: silent'],
    ['no other tunnel', {}, 'True Programmed'],
    ['no tunnel of another shard', { shard: 'ike3' }, 'True Programmed'],
  ])('is told of %s', (_, place, expected) => {
    const tunnels = [{ ...up, ...place }];
    expect(programmed({ tunnels, problems: [fault], differences, engines })).toContain(expected);
  });

  it('is told of no shard where it is of the host’s own daemon', () => {
    const own = { shard: null };
    const change = {
      problems: [{ ...fault, ...own }],
      differences: [{ text: 'IKE daemon: not running', ...own }],
      engines: reading.engines.map((engine) => ({ ...engine, state: 'stopped' as const })),
    };
    expect(programmed({ ...change, tunnels: [{ ...up, shard: 'ike2' }] })).toContain('True');
    expect(programmed(change)).toBe('False EngineNotRunning: gw1: silent');
  });

  it('leaves open what a daemon does that could not be asked', () => {
    const silent = engines.map((engine) => ({ ...engine, state: 'silent' as const }));
    const tunnels = [{ ...up, shard: 'ike2' }];
    expect(programmed({ tunnels, problems: [fault], engines: silent })).toBe(
      'Unknown StateUnknown: gw1: silent (shard ike2)',
    );
  });

  it('is told of the host', () => {
    const object = { ...connection, kind: 'Host' };
    expect(programmed({ problems: [fault], engines }, object)).toContain('False EngineNotRunning');
  });
});

describe('Programmed', () => {
  const programmed = (hosts: readonly JudgedHost[], object = connection): string =>
    told(judge(hosts, { object }), 'Programmed');

  it('is true when every host has proven this generation', () => {
    const other = { ...hostWith(), plan: { ...hostWith().plan, host: 'gw2' } };
    expect(programmed([hostWith(), other])).toBe(
      'True Programmed: in effect on gw1, gw2, read back from daemon and kernel',
    );
  });

  it('does not pass for true by being accepted', () => {
    expect(programmed([hostWith()], { ...connection, generation: 3 })).toBe(
      'False Pending: gw1 still runs generation 2, not generation 3',
    );
    expect(programmed([hostWith({ wantedRevision: 'older' })])).toBe(
      'False Pending: gw1 still runs another plan, not generation 2',
    );
    expect(programmed([{ plan: hostWith().plan }])).toBe(
      'Unknown NotReported: gw1 has not reported yet',
    );
    expect(programmed([])).toBe('Unknown NotUsed: no tunnel of any host needs it');
  });

  it('is as bad as it is on the worst host', () => {
    const silent = { plan: { ...hostWith().plan, host: 'gw2' } };
    const differing = hostWith({ differences: [{ text: 'route is missing' }] });
    expect(programmed([hostWith(), silent])).toMatch(/^Unknown NotReported: gw2/);
    expect(programmed([hostWith(), silent, differing])).toMatch(/^False Differs: gw1/);
  });

  it('is false for a difference of one of its tunnels or of the whole host, and no other', () => {
    const differing = (tunnel?: string): string =>
      programmed([hostWith({ differences: [{ text: 'route', ...(tunnel && { tunnel }) }] })]);
    expect(differing(up.name)).toBe('False Differs: gw1: route');
    expect(differing()).toBe('False Differs: gw1: route');
    expect(differing(down.name)).toMatch(/^True/);
  });

  it('names the first differences of many', () => {
    const differences = ['a', 'b', 'c', 'd', 'e'].map((text) => ({ text }));
    expect(programmed([hostWith({ differences })])).toBe('False Differs: gw1: a; b; c and 2 more');
  });

  it.each([
    ['engine/no-answer', 'error', 'Unknown StateUnknown: gw1: words'],
    ['kernel/failed', 'error', 'Unknown StateUnknown: gw1: words'],
    ['agent/copy-not-kept', 'warning', 'True Programmed: '],
  ] as const)('follows from the problem %s', (code, severity, words) => {
    const problems = [{ code, severity, message: 'words' }];
    expect(programmed([hostWith({ problems })])).toContain(words);
  });
});

describe('Established', () => {
  const established = (hosts: readonly JudgedHost[]): string => told(judge(hosts), 'Established');

  it.each([
    ['up', 'True Established: 1 tunnel up'],
    ['partial', 'False PartlyUp: sp.default.partner-a.main is partly up'],
    ['connecting', 'False Connecting: sp.default.partner-a.main is connecting'],
    ['down', 'False Down: sp.default.partner-a.main is down'],
    ['waiting', 'Unknown Waiting: the other side begins, and has not yet'],
    ['trapped', 'Unknown Trapped: comes up with the first packet'],
    ['standby', 'Unknown Standby: another host of the gateway holds its address, and has it'],
    ['disabled', 'Unknown Disabled: declared to be down'],
  ] as const)('tells of a tunnel that is %s', (state, words) => {
    expect(established([tunnelIn({ state })])).toBe(words);
  });

  it('says why a tunnel is down', () => {
    const { cause } = down;
    expect(established([tunnelIn({ state: 'down', ...(cause && { cause }) })])).toBe(
      'False Down: sp.default.partner-a.main is down: 198.51.100.30 did not answer [ike/no-answer]',
    );
  });

  it('needs every tunnel that is wanted', () => {
    const several = (...states: readonly TunnelReport['state'][]): string => {
      const tunnels = states.map((state, index) => ({ ...up, name: `t${index}`, state }));
      const sources = [source(connection, ...tunnels.map(({ name }) => name))];
      return established([hostWith({ tunnels }, sources)]);
    };
    expect(several('up', 'up')).toBe('True Established: 2 tunnels up');
    expect(several('up', 'trapped')).toBe(
      'True Established: 1 tunnel up; 1 tunnel not wanted up now',
    );
    expect(several('up', 'down')).toBe('False PartlyUp: t1 is down');
    expect(several('disabled', 'waiting')).toMatch(/^Unknown Waiting/);
  });

  it('is not known of a daemon that does not answer', () => {
    const conditions = judge([tunnelIn({ state: 'unknown' })]);
    const words = 'Unknown StateUnknown: sp.default.partner-a.main is not known';
    expect(told(conditions, 'Established')).toBe(words);
    expect(told(conditions, 'Healthy')).toBe(words);
  });

  it('is not known before a host has reported', () => {
    expect(established([{ plan: hostWith().plan }])).toMatch(/^Unknown NotReported: gw1/);
    expect(established([hostWith({ tunnels: [] })])).toMatch(/^Unknown NotReported: no host/);
    expect(established([])).toBe('Unknown NotUsed: it has no tunnel');
  });
});

describe('Healthy', () => {
  const healthy = (change: Partial<TunnelReport>, previous: readonly Condition[] = []): string =>
    told(
      judge([tunnelIn(change)], { previous: [{ ...connection, conditions: previous }] }),
      'Healthy',
    );

  it.each([
    ['both-ways', 'True BothWays'],
    ['unanswered', 'False OneWay: sp.default.partner-a.main: packets go out, and none comes in'],
    ['unreturned', 'False OneWay: sp.default.partner-a.main: packets come in, and none goes out'],
    ['none', 'Unknown NoTraffic'],
  ] as const)('tells of traffic that is %s', (traffic, words) => {
    expect(healthy({ traffic })).toContain(words);
  });

  it('tells of a tunnel that is not up whether it should be', () => {
    expect(healthy({ state: 'down' })).toMatch(/^False NotEstablished/);
    expect(healthy({ state: 'trapped' })).toMatch(/^Unknown NoTraffic: no SA is up/);
    expect(healthy({ state: 'standby' })).toMatch(/^Unknown NoTraffic: no SA is up/);
  });

  it('stays as it was proven last while it is too early to tell', () => {
    const proven = judge([tunnelIn({ traffic: 'both-ways' })]);
    expect(healthy({}, proven)).toMatch(/^True BothWays/);
    expect(healthy({ traffic: 'none' }, proven)).toMatch(/^Unknown NoTraffic/);
    expect(healthy({})).toMatch(/^Unknown NoTraffic/);
  });
});

describe('Drifted', () => {
  const host = { ...connection, kind: 'Host', name: 'gw1' };
  const sources = [source(connection, up.name), source(host, up.name)];
  const drifted = (change: Partial<HostReading>, object = connection): Condition | undefined =>
    judge([hostWith(change, sources)], { object }).find(({ type }) => type === 'Drifted');
  const entry = { at: '2026-06-01T11:00:00.500Z', text: 'kernel: add route', repaired: true };
  const drift = (...last: readonly DriftEntry[]): Partial<HostReading> => ({
    drift: { ...reading.drift, last },
  });

  it('is absent where nobody has changed anything', () => {
    expect(drifted({})).toBeUndefined();
    expect(drifted(drift({ ...entry, tunnel: down.name }))).toBeUndefined();
  });

  it('is true of what stands as somebody else has left it', () => {
    const differences = [{ text: 'kernel: add route', tunnel: up.name, drifted: true }] as const;
    for (const object of [connection, host])
      expect(drifted({ differences }, object)).toMatchObject({
        status: 'True',
        reason: 'NotRepaired',
        message: 'gw1: kernel: add route',
      });
    const conditions = judge([hostWith({ differences })]);
    expect(told(conditions, 'Programmed')).toBe('False Drifted: gw1: kernel: add route');
  });

  it('is false of what was repaired, since then, with all that was found at once', () => {
    const own = { ...entry, tunnel: up.name };
    const last = [{ ...own, at: '2026-06-01T10:00:00Z' }, own, { ...own, text: 'kernel: mtu' }];
    expect(drifted(drift(...last))).toEqual({
      type: 'Drifted',
      status: 'False',
      reason: 'Repaired',
      message: 'gw1: kernel: add route; kernel: mtu',
      observedGeneration: 2,
      lastTransitionTime: '2026-06-01T11:00:00Z',
    });
  });

  it('is false since it was put right, where it stood for a while', () => {
    const own = { ...entry, tunnel: up.name, repaired: false };
    const differences = [{ text: entry.text, tunnel: up.name, drifted: true }] as const;
    const timesOf = (conditions: readonly Condition[]): (string | undefined)[] => {
      const found = conditions.find(({ type }) => type === 'Drifted');
      return [found?.status, found?.lastTransitionTime];
    };
    const stood = judge([hostWith({ ...drift(own), differences })]);
    expect(timesOf(stood)).toEqual(['True', '2026-06-01T12:00:00Z']);
    const judgeAt = (now: string, conditions: readonly Condition[]): readonly Condition[] =>
      judge([hostWith(drift(own))], { now, previous: [{ ...connection, conditions }] });
    const righted = judgeAt('2026-06-01T12:10:00Z', stood);
    expect(timesOf(righted)).toEqual(['False', '2026-06-01T12:10:00Z']);
    expect(timesOf(judgeAt('2026-06-01T12:20:00Z', righted))).toEqual(timesOf(righted));
  });

  it('is of the Host alone where it concerns no tunnel, or one that is not wanted', () => {
    const gone = { ...entry, tunnel: 'sp.default.gone.main' };
    for (const last of [entry, gone]) {
      expect(drifted(drift(last))).toBeUndefined();
      expect(drifted(drift(last), host)?.reason).toBe('Repaired');
    }
  });
});
