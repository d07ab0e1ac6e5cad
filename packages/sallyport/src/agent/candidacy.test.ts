import { describe, expect, it } from 'vitest';
import {
  type Candidacy,
  type CandidacyLook,
  isPresumed,
  NEW_CANDIDACY,
  nextCandidacy,
} from './candidacy.ts';

const MINUTE = 60_000;
const AWAY = { isHolder: false, isUp: false, isGood: false };
const COMING_UP = { ...AWAY, isHolder: true };
const UNANSWERED = { ...COMING_UP, isUp: true };
const GOOD = { ...UNANSWERED, isGood: true };

type Seen = Pick<CandidacyLook, 'isHolder' | 'isUp' | 'isGood'>;

/** Looks once a second, and says when the host began to be presumed, and no longer was. */
class Host {
  now = 0;
  candidacy: Candidacy = NEW_CANDIDACY;

  sees(seen: Seen, seconds = 1): boolean {
    for (let second = 0; second < seconds; second += 1) {
      this.now += 1_000;
      // As late as it may be.
      const look = { ...seen, now: this.now, random: 1 };
      this.candidacy = nextCandidacy(this.candidacy, look);
    }
    return isPresumed(this.candidacy, this.now);
  }

  /** How long it is not presumed, in minutes. */
  get minutesOut(): number {
    return Math.round((this.candidacy.until - this.now) / MINUTE);
  }
}

describe('a host that stands for addresses which bring their tunnels', () => {
  it('is presumed to be able while it has not tried', () => {
    expect(new Host().sees(AWAY)).toBe(true);
  });

  it('has ten seconds to bring them up when it takes the addresses, and when its SAs end', () => {
    const host = new Host();
    expect(host.sees(COMING_UP, 10)).toBe(true);
    host.sees(GOOD);
    expect(host.sees(COMING_UP, 10)).toBe(true);
    expect(host.sees(COMING_UP)).toBe(false);
  });

  it('gives them up at once when nothing answers any more through SAs that are up', () => {
    const host = new Host();
    host.sees(GOOD);
    expect(host.sees(UNANSWERED)).toBe(false);
    expect(host.minutesOut).toBe(1);
  });

  it('waits for the first answer through SAs that have just come up', () => {
    const host = new Host();
    host.sees(GOOD);
    host.sees(COMING_UP);
    expect(host.sees(UNANSWERED, 9)).toBe(true);
    expect(host.sees(UNANSWERED)).toBe(false);
  });

  it('is not presumed again before some time, whether it holds the addresses or not', () => {
    const host = new Host();
    host.sees(COMING_UP, 11);
    expect([host.sees(AWAY), host.sees(COMING_UP), host.sees(AWAY, 50)]).toEqual([
      ...[false, false, false],
    ]);
    expect(host.sees(AWAY, 10)).toBe(true);
  });

  it('waits twice as long each time, up to half an hour, and begins anew after calm', () => {
    const host = new Host();
    const waits = Array.from({ length: 7 }, () => {
      host.sees(COMING_UP, 11);
      const { minutesOut } = host;
      host.sees(AWAY, minutesOut * 60 + 1);
      return minutesOut;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
    host.sees(AWAY, 31 * 60);
    host.sees(COMING_UP, 11);
    expect(host.minutesOut).toBe(1);
  });

  it('stays out for as long as it holds the addresses and nothing gets through', () => {
    const host = new Host();
    host.sees(COMING_UP, 11);
    const presumed = Array.from({ length: 600 }, () => host.sees(COMING_UP));
    expect(presumed).not.toContain(true);
  });
});
