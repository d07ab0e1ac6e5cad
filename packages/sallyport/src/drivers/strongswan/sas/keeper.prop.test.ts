/** The keeper against random daemons: what it ends, what it brings up, and how often it tries. */
import type { IkeSa } from '@sallyport/vici';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { childHash, peerHash } from '../render.ts';
import type { SaOrigins } from '../state.ts';
import { fakeSa } from '../testing/sas.ts';
import { pskTunnel } from '../testing/tunnels.ts';
import {
  ATTEMPT_MILLISECONDS,
  type Attempt,
  failAttempt,
  type KeeperAction,
  nextActions,
  startAttempt,
} from './keeper.ts';
import { noteOrigins, OLDER } from './origins.ts';
import { isLiveChild, isLiveIke } from './tunnel-view.ts';

const { name } = pskTunnel;
const names = pskTunnel.children.map((child) => child.name);

interface Daemon {
  readonly sas: readonly IkeSa[];
  readonly origins: SaOrigins;
}

/** Most of all SAs stand, so that most of all daemons have something to choose from. */
const mostly = (usual: string, ...others: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 6 }, fc.constantFrom(...others));

const child = (...childNames: readonly string[]) =>
  fc.record({
    child: fc.constantFrom(...childNames),
    state: mostly('INSTALLED', 'CREATED', 'REKEYING', 'REKEYED', 'DELETING'),
    isOlder: fc.boolean(),
  });
const sa = fc.record({
  state: mostly('ESTABLISHED', 'CONNECTING', 'REKEYING', 'REKEYED', 'DELETING'),
  establishedSeconds: fc.constantFrom(0, 14, 15, 1_000),
  isOlder: fc.boolean(),
  children: fc.oneof(
    fc.tuple(child('v4'), child('v6')),
    fc.array(child('v4', 'v6', 'gone'), { maxLength: 4 }),
  ),
});

/** IKE SAs in every state, each of them and of their children made with this or with an older plan. */
const daemon: fc.Arbitrary<Daemon> = fc.array(sa, { maxLength: 4 }).map((list) => {
  const ike = new Map<string, string>();
  const children = new Map<string, { hash: string; ike: string; name: string }>();
  const sas = list.map(({ children: ofSa, isOlder, ...fields }, index) => {
    const uniqueId = String(index + 1);
    ike.set(uniqueId, isOlder ? OLDER : peerHash(pskTunnel));
    const built = ofSa.map(({ child: childName, state, isOlder: isOlderChild }, place) => {
      const id = `${uniqueId}${place}`;
      const plan = pskTunnel.children.find((candidate) => candidate.name === childName);
      const hash = plan === undefined || isOlderChild ? OLDER : childHash(pskTunnel, plan);
      children.set(id, { hash, ike: uniqueId, name: childName });
      return { name: childName, uniqueId: id, state };
    });
    return fakeSa({ name, uniqueId, ...fields, children: built });
  });
  return { sas, origins: { ike, children } };
});

const started = fc.constantFrom('initiate' as const, 'trap' as const);

interface Moment extends Daemon {
  readonly attempts?: ReadonlyMap<string, Attempt>;
  readonly now?: number;
  readonly window?: number;
}

function decide(tunnels: readonly TunnelPlan[], moment: Moment): KeeperAction[] {
  const lost = new Set<string>();
  return nextActions({
    tunnels,
    lost,
    attempts: new Map(),
    rekeyed: new Set(),
    revoked: new Set(),
    now: 0,
    window: 10,
    ...moment,
  });
}

/** Names of the children that carry packets. */
function carried(sas: readonly IkeSa[]): Set<string> {
  const children = sas.filter(isLiveIke).flatMap((one) => one.children.filter(isLiveChild));
  return new Set(children.map((one) => one.name));
}

