/** Carries out what `nextActions` decides, and keeps count of attempts. */
import { type IkeSa, type ViciClient, ViciCommandError } from '@sallyport/vici';
import type { KernelState } from '../../drivers/kernel/sas/parse-states.ts';
import { isLoaded } from '../../drivers/strongswan/loaded.ts';
import { reqidOf } from '../../drivers/strongswan/render.ts';
import {
  ATTEMPT_MILLISECONDS,
  type Attempt,
  failAttempt,
  type KeeperAction,
  nextActions,
  startAttempt,
  wantingTunnels,
} from '../../drivers/strongswan/sas/keeper.ts';
import { isLiveIke } from '../../drivers/strongswan/sas/tunnel-view.ts';
import type { ObservedStrongswan } from '../../drivers/strongswan/state.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import type { Log } from '../log.ts';
import type { Failures } from './failures.ts';
import type { RollGuard, Standing } from './roll-guard.ts';
import type { SaNews } from './sa-news.ts';

/** What the kernel says of SAs. */
export interface KernelFindings {
  /** Unique ids of Child SAs that the daemon tells of and the kernel does not have. */
  readonly lost: ReadonlySet<string>;
  /** Of ours, and not told of by the daemon: those of a daemon before go on carrying packets. */
  readonly left: readonly KernelState[];
}

/** A hold costs several programs: where more tunnels come up at once, that they are up sooner is worth more. */
const HELD_AT_ONCE = 16;

/** Beside what a tunnel is brought up. */
interface Beside extends Standing {
  /** Tunnels that come back beside SAs of a daemon before, and are held. */
  readonly returning: ReadonlySet<string>;
}

export interface TunnelKeeperOptions {
  readonly client: ViciClient;
  readonly failures: Failures;
  readonly log: Log;
  readonly news: SaNews;
  readonly rollGuard: RollGuard;
  /** Attempts under way at once. */
  readonly window: number;
  readonly now: () => number;
  readonly random: () => number;
}

export class TunnelKeeper {
  readonly #options: TunnelKeeperOptions;
  readonly #attempts = new Map<string, Attempt>();
  /** Unique ids of Child SAs that are there, and were to be rekeyed. */
  #rekeyed: ReadonlySet<string> = new Set();

  constructor(options: TunnelKeeperOptions) {
    this.#options = options;
  }

  /** A log line has told that the tunnel's attempt failed. */
  attemptFailed(tunnel: string): void {
    const attempt = this.#attempts.get(tunnel);
    if (attempt?.isPending)
      this.#attempts.set(tunnel, failAttempt(attempt, this.#options.now(), this.#options.random()));
  }

  /** The tunnel's configuration has changed: what failed before says nothing of the next attempt. */
  forgetAttempt(tunnel: string): void {
    this.#attempts.delete(tunnel);
  }

