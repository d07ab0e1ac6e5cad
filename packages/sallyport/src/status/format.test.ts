import { describe, expect, it } from 'vitest';
import { formatStatus } from './format.ts';
import type { HostReport } from './host-report.ts';
import { certificates, child, down, NOW, report, up } from './testing/reports.ts';
import type { VrrpReport } from './vrrp-report.ts';

describe('formatStatus', () => {
  it('shows each tunnel, the one that is down first, with its cause and what to do', async () => {
    await expect(formatStatus(report, NOW)).toMatchFileSnapshot('testdata/up-and-down.txt');
  });

  it('shows a host that differs from its plan, and why', async () => {
    const { revisionInEffect: _, ...rest } = report;
    const differing: HostReport = {
      ...rest,
      engines: report.engines.map((engine) => ({ ...engine, state: 'stopped' })),
      tunnels: [
        { ...up, state: 'partial', dataPlane: 'userspace', interface: 'ipsec0' },
        { ...down, state: 'disabled', dataPlane: 'vti' },
      ],
      differences: [{ text: 'kernel: add rule IPv4 priority 8320 from all lookup 8320' }],
      problems: [
        {
          code: 'engine/foreign-daemon',
          severity: 'error',
          message: 'another IKE daemon already runs on this host',
          hint: 'stop it',
        },
        { code: 'agent/copy-not-kept', severity: 'warning', message: 'no space left' },
      ],
    };
    await expect(formatStatus(differing, NOW)).toMatchFileSnapshot('testdata/differing.txt');
  });

  it('shows the certificates of both sides, and which is over', () => {
    const text = formatStatus({ ...report, tunnels: [{ ...up, certificates }] }, NOW);
    expect(text.split('\n').filter((line) => line.includes('cert'))).toEqual([
      '  our cert   CN=gw, serial 0a, issued by CN=CA, valid until 2027-01-01T12:00:00.000Z, for 214d more',
      '  their cert CN=peer, serial 0b, issued by CN=Their CA, valid until 2026-05-01T12:00:00.000Z, EXPIRED',
    ]);
  });

  it('says that there is no plan, and whose daemon it is', () => {
    const { wantedRevision: _, revisionInEffect: __, ...rest } = report;
    const engines = report.engines.map((engine) => ({ ...engine, external: true }));
    expect(formatStatus({ ...rest, engines, tunnels: [] }, NOW)).toBe(
      'host gw1: no plan; strongSwan 5.9.8 (not ours); kernel 6.1.0; looked 2s ago\n',
    );
  });

  it.each([
    ['connecting', 'connecting since 2026-06-01 11:56:40Z (3m 20s)'],
    ['waiting', 'waiting for the other side since 2026-06-01 11:56:40Z (3m 20s)'],
    ['trapped', 'ready for the first packet since 2026-06-01 11:56:40Z (3m 20s)'],
  ] as const)('words the state %s', (state, words) => {
    expect(formatStatus({ ...report, tunnels: [{ ...down, state }] }, NOW)).toContain(words);
  });

  it('says of a tunnel that another host has who that is, and nothing of what it failed for', () => {
    const router: Omit<VrrpReport, 'others'> = {
      ...{ name: 'sp-default-edge-v4', family: 4, interface: 'lan', virtualRouterId: 51 },
      ...{ state: 'backup', addresses: ['192.0.2.10/24'], held: [], why: 'it stands by' },
    };
    const tunnel = { ...down, state: 'standby', localAddress: '192.0.2.10' } as const;
    const told = (vrrp: typeof router, ...others: readonly string[]): string =>
      formatStatus({ ...report, tunnels: [tunnel], vrrp: [{ ...vrrp, others }] }, NOW);
    const heard = { ...router, masterHeard: true } as const;
    const text = told(heard, '192.0.2.2');
    expect(text).toContain('main: waits since 2026-06-01 11:56:40Z (3m 20s)');
    expect(text).toContain('  waits      192.0.2.2 holds 192.0.2.10\n');
    expect(text).not.toContain('cause');
    expect(told(heard, '192.0.2.2', '192.0.2.3')).toContain('another gateway holds 192.0.2.10\n');
    expect(told(router, '192.0.2.2')).toContain(
      'this host does not hold 192.0.2.10: it stands by\n',
    );
    expect(formatStatus({ ...report, tunnels: [tunnel] }, NOW)).toContain(
      'this host does not hold 192.0.2.10\n',
    );
  });

  it('shows the smallest values and nothing of what is not known', async () => {
    const { rekeyInSeconds: _, ...quiet } = child;
    const engines = report.engines.map(({ version: _version, ...engine }) => engine);
    const narrow: HostReport = {
      ...report,
      engines,
      observedAt: NOW,
      tunnels: [
        {
          ...up,
          since: NOW,
          ike: {
            uniqueId: '1',
            initiator: true,
            algorithms: { encryption: 'CHACHA20_POLY1305' },
            natDetected: false,
            establishedSeconds: 0,
          },
          children: [
            {
              ...quiet,
              state: 'REKEYING',
              algorithms: { encryption: 'NULL' },
              encapsulated: false,
              bytesIn: 0,
              bytesOut: 0,
              packetsIn: 0,
              packetsOut: 0,
            },
          ],
        },
      ],
    };
    await expect(formatStatus(narrow, NOW)).toMatchFileSnapshot('testdata/narrow.txt');
  });

  it('shows nothing to worry about where no tunnel is to be carried, as on a node', () => {
    const engines = report.engines.map((engine) => ({ ...engine, state: 'stopped' as const }));
    expect(formatStatus({ ...report, engines, tunnels: [] }, NOW)).toContain(
      '; no IKE daemon needed; kernel',
    );
  });

  it('shows every daemon, and what concerns one of them', () => {
    const [engine] = report.engines;
    if (engine === undefined) throw new Error('no engine');
    const { version: _version, ...silent } = engine;
    const text = formatStatus(
      {
        ...report,
        engines: [
          engine,
          { ...engine, shard: 'ike2' },
          { ...silent, shard: 'ike3', state: 'stopped' },
          { ...silent, shard: 'ike4', state: 'silent' },
        ],
        tunnels: [{ ...up, shard: 'ike2' }],
        differences: [{ text: 'IKE daemon: not running', shard: 'ike3' }],
      },
      NOW,
    );
    expect(text).toContain(
      '; strongSwan 5.9.8, strongSwan 5.9.8 in shard ike2, IKE daemon in shard ike3 not running, IKE daemon in shard ike4 does not answer; kernel',
    );
    expect(text).toContain('  differs: IKE daemon: not running (shard ike3)\n');
    expect(text).toMatch(/XFRM interface sp[0-9a-f]+ of shard ike2, MTU/);
  });

  it('says how old the last report of an agent is that is gone', () => {
    expect(formatStatus(report, '2026-06-03T14:00:00.000Z')).toMatch(
      /^host gw1: .* looked 2d 2h ago\n/,
    );
  });

  it('tells what somebody else has changed', () => {
    const text = 'kernel: add rule';
    const entry = { at: '2026-06-01T11:50:00.000Z', text, repaired: true };
    const drift = { ...report.drift, count: 1, last: [entry] };
    expect(formatStatus({ ...report, drift }, NOW)).toContain(
      '\n  drift: 1 change by somebody else, the last 10m ago, repaired: kernel: add rule\n',
    );
    const standing: HostReport = {
      ...report,
      differences: [
        { text, tunnel: up.name, drifted: true },
        { text, tunnel: down.name, drifted: true },
      ],
      drift: { ...drift, count: 7, last: [{ ...entry, repaired: false }] },
    };
    const lines = formatStatus(standing, NOW).split('\n');
    expect(lines.slice(1, 3)).toEqual([
      '  drifted, not repaired: kernel: add rule',
      '  drift: 7 changes by somebody else, the last 10m ago, only reported: kernel: add rule',
    ]);
  });

  it('asks nobody to do anything about a tunnel that shall be down', () => {
    const text = formatStatus({ ...report, tunnels: [{ ...down, state: 'disabled' }] }, NOW);
    expect(text).not.toMatch(/cause|do /);
  });

  it('keeps the order of tunnels that need no one, behind those that do', () => {
    const states = ['up', 'connecting', 'waiting', 'partial', 'up', 'down'] as const;
    const tunnels = states.map((state, index) => ({ ...up, tunnel: `t${index}`, state }));
    const text = formatStatus({ ...report, tunnels }, NOW);
    expect([...text.matchAll(/partner-a (t\d):/g)].map(([, name]) => name)).toEqual([
      ...['t5', 't3', 't1'],
      ...['t0', 't2', 't4'],
    ]);
  });

  it('does not let what the other side sent steer the terminal', () => {
    const tunnel = { ...up, remoteId: 'CN=\u001b[2Jx\u009b\u0007\nhost gw1: all is well' };
    const text = formatStatus({ ...report, tunnels: [tunnel] }, NOW);
    expect(text).toContain('[CN=?[2Jx???host gw1: all is well]');
  });
});
