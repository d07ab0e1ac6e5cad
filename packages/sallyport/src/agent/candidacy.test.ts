import { describe, expect, it } from 'vitest';
import {
  type Candidacy,
  type CandidacyLook,
  NEW_CANDIDACY,
  nextCandidacy,
  nextLookAt,
  type Standing,
  standingOf,
} from './candidacy.ts';

const MINUTE = 60_000;
const AWAY = { isHolder: false, passage: 'down' } as const;
const COMING_UP = { isHolder: true, passage: 'down' } as const;
const EARLY = { isHolder: true, passage: 'early' } as const;
const UNANSWERED = { isHolder: true, passage: 'silent' } as const;
const GOOD = { isHolder: true, passage: 'good' } as const;

type Seen = Pick<CandidacyLook, 'isHolder' | 'passage'>;

/** Looks once a second. */
class Host {
  now = 0;
  candidacy: Candidacy = NEW_CANDIDACY;
  readonly #random: number;

  constructor(random = 0) {
    this.#random = random;
  }

  /** How it stands in the end. */
  sees(seen: Seen, seconds = 1): Standing {
    for (let second = 0; second < seconds; second += 1) {
      this.now += 1_000;
      const look = { ...seen, now: this.now, random: this.#random };
      this.candidacy = nextCandidacy(this.candidacy, look);
    }
    return standingOf(this.candidacy, this.now);
  }

  /** How long it is not presumed, in minutes. */
  get minutesOut(): number {
    return Math.round((this.candidacy.until - this.now) / MINUTE);
  }

  /** In how many seconds time alone changes something. */
  get seconds(): number | undefined {
    const at = nextLookAt(this.candidacy, this.now);
    return at === undefined ? undefined : (at - this.now) / 1_000;
  }
}

describe('a host that stands for addresses which bring their tunnels', () => {
  it('is presumed to be able while it has not tried', () => {
    const host = new Host();
    expect([host.sees(AWAY), host.seconds]).toEqual(['presumed', undefined]);
  });

  it('has ten seconds to bring them up when it takes the addresses, and when its SAs end', () => {
    const host = new Host();
    expect(host.sees(COMING_UP, 10)).toBe('presumed');
    expect(host.sees(GOOD)).toBe('proven');
    expect(host.sees(COMING_UP, 10)).toBe('presumed');
    expect(host.seconds).toBe(1);
    expect(host.sees(COMING_UP)).toBe('failed');
  });

  it('has them as well after it has failed, and something got through', () => {
    const host = new Host();
    host.sees(COMING_UP, 11);
    expect([host.minutesOut, host.seconds]).toEqual([1, 60]);
    expect([host.sees(GOOD), host.seconds]).toEqual(['proven', undefined]);
    expect(host.sees(COMING_UP, 10)).toBe('presumed');
    expect([host.sees(COMING_UP), host.minutesOut]).toEqual(['failed', 2]);
  });

  it('gives them up at once when nothing answers any more through SAs that are up', () => {
    const host = new Host();
    host.sees(GOOD);
    expect([host.sees(UNANSWERED), host.minutesOut]).toEqual(['failed', 1]);
  });

  it('waits for the first answer through SAs that have just come up', () => {
    const host = new Host();
    host.sees(GOOD);
    host.sees(COMING_UP);
    expect([host.sees(EARLY, 2), host.sees(UNANSWERED, 7)]).toEqual(['presumed', 'presumed']);
    expect(host.sees(UNANSWERED)).toBe('failed');
  });

  it('takes SAs through which nothing can be asked for good in the end, and not before', () => {
    const host = new Host();
    expect([host.sees(EARLY, 10), host.sees(EARLY), host.sees(EARLY)]).toEqual([
      ...['presumed', 'proven', 'proven'],
    ]);
    const failed = new Host();
    failed.sees(COMING_UP, 11);
    expect([failed.sees(EARLY, 20), failed.sees(GOOD), failed.sees(EARLY)]).toEqual([
      ...['failed', 'proven', 'proven'],
    ]);
  });

  it('is not presumed again before some time, whether it holds the addresses or not', () => {
    const host = new Host();
    host.sees(COMING_UP, 11);
    expect([host.sees(AWAY), host.sees(COMING_UP), host.sees(AWAY, 50)]).toEqual([
      ...['failed', 'failed', 'failed'],
    ]);
    expect(host.sees(AWAY, 10)).toBe('presumed');
  });

  it.each([
    { random: 0, minutes: [1, 2, 4, 8, 15, 15] },
    { random: 1, minutes: [2, 4, 8, 16, 30, 30] },
  ])('waits twice as long each time, and begins anew after calm ($random)', (drawn) => {
    const host = new Host(drawn.random);
    const waits = drawn.minutes.map(() => {
      host.sees(COMING_UP, 11);
      const { minutesOut } = host;
      host.sees(AWAY, minutesOut * 60 + 1);
      return minutesOut;
    });
    expect(waits).toEqual(drawn.minutes);
    host.sees(AWAY, 31 * 60);
    host.sees(COMING_UP, 11);
    expect(host.minutesOut).toBe(drawn.minutes[0]);
  });

  it('stays out for as long as it holds the addresses and nothing gets through', () => {
    const host = new Host();
    host.sees(COMING_UP, 11);
    const stood = Array.from({ length: 600 }, () => host.sees(COMING_UP));
    expect(new Set(stood)).toEqual(new Set(['failed']));
  });
});