  /** One round: returns how many actions were taken. */
  async keep(
    tunnels: readonly TunnelPlan[],
    observed: ObservedStrongswan,
    { lost, left }: KernelFindings,
    signal: AbortSignal,
  ): Promise<number> {
    const { sas, origins } = observed;
    // What is not loaded as planned would be brought up with its old configuration.
    const loaded = tunnels.filter((tunnel) =>
      isLoaded(observed.connections.get(tunnel.name), tunnel),
    );
    const situation = { tunnels: loaded, sas, origins, lost };
    const wanting = wantingTunnels(situation);
    this.#settleAttempts(loaded, wanting, sas);
    this.#options.rollGuard.keepOnly(this.#pendingTunnels());
    const known = new Set(sas.flatMap((sa) => sa.children.map(({ uniqueId }) => uniqueId)));
    this.#rekeyed = new Set([...this.#rekeyed].filter((id) => known.has(id)));
    const actions = nextActions({
      ...situation,
      attempts: this.#attempts,
      rekeyed: this.#rekeyed,
      revoked: this.#options.failures.tunnelsWith('ike/certificate-revoked'),
      now: this.#options.now(),
      window: this.#options.window,
    });
    // What the daemon has an IKE SA of is its own, and has just come: it was asked before the kernel.
    const begun = new Set(sas.filter(isLiveIke).map(({ name }) => name));
    const returning = returningTunnels(
      loaded.filter(({ name }) => wanting.has(name) && !begun.has(name)),
      left,
    );
    for (const action of actions)
      await this.#act(action, tunnels, { sas, left, returning }, signal);
    // charon may not list yet what it was asked for, and tells of it only when it is up, or has failed.
    for (const name of this.#pendingTunnels()) this.#options.news.note(name);
    return actions.length;
  }

  /** Earliest time at which a tunnel may be tried again; undefined where none waits. */
  get nextAt(): number | undefined {
    const times = [...this.#attempts.values()].map((attempt) =>
      attempt.isPending ? attempt.startedAt + ATTEMPT_MILLISECONDS : attempt.nextAt,
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #pendingTunnels(): ReadonlySet<string> {
    const pending = [...this.#attempts].filter(([, attempt]) => attempt.isPending);
    return new Set(pending.map(([name]) => name));
  }

  #settleAttempts(
    tunnels: readonly TunnelPlan[],
    wanting: ReadonlySet<string>,
    sas: readonly IkeSa[],
  ): void {
    const now = this.#options.now();
    const byName = new Map(tunnels.map((tunnel) => [tunnel.name, tunnel]));
    for (const [name, attempt] of this.#attempts) {
      const tunnel = byName.get(name);
      if (tunnel === undefined || !wanting.has(name)) {
        this.#attempts.delete(name);
      } else if (attempt.isPending && now - attempt.startedAt > ATTEMPT_MILLISECONDS) {
        if (!sas.some((sa) => sa.name === name && isLiveIke(sa))) {
          const diagnosis = { code: 'ike/no-answer', named: [], isSpecific: false } as const;
          this.#options.failures.note(tunnel, diagnosis, new Date());
        }
        this.attemptFailed(name);
      }
    }
  }

  async #act(
    action: KeeperAction,
    tunnels: readonly TunnelPlan[],
    standing: Beside,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, failures, log, news } = this.#options;
    news.note(action.tunnel);
    try {
      switch (action.type) {
        case 'initiate':
          this.#attempts.set(
            action.tunnel,
            startAttempt(this.#attempts.get(action.tunnel), action.child, this.#options.now()),
          );
          log.debug({ tunnel: action.tunnel, child: action.child }, 'initiating');
          failures.addStep(action.tunnel, `bringing up Child SA ${action.child}`, new Date());
          await this.#hold(action, tunnels, standing, signal);
          await client.initiate({ ike: action.tunnel, child: action.child, timeoutMs: -1, signal });
          return;
        case 'rekey-child':
          log.info(
            { tunnel: action.tunnel, uniqueId: action.uniqueId, reason: action.reason },
            'rekeying Child SA',
          );
          this.#rekeyed = new Set([...this.#rekeyed, action.uniqueId]);
          await client.rekey({ childId: action.uniqueId, signal });
          return;
        case 'terminate-ike':
          log.info(
            { tunnel: action.tunnel, uniqueId: action.uniqueId, reason: action.reason },
            'ending IKE SA',
          );
          await client.terminate({
            ...{ ikeId: action.uniqueId, timeoutMs: -1, signal },
            ...(action.force === undefined ? {} : { force: action.force }),
          });
          return;
        case 'terminate-child':
          log.info(
            { tunnel: action.tunnel, uniqueId: action.uniqueId, reason: action.reason },
            'ending Child SA',
          );
          await client.terminate({ childId: action.uniqueId, timeoutMs: -1, signal });
          return;
      }
    } catch (error) {
      const isRefused = error instanceof ViciCommandError;
      if (!isRefused) throw error;
      log.debug({ tunnel: action.tunnel, error: error.errmsg }, 'daemon refused');
      if (action.type !== 'initiate') return;
      const tunnel = tunnels.find((candidate) => candidate.name === action.tunnel);
      if (tunnel !== undefined) {
        this.#options.failures.note(
          tunnel,
          { code: 'child/failed', named: [error.errmsg], isSpecific: false },
          new Date(),
        );
      }
      this.attemptFailed(action.tunnel);
    }
  }

  async #hold(
    { tunnel: name, replaces }: Extract<KeeperAction, { type: 'initiate' }>,
    tunnels: readonly TunnelPlan[],
    standing: Beside,
    signal: AbortSignal,
  ): Promise<void> {
    const tunnel = tunnels.find((candidate) => candidate.name === name);
    if (tunnel === undefined || (!replaces && !standing.returning.has(name))) return;
    await this.#options.rollGuard.place({ ...tunnel, reqids: reqidsOf(tunnel) }, standing, signal);
  }
}

/** Those beside whose SAs of a daemon before new ones are to come up; none where they are too many to be held. */
function returningTunnels(
  wanting: readonly TunnelPlan[],
  left: readonly KernelState[],
): ReadonlySet<string> {
  const reqids = new Set(left.map(({ reqid }) => reqid));
  const found = wanting.filter((tunnel) =>
    [...reqidsOf(tunnel)].some((reqid) => reqids.has(reqid)),
  );
  return new Set(found.length > HELD_AT_ONCE ? [] : found.map(({ name }) => name));
}

function reqidsOf(tunnel: TunnelPlan): ReadonlySet<number> {
  return new Set(tunnel.children.map((child) => reqidOf(tunnel, child)));
}