/** What is left when the daemon has ended what it was told to end. */
function afterEnds(sas: readonly IkeSa[], actions: readonly KeeperAction[]): IkeSa[] {
  const ended = (type: KeeperAction['type'], uniqueId: string): boolean =>
    actions.some(
      (action) => action.type === type && 'uniqueId' in action && action.uniqueId === uniqueId,
    );
  return sas
    .filter(({ uniqueId }) => !ended('terminate-ike', uniqueId))
    .map((one) => ({
      ...one,
      children: one.children.filter(({ uniqueId }) => !ended('terminate-child', uniqueId)),
    }));
}

/** A daemon and a peer with which every attempt succeeds at once. */
function bringUp({ sas, origins }: Daemon, actions: readonly KeeperAction[], round: number) {
  const isRekeyed = (uniqueId: string): boolean =>
    actions.some((action) => action.type === 'rekey-child' && action.uniqueId === uniqueId);
  const left = afterEnds(sas, actions)
    .filter(({ state }) => state !== 'DELETING' && state !== 'REKEYED')
    .map((one): IkeSa => {
      const children = one.children
        .filter((other) => isLiveChild(other) && other.state !== 'REKEYED')
        .map((other) => ({
          ...other,
          state: 'INSTALLED' as const,
          uniqueId: isRekeyed(other.uniqueId) ? `${round}9${other.uniqueId}` : other.uniqueId,
        }));
      return { ...one, state: 'ESTABLISHED', establishedSeconds: 1_000, children };
    });
  const made = actions.flatMap((action) => (action.type === 'initiate' ? [action.child] : []));
  const host = left.findLast((one) => origins.ike.get(one.uniqueId) === peerHash(pskTunnel));
  const fresh = made.map((childName, place) => ({
    name: childName,
    uniqueId: `${round}0${place}`,
  }));
  const born = fakeSa({ name, uniqueId: String(100 + round), children: fresh });
  if (host === undefined) return fresh.length === 0 ? left : [...left, born];
  return left.map((one) =>
    one === host ? { ...one, children: [...one.children, ...born.children] } : one,
  );
}

describe('whatever the daemon holds', () => {
  it('no child that carries packets is left without an SA', () => {
    fc.assert(
      fc.property(daemon, started, (held, start) => {
        const actions = decide([{ ...pskTunnel, start }], held);
        const left = carried(afterEnds(held.sas, actions));
        const wanted = names.filter((childName) => carried(held.sas).has(childName));
        expect([...left]).toEqual(expect.arrayContaining(wanted));
      }),
      { numRuns: 2_000 },
    );
  });

  it('a few rounds bring up what is missing and end what is old, and then nothing is done', () => {
    fc.assert(
      fc.property(daemon, (held) => {
        let { sas, origins } = held;
        let actions = decide([pskTunnel], { sas, origins });
        for (let round = 1; round <= 8 && (actions.length > 0 || round === 1); round += 1) {
          sas = bringUp({ sas, origins }, actions, round);
          origins = noteOrigins(sas, origins, [pskTunnel], new Set());
          actions = decide([pskTunnel], { sas, origins });
        }
        expect(actions).toEqual([]);
        expect([...carried(sas)].sort()).toEqual(names);
        expect([
          ...origins.ike.values(),
          ...[...origins.children.values()].map((o) => o.hash),
        ]).not.toContain(OLDER);
      }),
      { numRuns: 500 },
    );
  });

  it('it tells the same in whatever order the daemon lists its SAs', () => {
    fc.assert(
      fc.property(daemon, (held) => {
        const sorted = (actions: readonly KeeperAction[]): string[] =>
          actions.map((action) => JSON.stringify(action)).sort();
        const reversed = { ...held, sas: held.sas.toReversed() };
        expect(sorted(decide([pskTunnel], reversed))).toEqual(sorted(decide([pskTunnel], held)));
      }),
    );
  });
});

