import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Renewable } from './renewal.ts';
import { type Candidate, nextStep, type Proof, type Rotation } from './rotation.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-01-01T00:00:00Z');

function issuedAt(time: number, name: string, days = 365): Renewable {
  return {
    notBefore: new Date(time).toISOString(),
    notAfter: new Date(time + days * DAY).toISOString(),
    fingerprint: createHash('sha256').update(`${name} ${time}`).digest('hex'),
  };
}

function at(days: number): Date {
  return new Date(START + days * DAY);
}

const proven = issuedAt(START, 'gw');

function candidate(change: Partial<Candidate> = {}): Candidate {
  const certificate = issuedAt(at(240).getTime(), 'gw');
  return {
    ...{ certificate, isInUse: true, since: at(240).toISOString(), failures: 0 },
    ...change,
  };
}

describe('what comes next for a certificate', () => {
  it('is rest until two thirds of its validity, or the age that was asked for', () => {
    expect(nextStep({ proven }, 'open', at(200))).toMatchObject({ do: 'rest' });
    expect(nextStep({ proven }, 'open', at(262))).toEqual({ do: 'issue' });
    expect(nextStep({ proven }, 'open', at(150), 100)).toEqual({ do: 'issue' });
  });

  it.each<[Proof, string]>([
    ['open', 'wait'],
    ['proven', 'settle'],
    ['refused', 'return'],
  ])('where the new one is in use and %s: %s', (proof, step) => {
    expect(nextStep({ proven, candidate: candidate() }, proof, at(241))).toEqual({ do: step });
  });

  it('is no return to what has expired', () => {
    const late = at(366);
    expect(nextStep({ proven, candidate: candidate() }, 'refused', late)).toEqual({ do: 'wait' });
    const waiting = candidate({ isInUse: false, failures: 5, since: late.toISOString() });
    expect(nextStep({ proven, candidate: waiting }, 'open', late)).toEqual({ do: 'use' });
  });

  it.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 4],
    [9, 24],
  ])('after %i refusals is another try, %i hours later', (failures, hours) => {
    const since = at(241);
    const state = {
      proven,
      candidate: candidate({ isInUse: false, failures, since: since.toISOString() }),
    };
    const due = new Date(since.getTime() + hours * HOUR);
    if (hours > 0)
      expect(nextStep(state, 'open', new Date(due.getTime() - 1))).toEqual({
        ...{ do: 'rest', until: due },
      });
    expect(nextStep(state, 'open', due)).toEqual({ do: 'use' });
  });

  it.each<[boolean, Proof, number]>([
    [false, 'open', 300],
    [true, 'open', 300],
    [true, 'refused', 366],
  ])(
    'is a new one where nobody took the last one until it was old itself: %s, %s',
    (isInUse, proof, day) => {
      const old = candidate({
        ...{ isInUse, failures: 9, since: at(day).toISOString() },
        certificate: issuedAt(at(1).getTime(), 'old'),
      });
      expect(nextStep({ proven, candidate: old }, proof, at(day))).toEqual({ do: 'issue' });
    },
  );
});

/** One host of many, run by `nextStep` alone. */
class SimulatedHost {
  readonly #name: string;
  readonly #isRefusing: (now: number) => boolean;
  rotation: Rotation;
  rotations = 0;

  constructor(name: string, isRefusing: (now: number) => boolean) {
    this.#name = name;
    this.#isRefusing = isRefusing;
    this.rotation = { proven: issuedAt(START, name) };
  }

  /** One look of the keeper; true where a certificate was issued. */
  look(now: number): boolean {
    const { proven: current, candidate: next } = this.rotation;
    const proof = this.#isRefusing(now) ? 'refused' : 'proven';
    const since = new Date(now).toISOString();
    switch (nextStep(this.rotation, next?.isInUse === true ? proof : 'open', new Date(now)).do) {
      case 'issue': {
        const certificate = issuedAt(now, this.#name);
        this.rotation = {
          proven: current,
          candidate: { certificate, isInUse: true, since, failures: 0 },
        };
        return true;
      }
      case 'settle':
        if (next !== undefined) this.rotation = { proven: next.certificate };
        this.rotations += 1;
        return false;
      case 'return':
        if (next !== undefined)
          this.rotation = {
            proven: current,
            candidate: { ...next, isInUse: false, since, failures: next.failures + 1 },
          };
        return false;
      case 'use':
        if (next !== undefined)
          this.rotation = { proven: current, candidate: { ...next, isInUse: true, since } };
        return false;
      default:
        return false;
    }
  }

  get inUse(): Renewable {
    const { proven: current, candidate: next } = this.rotation;
    return next?.isInUse === true ? next.certificate : current;
  }
}

describe('a year of 200 hosts that were set up on one day', () => {
  it('exchanges every certificate once, four in an hour at most, and none expires', () => {
    // Each twentieth has a partner who does not take the new certificate for two days.
    const hosts = Array.from({ length: 200 }, (_, index) => {
      const refusesUntil = index % 20 === 0 ? 2 * DAY : 0;
      let firstRefusal: number | undefined;
      return new SimulatedHost(`gw${index}`, (now) => {
        firstRefusal ??= now;
        return now < firstRefusal + refusesUntil;
      });
    });
    let most = 0;
    let expired = 0;
    for (let now = START; now < START + 366 * DAY; now += HOUR) {
      most = Math.max(most, hosts.filter((host) => host.look(now)).length);
      expired += hosts.filter(({ inUse }) => Date.parse(inUse.notAfter) <= now).length;
    }
    expect(expired).toBe(0);
    expect(hosts.map(({ rotations }) => rotations)).toEqual(hosts.map(() => 1));
    expect(most).toBe(4);
  });
});
