import { describe, expect, it } from 'vitest';
import { toCondition, toVerdict } from '../conditions/condition.ts';
import type { DriftEntry, EngineReport, HostReport, TunnelReport } from '../host-report.ts';
import { certificates, child, down, report, up } from '../testing/reports.ts';
import type { Event } from './event.ts';
import { eventsBetween, withLastKnown } from './events.ts';

const later = '2026-06-01T12:00:08.000Z';
const { ike: upIke } = up;

function between(before: Partial<HostReport>, after: Partial<HostReport>): Event[] {
  return eventsBetween(
    { ...report, ...before },
    { ...report, ...before, observedAt: later, ...after },
  );
}

/** The host's own daemon, otherwise than usual. */
function engines(change: Partial<EngineReport>): EngineReport[] {
  return report.engines.map((engine) => ({ ...engine, ...change }));
}

/** What one tunnel makes of two looks. */
function ofTunnel(before: TunnelReport, after: TunnelReport): Event[] {
  return between({ tunnels: [before] }, { tunnels: [after] });
}

const { cause: __, ...quiet } = down;
const { revisionInEffect: ___, ...differing } = report;

describe('eventsBetween', () => {
  it('says nothing of a host that is as it was', () => {
    expect(between({}, {})).toEqual([]);
  });

  it('tells by serial numbers that another certificate of ours came into use', () => {
    const local = { ...certificates.local, serial: '0c', fingerprint: 'cafe' };
    const before = { ...up, certificates };
    expect(ofTunnel(before, { ...up, certificates: { ...certificates, local } })).toMatchObject([
      {
        reason: 'CertificateChanged',
        object: { kind: 'Connection', name: 'partner-a', tunnel: 'main' },
        before: '0a',
        after: '0c',
      },
    ]);
    expect(ofTunnel(before, before)).toEqual([]);
    expect(ofTunnel(up, before)).toEqual([]);
  });

  it('tells all that is there at the first look, the host first', () => {
    const events = eventsBetween(undefined, report);
    expect(
      events.map(({ reason, object, before, after }) => [reason, object.name, before, after]),
    ).toMatchInlineSnapshot(`
      [
        [
          "AgentStarted",
          "gw1",
          undefined,
          "0.1.0",
        ],
        [
          "EngineStarted",
          "gw1",
          undefined,
          "5.9.8",
        ],
        [
          "PlanInEffect",
          "gw1",
          undefined,
          "a1b2c3d4e5f60718",
        ],
        [
          "TunnelUp",
          "partner-a",
          undefined,
          "up",
        ],
        [
          "TunnelFailed",
          "partner-b",
          undefined,
          "down",
        ],
      ]
    `);
    expect(new Set(events.map(({ at, host }) => `${at} ${host}`))).toEqual(
      new Set([`${report.observedAt} gw1`]),
    );
  });

  it('tells of an agent that began anew, and nothing of what it found as it was', () => {
    const agent = { ...report.agent, startedAt: later };
    const events = between({}, { agent, engines: engines({ life: 7 }) });
    expect(events.map(({ reason }) => reason)).toEqual(['AgentStarted']);
  });

  it.each([
    ['lost', 'running', 'stopped', 1, ['EngineLost']],
    ['silent', 'running', 'silent', 1, ['EngineSilent']],
    ['still silent', 'silent', 'silent', 1, []],
    ['found dead after a silence', 'silent', 'stopped', 1, ['EngineLost']],
    ['there and silent', 'stopped', 'silent', 2, ['EngineSilent']],
    ['not silent any more', 'silent', 'running', 1, ['EngineAnswers']],
    ['another one after a silence', 'silent', 'running', 2, ['EngineRestarted']],
    ['back', 'stopped', 'running', 2, ['EngineStarted']],
    ['killed and started between two looks', 'running', 'running', 2, ['EngineRestarted']],
    ['still gone', 'stopped', 'stopped', 1, []],
  ] as const)('tells of a daemon that is %s', (_, was, is, life, reasons) => {
    const events = between(
      { engines: engines({ state: was }) },
      { engines: engines({ state: is, life }) },
    );
    expect(events.map(({ reason }) => reason)).toEqual(reasons);
  });

  it('tells of each daemon by itself, with its own fault', () => {
    const shard = engines({ shard: 'ike2' });
    const lost = engines({ shard: 'ike2', state: 'stopped' });
    const fault = { code: 'engine/no-start', severity: 'error', message: 'silent' } as const;
    const events = between(
      { engines: [...report.engines, ...shard] },
      {
        engines: [...report.engines, ...lost],
        problems: [
          { ...fault, shard: null, message: 'of the host' },
          { ...fault, shard: 'ike2' },
        ],
      },
    );
    expect(events).toMatchObject([
      { reason: 'EngineLost', object: { shard: 'ike2' }, cause: { message: 'silent' } },
      { reason: 'ProblemFound', cause: { message: 'of the host' } },
      { reason: 'ProblemFound', cause: { message: 'silent' } },
    ]);
    expect(
      between({ engines: [...report.engines, ...shard] }, { engines: report.engines }),
    ).toEqual([]);
  });

  it('tells why a daemon is silent', () => {
    const problems = [
      { code: 'engine/no-answer', severity: 'error', message: 'silent', shard: null },
    ] as const;
    const events = between({}, { engines: engines({ state: 'silent' }), problems });
    expect(events).toMatchObject([
      { reason: 'EngineSilent', cause: { code: 'engine/no-answer', message: 'silent' } },
      { reason: 'ProblemFound' },
    ]);
  });

  it('tells of each problem once, and when it is over', () => {
    const problem = { code: 'engine/no-start', severity: 'error', message: 'silent' } as const;
    const reworded = { ...problem, message: 'still silent' };
    expect(between({}, { problems: [problem] })).toMatchObject([
      { reason: 'ProblemFound', cause: { code: 'engine/no-start', message: 'silent' } },
    ]);
    expect(between({ problems: [problem] }, { problems: [reworded] })).toEqual([]);
    expect(between({ problems: [problem] }, { problems: [] })).toMatchObject([
      { reason: 'ProblemGone', cause: { code: 'engine/no-start' } },
    ]);
  });
});

