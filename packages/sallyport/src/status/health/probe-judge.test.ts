import { describe, expect, it } from 'vitest';
import { ProbeJudge } from './probe-judge.ts';
import { LIMITS, Pace, randomNumbers } from './testing.ts';

const always = (): boolean => true;
const never = (): boolean => false;

describe('ProbeJudge', () => {
  it('knows nothing before the first answer, and is good with it', () => {
    const pace = new Pace();
    expect(pace.judge.judgement(0)).toEqual({
      state: 'unknown',
      hasAnswered: false,
      lossy: false,
      reason: 'nothing has answered yet',
      last100: { sent: 0, lost: 0 },
      last1000: { sent: 0, lost: 0 },
    });
    pace.go(1, always);
    expect(pace.changes).toEqual([{ at: 5, state: 'good' }]);
  });

  it('fails after silence of as many intervals as are set, and half of one', () => {
    const pace = new Pace();
    pace.go(10, always);
    pace.go(10, never);
    const [, failed] = pace.changes;
    expect(failed?.state).toBe('failed');
    // The last answer came at 905.
    expect(failed?.at).toBeGreaterThanOrEqual(1_255);
    expect(failed?.at).toBeLessThanOrEqual(1_265);
    expect(pace.judge.judgement(pace.now).reason).toBe('has not answered for 1s');
  });

  it('notices a cut as fast where the round trip takes longer than the silence', () => {
    const pace = new Pace();
    pace.go(10, always, 100);
    for (let number = 10; number < 20; number += 1) {
      pace.judge.answered(number, 600, 1_500 + (number - 10) * 100);
    }
    expect(pace.judge.deadline).toBeLessThanOrEqual(2_400 + 2 * 300);
    expect(pace.judge.state).toBe('good');
  });

  it('gives a first round trip a second more', () => {
    const pace = new Pace();
    pace.go(12, never);
    expect(pace.judge.state).toBe('unknown');
    pace.go(2, never);
    expect(pace.judge.state).toBe('failed');
    expect(pace.judge.judgement(pace.now).reason).toBe('has never answered');
  });

  it('is silent until its first answer, and again when those end, while it has failed', () => {
    const pace = new Pace();
    const silence = (): number | undefined => pace.judge.judgement(pace.now).silentSeconds;
    pace.go(10, always);
    pace.go(2, never);
    expect(silence()).toBeUndefined();
    pace.go(8, never);
    expect(silence()).toBeCloseTo((pace.now - 905) / 1_000);
    pace.go(1, always);
    expect([pace.judge.state, silence()]).toEqual(['failed', undefined]);
    pace.go(10, never);
    expect([pace.judge.state, silence()]).toEqual(['failed', (pace.now - 2_005) / 1_000]);
  });

  it('recovers after as many answers in a row as are set', () => {
    const pace = new Pace();
    pace.go(10, always);
    pace.go(10, never);
    pace.go(4, always);
    expect(pace.judge.judgement(pace.now)).toMatchObject({
      state: 'failed',
      reason: 'begins to answer again',
    });
    pace.go(1, always);
    expect(pace.judge.state).toBe('good');
  });

  it('begins to count anew where one of them is missing', () => {
    const pace = new Pace();
    pace.go(10, always);
    pace.go(10, never);
    pace.go(5, (index) => index !== 3);
    expect(pace.judge.state).toBe('failed');
    pace.go(4, always);
    expect(pace.judge.state).toBe('good');
  });

  it('waits longer each time it fails again soon, up to a minute, and forgets that when all is calm', () => {
    const pace = new Pace();
    pace.go(10, always);
    const waitOut = (): number => {
      pace.go(10, never);
      for (let answers = 1; ; answers += 1) {
        pace.go(1, always);
        if (pace.judge.state === 'good') return answers;
      }
    };
    const waits = Array.from({ length: 9 }, waitOut);
    expect(waits).toEqual([5, 11, 21, 41, 81, 161, 321, 601, 601]);
    pace.go(6_000, always);
    expect(waitOut()).toBe(5);
  });

  it('says for how long it has to answer again', () => {
    const pace = new Pace();
    pace.go(10, always);
    for (let round = 0; round < 3; round += 1) {
      pace.go(10, never);
      pace.go(12, always);
    }
    expect(pace.judge.judgement(pace.now).reason).toMatch(
      /^answers again; has failed 3 times lately, so it has to do so for another 1s$/,
    );
    pace.go(10, never);
    expect(pace.judge.judgement(pace.now).reason).toBe('has not answered for 1s');
  });

  it.each([1, 2, 3])(
    'tells a path that loses three of ten as lossy, and keeps it (seed %d)',
    (seed) => {
      const random = randomNumbers(seed);
      const pace = new Pace();
      pace.go(20_000, () => random() >= 0.3);
      expect(pace.changes.length).toBeLessThanOrEqual(3);
      const { state, lossy, reason, last100, last1000 } = pace.judge.judgement(pace.now);
      expect({ state, lossy, reason }).toEqual({
        state: 'good',
        lossy: true,
        reason: 'loses packets',
      });
      expect(last100.sent).toBe(100);
      expect(last1000.lost).toBeGreaterThan(250);
      expect(last1000.lost).toBeLessThan(350);
    },
  );

  it('notices within two seconds when such a path is cut, and no longer calls it lossy a while after it is mended', () => {
    const random = randomNumbers(1);
    const pace = new Pace();
    pace.go(2_000, () => random() >= 0.3);
    const cutAt = pace.now;
    pace.go(30, never);
    expect(pace.judge.state).toBe('failed');
    expect(pace.judge.isLossy).toBe(false);
    expect((pace.changes.at(-1)?.at ?? 0) - cutAt).toBeLessThan(2_000);
    pace.go(100, always);
    expect(pace.judge.isLossy).toBe(true);
    pace.go(2_000, always);
    expect(pace.judge.isLossy).toBe(false);
  });

  it('does not learn from an outage that packets get lost', () => {
    const pace = new Pace();
    pace.go(10, always);
    pace.go(500, never);
    pace.go(50, always);
    expect(pace.judge.isLossy).toBe(false);
    const healed = pace.now;
    pace.go(10, never);
    expect((pace.changes.at(-1)?.at ?? 0) - healed).toBeLessThan(300);
  });

  it('counts a late answer for the probe that it answers', () => {
    const pace = new Pace();
    pace.go(10, always);
    pace.judge.answered(11, 5, 1_105);
    expect(pace.judge.judgement(1_105).last100).toEqual({ sent: 12, lost: 1 });
    pace.judge.answered(10, 110, 1_110);
    expect(pace.judge.judgement(1_110)).toMatchObject({
      last100: { sent: 12, lost: 0 },
      roundTrip: {
        lastMilliseconds: 5,
        minimumMilliseconds: 5,
        maximumMilliseconds: 110,
        averageMilliseconds: 13.75,
      },
    });
  });

  it('counts what is missing now as lost', () => {
    const pace = new Pace();
    pace.go(200, always);
    pace.go(150, never);
    expect(pace.judge.judgement(pace.now).last100).toEqual({ sent: 100, lost: 100 });
    const { last1000, roundTrip } = pace.judge.judgement(pace.now);
    expect(last1000).toEqual({ sent: 350, lost: 150 });
    expect(roundTrip).toBeUndefined();
  });

  it('waits once for a prober that begins anew, and goes on counting', () => {
    const pace = new Pace();
    pace.go(50, always);
    pace.go(2, never);
    pace.restart();
    pace.go(2, never);
    expect(pace.judge.state).toBe('good');
    pace.restart();
    pace.go(2, never);
    expect(pace.judge.state).toBe('failed');
    pace.restart();
    pace.go(10, always);
    expect(pace.judge.judgement(pace.now)).toMatchObject({
      state: 'good',
      last1000: { sent: 63, lost: 3 },
    });
  });

  it('finds its numbers again where the pace was another than asked for', () => {
    const pace = new Pace();
    pace.go(10, always);
    pace.judge.answered(2_000_000, 5, 1_005);
    expect(pace.judge.judgement(1_005).last100).toEqual({ sent: 11, lost: 0 });
    pace.judge.answered(2_000_001, 5, 1_105);
    expect(pace.judge.judgement(1_105).last100).toEqual({ sent: 12, lost: 0 });
  });

  it('does not take for silence what nobody could hear', () => {
    const pace = new Pace();
    pace.go(10, always);
    pace.judge.notLooked(60_000, 61_000);
    pace.judge.look(61_000);
    expect(pace.judge.state).toBe('good');
    // An answer that was read just now is not moved into the future.
    pace.judge.answered(10, 5, 61_000);
    pace.judge.notLooked(60_000, 61_000);
    expect(pace.judge.deadline).toBeLessThan(62_000);
  });

  it('waits for answers that come unsteadily, twice the time at most', () => {
    const pace = new Pace();
    pace.go(10, always);
    for (let number = 10; number < 60; number += 1) {
      const late = number % 2 === 0 ? 0 : 90;
      pace.judge.answered(number, 5, number * 100 + 5 + late);
    }
    const wait = pace.judge.deadline - 5_995;
    expect(wait).toBeGreaterThan(350 + 90);
    expect(wait).toBeLessThanOrEqual(600);
  });

  it('knows nothing, and fails nothing, where nothing can be asked', () => {
    const pace = new Pace();
    pace.go(10, always);
    pace.judge.cannotAsk('fping is not here', 1_000);
    pace.go(100, never);
    expect(pace.judge.judgement(pace.now)).toMatchObject({
      state: 'unknown',
      reason: 'fping is not here',
    });
    pace.restart();
    pace.go(12, never);
    expect(pace.judge.state).toBe('unknown');
    pace.go(3, never);
    expect(pace.judge.state).toBe('failed');
    expect(pace.judge.judgement(pace.now).reason).toMatch(/^has not answered for/);
  });

  it('goes on with a failure that an agent before has found', () => {
    const judge = new ProbeJudge(LIMITS, 0, { state: 'failed', hasAnswered: true });
    expect(judge.judgement(10_000)).toMatchObject({
      ...{ state: 'failed', hasAnswered: true },
      reason: 'has not answered since the agent was started',
    });
    const states = Array.from({ length: 5 }, (_, number) => {
      judge.answered(number, 5, 10_000 + number * 100);
      return judge.state;
    });
    expect(states).toEqual([...Array.from({ length: 4 }, () => 'failed'), 'good']);
  });

  it('knows by an agent before that something has answered once', () => {
    const judge = new ProbeJudge(LIMITS, 0, { state: 'good', hasAnswered: true });
    expect(judge.judgement(0)).toMatchObject({ state: 'unknown', hasAnswered: true });
    judge.look(2_000);
    expect(judge.judgement(2_000)).toMatchObject({ state: 'failed', hasAnswered: true });
  });

  it('says what was said instead of an answer', () => {
    const pace = new Pace();
    pace.judge.note('ICMP Unreachable from 192.0.2.9');
    pace.go(20, never);
    expect(pace.judge.judgement(pace.now).reason).toBe(
      'has never answered: ICMP Unreachable from 192.0.2.9',
    );
    pace.go(20, always);
    expect(pace.judge.judgement(pace.now).reason).toBe('answers');
    expect(LIMITS.failAfter).toBe(3);
  });
});
