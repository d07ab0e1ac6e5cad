/** The difference as a function: of any two plans, in any order, with a daemon that does what it is told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { diffStrongswan } from './diff.ts';
import type { ObservedStrongswan, StrongswanChange } from './state.ts';
import { emptyDaemon, obey } from './testing/obedient-daemon.ts';
import { fakeSa } from './testing/sas.ts';
import { certificateTunnel, pskTunnel } from './testing/tunnels.ts';

const tunnel: fc.Arbitrary<TunnelPlan> = fc
  .record({
    base: fc.constantFrom(pskTunnel, certificateTunnel),
    name: fc.constantFrom('sp.a.a.main', 'sp.a.b.main', 'sp.a.b.second', 'sp.z.a.main'),
    enabled: fc.boolean(),
    start: fc.constantFrom('initiate' as const, 'trap' as const, 'respond' as const),
    livenessDelaySeconds: fc.integer({ min: 0, max: 2 }),
    fingerprint: fc.constantFrom('f1', 'f2'),
  })
  .map(({ base, fingerprint, ...fields }): TunnelPlan => {
    const secret = { ...base.auth.secret, fingerprint };
    return { ...base, ...fields, auth: { ...base.auth, secret } };
  });

const plan = fc.uniqueArray(tunnel, { selector: ({ name }) => name, maxLength: 4 });

function reach(from: ObservedStrongswan, tunnels: readonly TunnelPlan[]): ObservedStrongswan {
  return diffStrongswan(from, { tunnels }).reduce(obey, from);
}

/** Names what a change needs to be there, and what it makes or takes away. */
function place(changes: readonly StrongswanChange[], type: StrongswanChange['step']['type']) {
  return changes.flatMap(({ step }, index) => (step.type === type ? [index] : []));
}

describe('from any plan to any other', () => {
  it('one pass reaches it, and then nothing is left to do', () => {
    fc.assert(
      fc.property(plan, plan, (before, after) => {
        const reached = reach(reach(emptyDaemon, before), after);
        expect(diffStrongswan(reached, { tunnels: after })).toEqual([]);
      }),
    );
  });

  it('the changes are the same ones however the daemon lists what it holds', () => {
    fc.assert(
      fc.property(plan, plan, (before, after) => {
        const held = reach(emptyDaemon, before);
        const reversed: ObservedStrongswan = {
          ...held,
          connections: new Map([...held.connections].reverse()),
          shared: new Set([...held.shared].reverse()),
          keys: new Map([...held.keys].reverse()),
        };
        const changes = diffStrongswan(held, { tunnels: after });
        expect(diffStrongswan(reversed, { tunnels: after })).toEqual(changes);
      }),
    );
  });

  it('credentials come before connections, and removals last', () => {
    fc.assert(
      fc.property(plan, plan, (before, after) => {
        const changes = diffStrongswan(reach(emptyDaemon, before), { tunnels: after });
        const credentials = [
          ...place(changes, 'shared-load'),
          ...place(changes, 'certificate-load'),
        ];
        const connections = place(changes, 'connection-load');
        const removals = changes.flatMap(({ action }, index) =>
          action === 'remove' ? [index] : [],
        );
        expect(Math.max(-1, ...credentials)).toBeLessThan(Math.min(Infinity, ...connections));
        expect(Math.max(-1, ...credentials, ...connections)).toBeLessThan(
          Math.min(Infinity, ...removals),
        );
      }),
    );
  });

  it('nothing is cut that the plan keeps, unless we only answer there', () => {
    fc.assert(
      fc.property(plan, plan, (before, after) => {
        const held = reach(emptyDaemon, before);
        const sas = [...held.connections.keys()].map((name, index) =>
          fakeSa({ name, uniqueId: String(index + 1) }),
        );
        const kept = new Map(after.filter(({ enabled }) => enabled).map((one) => [one.name, one]));
        for (const { impact, step } of diffStrongswan({ ...held, sas }, { tunnels: after })) {
          if (step.type === 'connection-unload') expect(kept.has(step.name)).toBe(false);
          else if (impact === 'cut')
            expect(step).toMatchObject({ type: 'connection-load', tunnel: { start: 'respond' } });
        }
      }),
    );
  });
});
