import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS, Pace, randomNumbers, type StateChange } from './testing.ts';

/** Times that a path works, loses a share of the packets, or is cut. */
const phases = fc.array(
  fc.record({
    probes: fc.integer({ min: 1, max: 80 }),
    loss: fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
    roundTripMilliseconds: fc.integer({ min: 1, max: 100 }),
  }),
  { minLength: 1, maxLength: 20 },
);
type Phases = typeof phases extends fc.Arbitrary<infer T> ? T : never;

function play(path: Phases, seed: number): Pace {
  const random = randomNumbers(seed);
  const pace = new Pace();
  for (const { probes, loss, roundTripMilliseconds } of path)
    pace.go(probes, () => random() >= loss, roundTripMilliseconds);
  return pace;
}

function pairs(changes: readonly StateChange[]): [StateChange, StateChange][] {
  return changes.slice(1).map((change, index) => [changes[index] ?? change, change]);
}

describe('a probe of any path', () => {
  it('is judged the same way each time', () => {
    fc.assert(
      fc.property(phases, fc.nat(), (path, seed) => {
        expect(play(path, seed).changes).toEqual(play(path, seed).changes);
      }),
      { numRuns: 30 },
    );
  });

  it('never fails before the time that is set, and never recovers before so many answers', () => {
    fc.assert(
      fc.property(phases, fc.nat(), (path, seed) => {
        for (const [before, after] of pairs(play(path, seed).changes)) {
          const least = after.state === 'failed' ? LIMITS.failAfter : LIMITS.recoverAfter - 1;
          const time = after.at - before.at;
          expect(time).toBeGreaterThanOrEqual(least * LIMITS.intervalMilliseconds - 100);
        }
      }),
    );
  });

  it('stays out twice as long with each failure that comes soon after the one before', () => {
    fc.assert(
      fc.property(phases, fc.nat(), (path, seed) => {
        const { changes } = play(path, seed);
        const outages = pairs(changes).filter(([, { state }]) => state === 'good');
        // Everything here happens within minutes: none is ever calm for so long that it is forgotten.
        for (const [index, [failed, good]] of outages.entries()) {
          const hold = index === 0 ? 0 : Math.min(60_000, 500 * 2 ** index);
          if (good.at < 60_000) expect(good.at - failed.at).toBeGreaterThanOrEqual(hold);
        }
      }),
    );
  });

  it('recovers in the end where everything is answered', () => {
    fc.assert(
      fc.property(phases, fc.nat(), (path, seed) => {
        const pace = play(path, seed);
        pace.go(605, () => true);
        expect(pace.judge.state).toBe('good');
      }),
    );
  });

  it('fails in the end where nothing is', () => {
    fc.assert(
      fc.property(phases, fc.nat(), (path, seed) => {
        const pace = play(path, seed);
        pace.go(30, () => false);
        expect(pace.judge.state).toBe('failed');
      }),
    );
  });

  it('has at least as many probes sent as lost, whatever numbers and times are told', () => {
    const telling = fc.record({
      number: fc.oneof(fc.nat(), fc.nat({ max: 50 })),
      pause: fc.nat({ max: 3_000 }),
      isRestart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(telling), (tellings) => {
        const { judge } = new Pace();
        let now = 0;
        for (const { number, pause, isRestart } of tellings) {
          now += pause;
          judge.look(now);
          if (isRestart) judge.restarted(now);
          else judge.answered(number, 1, now);
          const { last100, last1000 } = judge.judgement(now);
          expect(last100.sent).toBeLessThanOrEqual(100);
          expect(last1000.sent).toBeLessThanOrEqual(1_000);
          for (const { sent, lost } of [last100, last1000]) {
            expect(lost).toBeGreaterThanOrEqual(0);
            expect(lost).toBeLessThanOrEqual(sent);
          }
        }
      }),
    );
  });
});
