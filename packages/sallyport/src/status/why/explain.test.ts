import { describe, expect, it } from 'vitest';
import { down, up } from '../testing/reports.ts';
import { report, seen, subject, tunnel } from '../testing/subjects.ts';
import { type ExplainInput, explainTunnel } from './explain.ts';
import { PATH_CAUSES, type PathCode, toFinding } from './path-causes.ts';

const known: ExplainInput = { report, tunnel, subject, trail: [], problems: [], differences: [] };
const codes = (changed: Partial<ExplainInput>): string[] =>
  explainTunnel({ ...known, ...changed }).findings.map(({ code }) => code);
const trail = [{ at: '2026-06-01T11:58:00.250Z', text: 'sent IKE_SA_INIT' }];
const broken = { ...report, state: 'down', children: [], cause: down.cause } as typeof report;

describe('explainTunnel', () => {
  it('finds nothing wrong with a tunnel that is well, and says what shows it', () => {
    const { isWell, findings, proofs, tried, expectedOfPeer, unseen } = explainTunnel({
      ...known,
      trail,
    });
    expect([isWell, findings, tried, expectedOfPeer, unseen]).toEqual([true, [], [], [], []]);
    expect(proofs[0]).toBe('up since 2026-05-28T09:00:00.000Z; IKE SA of 1d 3h');
    expect(proofs).toContain('packets for 10.20.0.0/16 go to sp0a78d801');
  });

  it('tells of what somebody has asked the host to do, and only of the tunnels it is about', () => {
    const at = '2026-06-01T11:58:00.000Z';
    expect(codes({ work: { drain: { since: at, resting: [] } } })).toEqual(['path/drained']);
    const drill = (name: string) => ({ drill: { tunnels: [name], until: at } });
    expect(codes({ work: drill(report.name) })).toEqual(['path/drilled']);
    expect(codes({ work: drill('another') })).toEqual([]);
  });

  it('tells of a tunnel that is down: trail, cause, and what the other side must have', () => {
    const told = explainTunnel({ ...known, report: broken, trail });
    expect(told.isWell).toBe(false);
    expect(told.tried).toEqual(trail);
    expect(told.findings.map(({ code }) => code)).toEqual(['ike/no-answer']);
    expect(told.expectedOfPeer).toEqual([
      'address 198.51.100.20, with this host (192.0.2.10) as its peer',
      'its own identity peer.example, and gw.example as ours',
      'the pre-shared key of Secret default/key',
      'IKE version 2, with one of: aes256gcm16-prfsha384-ecp384',
      'ESP in tunnel mode, with one of: aes256gcm16-ecp384',
      'networks: 10.20.0.0/16 as its own, 10.10.0.0/16 as ours',
    ]);
  });

  it('tells of no fault of another daemon', () => {
    const fault = { code: 'engine/no-start', severity: 'error', message: 'gone' } as const;
    const found = (shard: string | null): string[] =>
      codes({ report: broken, problems: [{ ...fault, shard }] });
    expect(found('ike2')).toEqual(['ike/no-answer']);
    expect(found(null)).toEqual(['engine/no-start', 'ike/no-answer']);
  });

  it('tells of a tunnel that is up what will not let it stay so', () => {
    const cause = {
      ...{ code: 'child/rekey-refused', message: 'cannot be rekeyed', hint: 'compare' },
      at: report.since,
    };
    const told = explainTunnel({ ...known, report: { ...report, cause }, trail });
    expect(told.isWell).toBe(false);
    expect(told.findings.map(({ code }) => code)).toEqual(['child/rekey-refused']);
    expect(told.tried).toEqual(trail);
    expect(told.expectedOfPeer).not.toEqual([]);
  });

  it('mirrors certificates, and what is left open', () => {
    const { localAddress: _, remoteAddress: __, ...rest } = tunnel;
    const authority = { namespace: 'default', name: 'ca', fingerprint: 'cafe' };
    const open = {
      ...rest,
      remoteId: '%any',
      auth: {
        method: 'certificate',
        secret: tunnel.auth.secret,
        peerAuthority: authority,
        revocation: 'relaxed',
      },
    } as const;
    expect(explainTunnel({ ...known, report: broken, tunnel: open }).expectedOfPeer).toEqual(
      expect.arrayContaining([
        'address any, with this host (any of its addresses) as its peer',
        'its own identity as it likes, and gw.example as ours',
        'a certificate from the authority in Secret default/ca, and trust in the authority of ours, Secret default/key',
      ]),
    );
  });

  it('puts what keeps IKE from getting through before what follows from it', () => {
    const noWay = { kind: 'refused', error: 'Network is unreachable' } as const;
    const off = { devices: [{ name: 'lan', forwards: false, reversePathFilter: 0 }] };
    const looked = { ...seen({ peerRoute: noWay, ...off }), after: broken };
    expect(codes({ report: broken, subject: looked })).toEqual([
      'path/peer-unreachable',
      'ike/no-answer',
      'path/forwarding-off',
    ]);
  });

  it('says first what the agent could not do on the whole host', () => {
    const problems = [
      { code: 'agent/copy-not-kept', severity: 'warning', message: 'full' },
      { code: 'engine/foreign-daemon', severity: 'error', message: 'somebody holds UDP 500' },
    ] as const;
    expect(codes({ report: broken, problems })).toEqual(['engine/foreign-daemon', 'ike/no-answer']);
    expect(codes({ problems })).toEqual([]);
  });

  it('says once what is the cause of the tunnel and a problem of its daemon', () => {
    const problems = [
      { code: 'ike/no-answer', severity: 'error', message: 'in other words' },
    ] as const;
    expect(codes({ report: broken, problems })).toEqual(['ike/no-answer']);
  });

  it('tells of a tunnel that is up why it may not stay so, and what is not as declared', () => {
    const uncertain = {
      ...report,
      cause: { ...down.cause, code: 'ike/flapping' },
    } as typeof report;
    const differences = [
      { text: 'IKE daemon: main still carries packets as before', tunnel: report.name },
      { text: 'kernel: add route', tunnel: 'sp.default.other.main' },
      { text: 'kernel: state unknown' },
    ];
    expect(codes({ report: uncertain, differences })).toEqual([
      'ike/flapping',
      'path/not-as-declared',
    ]);
  });

  it('tells one thing once, with what shows it', () => {
    const answer = { kind: 'route', interface: 'wan' } as const;
    const routes = ['10.20.0.1', '10.20.0.1', '10.20.0.2', '10.20.0.3', '10.20.0.4', '10.20.0.5'];
    const looked = seen({
      routes: routes.map((address) => ({ prefix: '10.20.0.0/16', address, answer })),
    });
    const { findings } = explainTunnel({ ...known, subject: looked });
    expect(findings.map(({ code }) => code)).toEqual(['path/route-elsewhere']);
    expect(findings[0]?.evidence).toHaveLength(4);
  });

  it('has no word for missing packets where it has the reason', () => {
    const silent = {
      ...{ target: '10.20.0.10', source: '10.10.0.1' },
      pings: [{ bytes: 84, sent: 3, received: 0 }],
    };
    const routes = [
      { prefix: 'x', address: '10.20.0.10', answer: { kind: 'refused', error: 'no' } },
    ] as const;
    expect(codes({ subject: seen({ probe: silent }) })).toEqual(['path/not-sent']);
    expect(codes({ subject: seen({ probe: silent, routes }) })).toEqual(['path/route-missing']);
  });

  it.each(['waiting', 'trapped', 'standby', 'disabled'] as const)(
    'is content with one that is %s',
    (state) => {
      expect(explainTunnel({ ...known, report: { ...up, state } }).isWell).toBe(true);
    },
  );

  it.each(['disabled', 'standby'] as const)('says nothing of a tunnel that is %s', (state) => {
    const looked = seen({ peerRoute: { kind: 'refused', error: 'no' } });
    const off = { ...broken, state };
    expect(explainTunnel({ ...known, report: off, subject: looked })).toMatchObject({
      isWell: true,
      findings: [],
      proofs: [],
    });
  });

  it('tells from the report alone what it can', () => {
    const { ike: _, ...bare } = up;
    expect(
      explainTunnel({ report: bare, trail: [], problems: [], differences: [] }).proofs,
    ).toEqual([`up since ${up.since}`]);
    const connecting = { ...up, state: 'connecting' } as const;
    expect(
      explainTunnel({ report: connecting, trail: [], problems: [], differences: [] }).isWell,
    ).toBe(false);
  });
});

describe('toFinding', () => {
  it.each(Object.keys(PATH_CAUSES) as PathCode[])('has words for %s', (code) => {
    const { message, hint } = toFinding({ code });
    expect(message).not.toMatch(/[.!]$/);
    expect(hint.length).toBeGreaterThan(20);
  });
});