describe('eventsBetween, of problems alike', () => {
  const alike = { code: 'engine/foreign-daemon', severity: 'error', message: 'held' } as const;
  const secret = { kind: 'Secret', namespace: 'default', name: 'key' };

  it.each([
    ['of a second daemon', { shard: 'ike2' }, { kind: 'Host', name: 'gw1', shard: 'ike2' }],
    ['of the whole host', {}, { kind: 'Host', name: 'gw1' }],
    ['of a declared object', { shard: null, object: secret }, secret],
  ])('tells of one %s beside that of the host’s own daemon', (_, change, object) => {
    const own = { ...alike, shard: null };
    const { shard: __, ...whole } = own;
    const events = between({ problems: [own] }, { problems: [own, { ...whole, ...change }] });
    expect(events.map(({ reason, object: of }) => [reason, of])).toEqual([
      ['ProblemFound', object],
    ]);
  });
});

describe('eventsBetween, of the plan', () => {
  const differences = [{ text: 'kernel: add route' }, { text: 'kernel: add rule' }];

  it('tells when another revision is in effect', () => {
    const revisions = { wantedRevision: 'new', revisionInEffect: 'new' };
    expect(between({}, revisions)).toMatchObject([
      { reason: 'PlanInEffect', before: 'a1b2c3d4e5f60718', after: 'new' },
    ]);
  });

  it('tells that a revision is not in effect, with the first difference', () => {
    const after = { ...differing, wantedRevision: 'new', differences, observedAt: later };
    expect(eventsBetween(report, after)).toMatchObject([
      {
        reason: 'PlanDiffers',
        before: 'a1b2c3d4e5f60718',
        after: 'new',
        cause: { code: 'host/differs', message: 'kernel: add route (and 1 more)' },
      },
    ]);
    // Other differences of the same plan are no event.
    expect(eventsBetween(after, { ...after, differences: [] })).toEqual([]);
  });

  it('prefers a problem as the cause, and goes without one', () => {
    const problems = [{ code: 'kernel/failed', severity: 'error', message: 'no ip' }] as const;
    expect(eventsBetween(report, { ...differing, problems })).toMatchObject([
      { reason: 'ProblemFound' },
      { reason: 'PlanDiffers', cause: { code: 'kernel/failed', message: 'no ip' } },
    ]);
    expect(eventsBetween(report, differing)[0]?.cause).toBeUndefined();
  });

  it('says nothing where there is no plan', () => {
    const { wantedRevision: _, ...none } = differing;
    expect(eventsBetween(none, none)).toEqual([]);
  });
});

