/**
 * Decides what to initiate and what to retire, since charon itself begins and ends nothing. Pure:
 * called after each look at the daemon, with the time and the attempts so far.
 *
 * One attempt at a time per tunnel: a second one beside a connecting IKE SA would only make another.
 * An SA made with an older configuration is replaced make-before-break: the new one is brought up
 * beside it, and the old one ends when every Child SA stands on the new one.
 */
import type { IkeSa } from '@sallyport/vici';
import { backoffMilliseconds } from '../../../lib/backoff.ts';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { type Retirement, retire } from './retire.ts';
import { hasOutdated, isLiveIke, type SaFacts, type TunnelView, viewOf } from './tunnel-view.ts';

/** Tries of one tunnel that have not succeeded. Times are in milliseconds of any steady clock. */
export interface Attempt {
  /** The child it is to bring up: once that stands, the attempt has succeeded. */
  readonly child: string;
  readonly failures: number;
  readonly startedAt: number;
  /** True until it is known to have failed. */
  readonly isPending: boolean;
  /** When to try again after a failure. */
  readonly nextAt: number;
}

export type KeeperAction =
  | {
      readonly type: 'initiate';
      readonly tunnel: string;
      readonly child: string;
      /** An older SA carries traffic meanwhile. */
      readonly replaces: boolean;
    }
  | Retirement;

export interface KeeperInput extends SaFacts {
  readonly tunnels: readonly TunnelPlan[];
  readonly sas: readonly IkeSa[];
  readonly attempts: ReadonlyMap<string, Attempt>;
  /** Unique ids of Child SAs that were to be rekeyed before. */
  readonly rekeyed: ReadonlySet<string>;
  /** Tunnels whose last attempt failed because the certificate of the other side is revoked. */
  readonly revoked: ReadonlySet<string>;
  readonly now: number;
  /** Attempts under way at once: more would overrun half-open limits at both ends. */
  readonly window: number;
}

/** strongswan.conf gives up a silent peer after 18.5 s; an attempt older than this is lost. */
export const ATTEMPT_MILLISECONDS = 30_000;
const BACKOFF = { baseMilliseconds: 1_000, maxMilliseconds: 60_000 };

export function nextActions(input: KeeperInput): KeeperAction[] {
  const actions: KeeperAction[] = [];
  const candidates: (KeeperAction & { readonly type: 'initiate' })[] = [];
  const byTunnel = Map.groupBy(input.sas.filter(isLiveIke), (sa) => sa.name);
  const succeeded = new Set<string>();
  for (const tunnel of input.tunnels) {
    if (!tunnel.enabled) continue;
    const view = viewOf(tunnel, byTunnel.get(tunnel.name) ?? [], input);
    actions.push(...retire(tunnel, view, input));
    const [missing] = view.missing;
    const attempt = input.attempts.get(tunnel.name);
    if (attempt !== undefined && stands(attempt.child, view)) succeeded.add(tunnel.name);
    if (missing === undefined || !mayInitiate(tunnel, view, input)) continue;
    const replaces = hasOutdated(view);
    candidates.push({ type: 'initiate', tunnel: tunnel.name, child: missing.name, replaces });
  }
  const underWay = [...input.attempts].filter(
    ([name, attempt]) => !succeeded.has(name) && isUnderWay(attempt, input.now),
  ).length;
  // Least recently tried first: many peers that are silent must not keep the others waiting.
  const triedAt = (name: string): number => input.attempts.get(name)?.startedAt ?? -1;
  const inTurn = candidates.toSorted((a, b) => triedAt(a.tunnel) - triedAt(b.tunnel));
  return [...actions, ...inTurn.slice(0, Math.max(0, input.window - underWay))];
}

/** Nothing is known of its end, and it may still succeed. */
function isUnderWay({ isPending, startedAt }: Attempt, now: number): boolean {
  return isPending && now - startedAt <= ATTEMPT_MILLISECONDS;
}

/** Whether bringing up what is missing is ours to do. */
function isOurs(tunnel: TunnelPlan, view: TunnelView): boolean {
  if (!tunnel.enabled || tunnel.start === 'respond' || tunnel.elsewhere === true) return false;
  // The first packet brings it up; only what replaces something that stands does not wait for it.
  return tunnel.start !== 'trap' || hasOutdated(view);
}

function stands(child: string, view: TunnelView): boolean {
  return view.missing.every(({ name }) => name !== child);
}

function mayInitiate(tunnel: TunnelPlan, view: TunnelView, input: KeeperInput): boolean {
  if (!isOurs(tunnel, view) || view.isConnecting || view.lostChildren.length > 0) return false;
  const attempt = input.attempts.get(tunnel.name);
  if (attempt === undefined || stands(attempt.child, view)) return true;
  return attempt.isPending ? !isUnderWay(attempt, input.now) : input.now >= attempt.nextAt;
}

/** The attempt after it was made, or made again. */
export function startAttempt(before: Attempt | undefined, child: string, now: number): Attempt {
  return { child, failures: before?.failures ?? 0, startedAt: now, isPending: true, nextAt: now };
}

/** The attempt after it failed; `random` in [0, 1) spreads the next one. */
export function failAttempt(before: Attempt, now: number, random: number): Attempt {
  const failures = before.failures + 1;
  return {
    ...before,
    failures,
    isPending: false,
    nextAt: now + backoffMilliseconds(failures, random, BACKOFF),
  };
}

/** Tunnels that still want an attempt of ours: all others have none to wait for. */
export function wantingTunnels(
  input: Omit<KeeperInput, 'attempts' | 'rekeyed' | 'revoked' | 'now' | 'window'>,
): Set<string> {
  const byTunnel = Map.groupBy(input.sas.filter(isLiveIke), (sa) => sa.name);
  return new Set(
    input.tunnels
      .filter((tunnel) => {
        const view = viewOf(tunnel, byTunnel.get(tunnel.name) ?? [], input);
        return view.missing.length > 0 && isOurs(tunnel, view);
      })
      .map(({ name }) => name),
  );
}
