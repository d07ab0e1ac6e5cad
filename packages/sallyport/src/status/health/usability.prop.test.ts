import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbeReport } from '../health-report.ts';
import { judgeUsability, type TunnelEvidence } from './usability.ts';

const WINDOW = { sent: 0, lost: 0 };

const probe = fc
  .record({
    kind: fc.constantFrom('inside' as const, 'target' as const),
    target: fc.constantFrom('10.0.0.1', '10.0.0.2'),
    state: fc.constantFrom('unknown' as const, 'good' as const, 'failed' as const),
    lossy: fc.boolean(),
  })
  .map(
    ({ lossy, ...rest }): ProbeReport => ({
      ...{
        tunnel: 'ignored',
        hasAnswered: true,
        method: 'icmp' as const,
        since: '2026-01-01T00:00:00Z',
        reason: rest.state,
        ...rest,
      },
      ...{ lossy: lossy && rest.state === 'good', last100: WINDOW, last1000: WINDOW },
    }),
  );

const tunnels: fc.Arbitrary<TunnelEvidence[]> = fc
  .array(
    fc.record({
      connection: fc.constantFrom('a', 'b'),
      isUp: fc.boolean(),
      probes: fc.array(probe, { maxLength: 3 }),
    }),
    { maxLength: 6 },
  )
  .map((all) =>
    all.map(({ connection, isUp, probes }, index) => ({
      ...{ tunnel: `t${index}`, connection, probes },
      ...(isUp ? {} : { down: 'the IKE SA is down' }),
    })),
  );

describe('any tunnels', () => {
  it('are all judged, in their order, and the same way each time', () => {
    fc.assert(
      fc.property(tunnels, (all) => {
        const judged = judgeUsability(all);
        expect(judged.map(({ tunnel }) => tunnel)).toEqual(all.map(({ tunnel }) => tunnel));
        expect(judgeUsability(all)).toEqual(judged);
        expect(judgeUsability([...all].reverse())).toEqual([...judged].reverse());
      }),
    );
  });

  it('never carry packets without SAs', () => {
    fc.assert(
      fc.property(tunnels, (all) => {
        const judged = judgeUsability(all);
        for (const [index, { down }] of all.entries())
          if (down !== undefined)
            expect(judged[index]).toMatchObject({ usable: false, reason: down });
      }),
    );
  });

  it('keep one of each connection that has SAs, whatever the probes say', () => {
    fc.assert(
      fc.property(tunnels, (all) => {
        const judged = judgeUsability(all);
        for (const name of ['a', 'b']) {
          const mine = all.flatMap(({ connection, down }, index) =>
            connection === name && down === undefined ? [judged[index]?.usable] : [],
          );
          if (mine.length > 0) expect(mine).toContain(true);
        }
      }),
    );
  });

  it('carry packets by their SAs alone where nothing was asked or told', () => {
    fc.assert(
      fc.property(tunnels, (all) => {
        const silent = all.map((tunnel) => ({ ...tunnel, probes: [] }));
        for (const [index, { usable }] of judgeUsability(silent).entries())
          expect(usable).toBe(silent[index]?.down === undefined);
      }),
    );
  });
});