describe('tunnels that are as wanted', () => {
  const start = fc.constantFrom('initiate' as const, 'trap' as const, 'respond' as const);
  const attempt: fc.Arbitrary<Attempt> = fc.record({
    child: fc.constantFrom('v4', 'v6'),
    failures: fc.nat(9),
    startedAt: fc.nat(99_999),
    isPending: fc.boolean(),
    nextAt: fc.nat(99_999),
  });

  it('cause no action, however many there are and whatever was tried before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(start, attempt), { maxLength: 20 }), fc.nat(), (list, now) => {
        const tunnels = list.map(([ofTunnel], index) => ({
          ...pskTunnel,
          name: `sp.a.b.t${index}`,
          start: ofTunnel,
        }));
        const sas = tunnels.map((tunnel, index) =>
          fakeSa({
            name: tunnel.name,
            uniqueId: String(index + 1),
            children: names.map((childName, place) => ({
              name: childName,
              uniqueId: `${index}${place}`,
            })),
          }),
        );
        const attempts = new Map(list.map(([, before], index) => [`sp.a.b.t${index}`, before]));
        const origins = noteOrigins(
          sas,
          { ike: new Map(), children: new Map() },
          tunnels,
          new Set(),
        );
        expect(decide(tunnels, { sas, origins, attempts, now })).toEqual([]);
      }),
    );
  });
});

describe('peers that refuse', () => {
  const nothing: Daemon = { sas: [], origins: { ike: new Map(), children: new Map() } };
  const random = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), {
    minLength: 7,
    maxLength: 7,
  });

  it('are not flooded: an hour of refusals is about one attempt a minute and tunnel', () => {
    fc.assert(
      fc.property(random, (spread) => {
        let attempt: Attempt | undefined;
        let tries = 0;
        for (let now = 0; now < 3_600_000; now += 500) {
          const attempts = new Map(attempt === undefined ? [] : [[name, attempt]]);
          if (decide([pskTunnel], { ...nothing, attempts, now }).length === 0) continue;
          attempt = failAttempt(startAttempt(attempt, 'v4', now), now, spread[tries % 7] ?? 0);
          tries += 1;
        }
        expect(tries).toBeLessThanOrEqual(130);
        expect(tries).toBeGreaterThanOrEqual(60);
      }),
      { numRuns: 5 },
    );
  });

  it('of which nothing is heard take turns, never more of them than the window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), (window) => {
        const tunnels = Array.from({ length: 12 }, (_, index) => ({
          ...pskTunnel,
          name: `sp.a.b.t${index}`,
        }));
        const attempts = new Map<string, Attempt>();
        const tries = new Map(tunnels.map((tunnel) => [tunnel.name, 0]));
        for (let now = 0; now < 3_600_000; now += 1_000) {
          for (const [of, attempt] of attempts) {
            if (attempt.isPending && now - attempt.startedAt > ATTEMPT_MILLISECONDS)
              attempts.set(of, failAttempt(attempt, now, 0));
          }
          for (const { tunnel } of decide(tunnels, { ...nothing, attempts, now, window })) {
            attempts.set(tunnel, startAttempt(attempts.get(tunnel), 'v4', now));
            tries.set(tunnel, (tries.get(tunnel) ?? 0) + 1);
          }
          const pending = [...attempts.values()].filter(({ isPending }) => isPending);
          expect(pending.length).toBeLessThanOrEqual(window);
        }
        const counts = [...tries.values()];
        expect(Math.min(...counts) * 2).toBeGreaterThanOrEqual(Math.max(...counts));
      }),
      { numRuns: 5 },
    );
  });

  it('do not stop the others for good where nobody settles what was tried', () => {
    const attempts = new Map([['sp.a.b.lost', startAttempt(undefined, 'v4', 0)]]);
    const now = ATTEMPT_MILLISECONDS + 1;
    expect(decide([pskTunnel], { ...nothing, attempts, now, window: 1 })).toHaveLength(1);
  });
});