describe('eventsBetween, of a tunnel', () => {
  it.each([
    ['comes up', down, { ...down, state: 'up' }, 'TunnelUp'],
    ['is partly up', up, { ...up, state: 'partial' }, 'TunnelPartial'],
    ['goes down', up, { ...up, state: 'connecting' }, 'TunnelDown'],
    ['goes down without words', { ...up, state: 'partial' }, quiet, 'TunnelDown'],
    ['is disabled', up, { ...up, state: 'disabled' }, 'TunnelDown'],
  ] as const)('that %s', (_, before, after, reason) => {
    const events = ofTunnel({ ...before, name: up.name }, { ...after, name: up.name });
    expect(events).toMatchObject([{ reason, before: before.state, after: after.state }]);
  });

  it('says nothing where it has gone to another host with its address', () => {
    expect(ofTunnel(up, { ...up, state: 'standby', children: [] })).toEqual([]);
    expect(ofTunnel({ ...down, state: 'up' }, { ...down, state: 'standby' })).toEqual([]);
  });

  it('names it as it was declared, and the cause by code', () => {
    expect(ofTunnel({ ...down, state: 'up' }, down)).toEqual([
      {
        at: later,
        host: 'gw1',
        reason: 'TunnelDown',
        object: { kind: 'Connection', namespace: 'default', name: 'partner-b', tunnel: 'main' },
        before: 'up',
        after: 'down',
        cause: { code: 'ike/no-answer', message: '198.51.100.30 did not answer' },
      },
    ]);
  });

  it('tells each cause of a tunnel that does not come up once', () => {
    const other = {
      ...down,
      cause: { code: 'ike/no-common-proposal', message: '', hint: '', at: later },
    };
    expect(ofTunnel(quiet, down)).toMatchObject([{ reason: 'TunnelFailed' }]);
    expect(ofTunnel(down, { ...down, state: 'connecting' })).toEqual([]);
    expect(ofTunnel(down, other)).toMatchObject([
      { reason: 'TunnelFailed', cause: { code: 'ike/no-common-proposal' } },
    ]);
    expect(ofTunnel(other, quiet)).toEqual([]);
  });

  it('tells of one that is up and will not stay so', () => {
    const threatened = { ...up, ...(down.cause === undefined ? {} : { cause: down.cause }) };
    expect(ofTunnel(up, threatened)).toMatchObject([
      { reason: 'TunnelAtRisk', after: 'up', cause: { code: 'ike/no-answer' } },
    ]);
  });

  it('tells one that was replaced from one that was rekeyed', () => {
    if (upIke === undefined) throw new Error('the fixture is up');
    const ike = { ...upIke, uniqueId: '4' };
    const children = [{ ...child, uniqueId: '8' }];
    expect(ofTunnel(up, { ...up, ike, children })).toMatchObject([
      { reason: 'TunnelReplaced', before: 'IKE SA 3', after: 'IKE SA 4' },
    ]);
    // Everything was rekeyed between two looks.
    const history = { ...up.history, rekeys: up.history.rekeys + 2 };
    expect(ofTunnel(up, { ...up, ike, children, history })).toEqual([]);
    const agent = { ...report.agent, startedAt: later };
    const unwatched = between({ tunnels: [up] }, { agent, tunnels: [{ ...up, ike, children }] });
    expect(unwatched.map(({ reason }) => reason)).toEqual(['AgentStarted']);
    expect(ofTunnel(up, { ...up, ike })).toEqual([]);
    expect(ofTunnel(up, { ...up, children })).toEqual([]);
  });

  it('tells of one that the plan has no more', () => {
    expect(between({}, { tunnels: [up] })).toMatchObject([
      { reason: 'TunnelRemoved', before: 'down', object: { name: 'partner-b' } },
    ]);
  });
});

