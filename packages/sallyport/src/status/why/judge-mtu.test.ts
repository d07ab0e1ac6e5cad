import { describe, expect, it } from 'vitest';
import { report, seen, subject, tunnel } from '../testing/subjects.ts';
import type { Ping } from './evidence.ts';
import { judgeMtu } from './judge-mtu.ts';

const ping = (bytes: number, received: number, refusedAbove?: number): Ping => ({
  ...{ bytes, sent: 3, received },
  ...(refusedAbove === undefined ? {} : { refusedAbove }),
});
const probed = (...pings: readonly Ping[]): typeof subject =>
  seen({ probe: { target: '10.20.0.10', source: '10.10.0.1', pings } });
const learned = (mtuBytes: number): typeof subject =>
  seen({ peerRoute: { kind: 'route', interface: 'wan', mtuBytes } });

describe('judgeMtu', () => {
  it('proves that a packet of the MTU passes', () => {
    expect(judgeMtu(probed(ping(84, 3), ping(1438, 2))).proofs).toEqual([
      'a packet of 1438 bytes, the MTU of the tunnel, passes in one piece',
    ]);
  });

  it('proves that whoever sends more is told what fits', () => {
    const { probe } = probed(ping(84, 3), ping(1438, 3)).evidence;
    const above = (one: Ping): typeof subject =>
      seen(probe === undefined ? {} : { probe: { ...probe, above: one } });
    expect(judgeMtu(above(ping(1439, 0, 1438)))).toEqual({
      findings: [],
      proofs: [
        'a packet of 1438 bytes, the MTU of the tunnel, passes in one piece; who sends one byte more is told that 1438 fit',
      ],
      unseen: [],
    });
    // By policy, what a NAT would cost is free where there is none.
    expect(judgeMtu(above(ping(1439, 3))).findings).toEqual([]);
    const { findings, proofs } = judgeMtu(above(ping(1439, 0)));
    expect(proofs).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      code: 'path/mtu-untold',
      message: expect.stringMatching(/^packets of 1439 bytes, one more than the MTU/) as string,
      hint: expect.stringContaining('tells an MTU of 1438') as string,
    });
    expect(findings[0]?.evidence).toHaveLength(2);
  });

  it('finds the size that passes where the large one does not', () => {
    const { findings } = judgeMtu(
      probed(ping(84, 3), ping(1200, 3), ping(1240, 1), ping(1280, 0), ping(1438, 0, 1300)),
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      code: 'path/mtu-black-hole',
      message: expect.stringContaining(
        'packets of 84 bytes pass and those of 1438 bytes',
      ) as string,
      hint: expect.stringContaining('set mtu of the Gateway to 1240 or less') as string,
    });
    expect(findings[0]?.evidence.at(-1)).toContain('told that 1300 fit');
  });

  it.each([
    { what: 'nothing passes', pings: [ping(84, 0), ping(1438, 0)] },
    { what: 'only one size was sent', pings: [ping(84, 3)] },
    { what: 'nothing was sent', pings: [] },
  ])('says nothing of sizes where $what', ({ pings }) => {
    expect(judgeMtu(probed(...pings))).toEqual({ findings: [], proofs: [], unseen: [] });
  });

  it('knows the MTU that the kernel has learnt of the path', () => {
    const { findings } = judgeMtu(learned(1400));
    expect(findings.map(({ code, message }) => [code, message])).toEqual([
      [
        'path/mtu-smaller',
        'the path to 198.51.100.20 carries packets of 1400 bytes: 1346 bytes fit into the tunnel, 1438 are planned',
      ],
    ]);
  });

  it('leaves what fits without the header of UDP', () => {
    expect(judgeMtu(learned(1492)).findings).toEqual([]);
    const [inner] = report.children;
    const after = {
      ...report,
      children: inner === undefined ? [] : [{ ...inner, encapsulated: true }],
    };
    expect(judgeMtu({ ...learned(1492), after }).findings).toHaveLength(1);
    const forced = { ...tunnel, forceEncapsulation: true };
    expect(judgeMtu({ ...learned(1492), tunnel: forced }).findings).toHaveLength(1);
  });

  it('does not judge what user space sends in pieces, nor a path that is not known', () => {
    const userspace = { ...tunnel, dataPlane: 'userspace' as const };
    expect(judgeMtu({ ...learned(1300), tunnel: userspace }).findings).toEqual([]);
    const { remoteAddress: _, ...anywhere } = report;
    const { remoteAddress: __, ...open } = tunnel;
    expect(judgeMtu({ ...learned(1300), tunnel: open, after: anywhere }).findings).toEqual([]);
    expect(judgeMtu(seen({ peerRoute: { kind: 'refused', error: 'no' } })).findings).toEqual([]);
  });
});
