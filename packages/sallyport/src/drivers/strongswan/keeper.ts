/**
 * Decides what to initiate and what to retire, since charon itself begins and ends nothing. Pure:
 * called after each look at the daemon, with the time and the attempts so far.
 *
 * One attempt at a time per tunnel: a second one beside a connecting IKE SA would only make another.
 * An SA made with an older configuration is replaced make-before-break: the new one is brought up
 * beside it, and the old one ends when every Child SA stands on the new one.
 */
import type { ChildSa, IkeSa } from '@sallyport/vici';
import { backoffMilliseconds } from '../../lib/backoff.ts';
import type { ChildPlan, TunnelPlan } from '../../plan/host-plan.ts';
import type { SaOrigins } from './origins.ts';
import { childHash, peerHash } from './render.ts';

/** Tries of one tunnel that have not succeeded. Times are in milliseconds of any steady clock. */
export interface Attempt {
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
  | {
      readonly type: 'terminate-ike';
      readonly tunnel: string;
      readonly uniqueId: string;
      readonly reason: string;
    }
  | {
      readonly type: 'terminate-child';
      readonly tunnel: string;
      readonly uniqueId: string;
      readonly reason: string;
    };

export interface KeeperInput {
  readonly tunnels: readonly TunnelPlan[];
  readonly sas: readonly IkeSa[];
  readonly origins: SaOrigins;
  readonly attempts: ReadonlyMap<string, Attempt>;
  readonly now: number;
  /** Attempts under way at once: more would overrun half-open limits at both ends. */
  readonly window: number;
}

/** strongswan.conf gives up a silent peer after 18.5 s; an attempt older than this is lost. */
export const ATTEMPT_MILLISECONDS = 30_000;
const BACKOFF = { baseMilliseconds: 1_000, maxMilliseconds: 60_000 };

const LIVE_IKE = new Set(['CREATED', 'CONNECTING', 'ESTABLISHED', 'PASSIVE', 'REKEYING']);
const LIVE_CHILD = new Set(['INSTALLED', 'UPDATING', 'REKEYING', 'REKEYED', 'RETRYING']);
const UP_IKE = new Set(['ESTABLISHED', 'REKEYING']);

export function isLiveIke(sa: IkeSa): boolean {
  return LIVE_IKE.has(sa.state);
}

/** Carries packets, as soon as it has Child SAs. */
export function isUpIke(sa: IkeSa): boolean {
  return UP_IKE.has(sa.state);
}

/** Carries packets now. */
export function isLiveChild(child: ChildSa): boolean {
  return LIVE_CHILD.has(child.state);
}

export function nextActions(input: KeeperInput): KeeperAction[] {
  const actions: KeeperAction[] = [];
  const byTunnel = Map.groupBy(input.sas.filter(isLiveIke), (sa) => sa.name);
  let underWay = [...input.attempts.values()].filter((attempt) => attempt.isPending).length;
  for (const tunnel of input.tunnels) {
    if (!tunnel.enabled) continue;
    const view = viewOf(tunnel, byTunnel.get(tunnel.name) ?? [], input);
    const retired = retire(tunnel, view);
    actions.push(...retired);
    const [missing] = view.missing;
    if (missing === undefined || !mayInitiate(tunnel, view, input, underWay)) continue;
    const replaces = hasOutdated(view);
    actions.push({ type: 'initiate', tunnel: tunnel.name, child: missing.name, replaces });
    underWay += 1;
  }
  return actions;
}

interface TunnelView {
  /** IKE SAs made with today's configuration, newest first. */
  readonly current: readonly IkeSa[];
  readonly outdated: readonly IkeSa[];
  /** Children without a Child SA of today's configuration. */
  readonly missing: readonly ChildPlan[];
  /** Child SAs of an older configuration on a current IKE SA. */
  readonly outdatedChildren: readonly ChildSa[];
  readonly isConnecting: boolean;
}

function viewOf(tunnel: TunnelPlan, sas: readonly IkeSa[], input: KeeperInput): TunnelView {
  const wanted = peerHash(tunnel);
  const isCurrent = (sa: IkeSa): boolean =>
    (input.origins.ike.get(sa.uniqueId) ?? wanted) === wanted;
  const current = sas.filter(isCurrent).sort((a, b) => Number(b.uniqueId) - Number(a.uniqueId));
  const children = current.flatMap((sa) => sa.children.filter(isLiveChild));
  const isCurrentChild = (child: ChildSa): boolean => {
    const plan = tunnel.children.find((candidate) => candidate.name === child.name);
    if (plan === undefined) return false;
    const now = childHash(tunnel, plan);
    return (input.origins.children.get(child.uniqueId)?.hash ?? now) === now;
  };
  const standing = new Set(children.filter(isCurrentChild).map((child) => child.name));
  return {
    current,
    outdated: sas.filter((sa) => !isCurrent(sa)),
    missing: tunnel.children.filter((child) => !standing.has(child.name)),
    outdatedChildren: children.filter((child) => !isCurrentChild(child)),
    isConnecting: current.some((sa) => !isUpIke(sa)),
  };
}

function retire(tunnel: TunnelPlan, view: TunnelView): KeeperAction[] {
  const answersOnly = tunnel.start === 'respond';
  if (view.missing.length > 0 && !answersOnly) return [];
  const end = (uniqueId: string, reason: string): KeeperAction => ({
    type: 'terminate-ike',
    tunnel: tunnel.name,
    uniqueId,
    reason,
  });
  return [
    // Who only answers cannot bring up the new one: the other side must come again.
    ...view.outdated.map((sa) => end(sa.uniqueId, 'made with an older configuration')),
    ...view.outdatedChildren.map(
      (child): KeeperAction => ({
        type: 'terminate-child',
        tunnel: tunnel.name,
        uniqueId: child.uniqueId,
        reason: 'made with an older configuration',
      }),
    ),
    ...duplicates(tunnel, view).map((sa) => end(sa.uniqueId, 'a newer one carries every Child SA')),
  ];
}

/** Older IKE SAs beside one that carries everything: both ends may have initiated at once. */
function duplicates(tunnel: TunnelPlan, { current }: TunnelView): readonly IkeSa[] {
  const complete = current.filter(
    (sa) =>
      isUpIke(sa) &&
      tunnel.children.every(({ name }) =>
        sa.children.some((child) => child.name === name && child.state === 'INSTALLED'),
      ),
  );
  // Both ends see the same SPIs: by them they agree on which to keep, whoever looks first.
  const [, ...surplus] = complete.toSorted((a, b) => (spisOf(a) < spisOf(b) ? -1 : 1));
  return surplus.filter((sa) => (sa.establishedSeconds ?? 0) >= DUPLICATE_SECONDS);
}

/** Younger duplicates are left alone: an SA that replaces another is a duplicate for a moment. */
const DUPLICATE_SECONDS = 15;

function spisOf(sa: IkeSa): string {
  return `${sa.initiatorSpi}${sa.responderSpi}`;
}

function hasOutdated({ outdated, outdatedChildren }: TunnelView): boolean {
  return outdated.length > 0 || outdatedChildren.length > 0;
}

function mayInitiate(
  tunnel: TunnelPlan,
  view: TunnelView,
  input: KeeperInput,
  underWay: number,
): boolean {
  if (tunnel.start === 'respond') return false;
  if (tunnel.start === 'trap' && !hasOutdated(view)) return false;
  if (view.isConnecting || underWay >= input.window) return false;
  const attempt = input.attempts.get(tunnel.name);
  if (attempt === undefined) return true;
  return attempt.isPending
    ? input.now - attempt.startedAt > ATTEMPT_MILLISECONDS
    : input.now >= attempt.nextAt;
}

/** The attempt after it was made, or made again. */
export function startAttempt(before: Attempt | undefined, now: number): Attempt {
  return { failures: before?.failures ?? 0, startedAt: now, isPending: true, nextAt: now };
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