describe('eventsBetween, of drift', () => {
  const entry = { at: later, text: 'kernel: add route', repaired: true };
  const drift = (count: number, ...last: DriftEntry[]): Partial<HostReport> => ({
    drift: { ...report.drift, count, last },
  });

  it('tells of what is new, of its tunnel or of the host', () => {
    const found = [entry, { ...entry, repaired: false }, { ...entry, tunnel: up.name }];
    expect(between(drift(1, entry), drift(3, ...found))).toMatchObject([
      { reason: 'DriftFound', object: { kind: 'Host', name: 'gw1' } },
      {
        reason: 'DriftRepaired',
        object: { kind: 'Connection', name: 'partner-a', tunnel: 'main' },
        cause: { code: 'host/drifted', message: 'kernel: add route' },
      },
    ]);
    expect(between(drift(3, ...found), drift(3, ...found))).toEqual([]);
  });

  it('tells as much as the report has, and nothing where the count began again', () => {
    expect(between(drift(0), drift(1_000, entry))).toHaveLength(1);
    expect(between(drift(9, entry), drift(1, entry))).toEqual([]);
    expect(between({}, drift(1, { ...entry, tunnel: 'sp.gone' }))).toMatchObject([
      { object: { kind: 'Host' } },
    ]);
  });
});

describe('eventsBetween, of conditions', () => {
  const object = { kind: 'Connection', namespace: 'default', name: 'partner-a', generation: 3 };
  const healthy = (reason: 'BothWays' | 'OneWay' | 'NoTraffic'): Partial<HostReport> => {
    const verdict = toVerdict('Healthy', reason, `it is ${reason}`);
    return { objects: [{ ...object, conditions: [toCondition(verdict, 3, undefined, later)] }] };
  };

  it('tells when packets go one way only, and when they do not any more', () => {
    expect(between(healthy('BothWays'), healthy('OneWay'))).toEqual([
      {
        at: later,
        host: 'gw1',
        reason: 'ConditionChanged',
        object: { kind: 'Connection', namespace: 'default', name: 'partner-a' },
        before: 'Healthy BothWays',
        after: 'Healthy OneWay',
        cause: { code: 'OneWay', message: 'it is OneWay' },
      },
    ]);
    expect(between(healthy('OneWay'), healthy('NoTraffic'))).toMatchObject([
      { before: 'Healthy OneWay', after: 'Healthy NoTraffic' },
    ]);
    expect(between({ objects: [] }, healthy('OneWay'))[0]?.before).toBeUndefined();
  });

  it('says nothing of what stays, and of what other events tell', () => {
    expect(between(healthy('OneWay'), healthy('OneWay'))).toEqual([]);
    expect(between(healthy('NoTraffic'), healthy('BothWays'))).toEqual([]);
  });
});

describe('withLastKnown', () => {
  const unknown = { ...up, state: 'unknown', children: [] } as const;

  it('makes no change of a tunnel that could not be read, and none when it is as before', () => {
    const silent = withLastKnown(report, { ...report, tunnels: [unknown, down] });
    expect(eventsBetween(report, silent)).toEqual([]);
    expect(eventsBetween(silent, report)).toEqual([]);
    const found = { ...report, tunnels: [{ ...up, state: 'down' }, down] } as const;
    expect(eventsBetween(silent, found)).toMatchObject([{ reason: 'TunnelDown', before: 'up' }]);
  });

  it('leaves what was never known', () => {
    const tunnels = [unknown];
    expect(withLastKnown(undefined, { ...report, tunnels }).tunnels).toEqual(tunnels);
  });
});
