/**
 * Decides which SAs end: those of an older configuration as soon as every Child SA stands on a new one,
 * those that the kernel has lost, duplicates, and all of a tunnel that is another host's now. Pure.
 */
import type { ChildSa, IkeSa } from '@sallyport/vici';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { isLiveChild, isUpIke, type TunnelView } from './tunnel-view.ts';

export interface Retirement {
  readonly type: 'rekey-child' | 'terminate-ike' | 'terminate-child';
  readonly tunnel: string;
  readonly uniqueId: string;
  readonly reason: string;
  /** Without waiting for the other side. */
  readonly force?: true;
}

export interface RetireInput {
  /** Unique ids of Child SAs that were to be rekeyed before. */
  readonly rekeyed: ReadonlySet<string>;
  /** Tunnels whose last attempt failed because the certificate of the other side is revoked. */
  readonly revoked: ReadonlySet<string>;
}

export function retire(
  tunnel: TunnelPlan,
  view: TunnelView,
  { rekeyed, revoked }: RetireInput,
): Retirement[] {
  const step =
    (type: Retirement['type'], reason: string) =>
    ({ uniqueId }: { readonly uniqueId: string }): Retirement => ({
      type,
      tunnel: tunnel.name,
      uniqueId,
      reason,
    });
  // The address is not ours any more: no word of it would leave, and none is to be waited for.
  if (tunnel.elsewhere === true) {
    const end = step('terminate-ike', 'another host holds its address');
    return [...view.current, ...view.outdated].map((sa) => ({ ...end(sa), force: true }));
  }
  // Ended before its successor is there: it carries nothing, and charon makes no second one beside it.
  const lost = view.lostChildren.map(step('terminate-child', 'lost by the kernel'));
  // Whatever else an exchange fails for, the old one stays.
  if (view.missing.length > 0 && revoked.has(tunnel.name)) {
    const reason = 'the certificate of the other side is revoked';
    return [...lost, ...view.outdated.map(step('terminate-ike', reason))];
  }
  // Who only answers cannot bring up the new one: the other side must come again.
  if (view.missing.length > 0 && tunnel.start !== 'respond') return lost;
  const surplus = duplicates(tunnel, view);
  const overtaken = overtakenChildren(view, surplus).filter(
    ({ uniqueId, state }) => state !== 'INSTALLED' || !rekeyed.has(uniqueId),
  );
  if (overtaken.length > 0) {
    const idle = overtaken.filter(({ state }) => state === 'INSTALLED');
    return [...lost, ...idle.map(step('rekey-child', 'the one that it replaces is newer'))];
  }
  const older = 'made with an older configuration';
  return [
    ...lost,
    ...view.outdated.map(step('terminate-ike', older)),
    ...view.outdatedChildren.map(step('terminate-child', older)),
    ...surplus.map(step('terminate-ike', 'another one carries every Child SA')),
  ];
}

/**
 * Child SAs that stay, and that one which goes has overtaken. The kernel sends by the SA that was installed
 * last: where the other side has rekeyed what goes, packets are on their way in it when it ends. What
 * stays is rekeyed first, which loses none, and what goes ends after that.
 */
function overtakenChildren(view: TunnelView, surplus: readonly IkeSa[]): ChildSa[] {
  const { current, outdated, outdatedChildren, lostChildren } = view;
  const leaving = new Set([...outdatedChildren, ...lostChildren]);
  const going = [
    ...[...outdated, ...surplus].flatMap((sa) => sa.children.filter(isLiveChild)),
    ...outdatedChildren,
  ];
  if (going.length === 0) return [];
  const staying = current
    .filter((sa) => !surplus.includes(sa))
    .flatMap((sa) => sa.children.filter((child) => isLiveChild(child) && !leaving.has(child)));
  const newest = [...Map.groupBy(staying, ({ name }) => name).values()].flatMap(
    (children) => children.toSorted(byAge)[0] ?? [],
  );
  return newest.filter((child) =>
    going.some((other) => other.name === child.name && byAge(other, child) < 0),
  );
}

/** Newest first: charon counts up. */
function byAge(a: ChildSa, b: ChildSa): number {
  return Number(b.uniqueId) - Number(a.uniqueId);
}

/** IKE SAs beside one that carries everything: both ends may have begun, or the peer has come anew. */
function duplicates(tunnel: TunnelPlan, view: TunnelView): readonly IkeSa[] {
  const { current, outdatedChildren, lostChildren } = view;
  const going = new Set([...outdatedChildren, ...lostChildren]);
  const up = current.filter(isUpIke);
  const complete = up.filter((sa) =>
    tunnel.children.every(({ name }) =>
      sa.children.some(
        (child) => child.name === name && child.state === 'INSTALLED' && !going.has(child),
      ),
    ),
  );
  const kept = keptOf(complete);
  if (kept === undefined || ageOf(kept) < DUPLICATE_SECONDS) return [];
  return up.filter((sa) => sa !== kept && ageOf(sa) >= DUPLICATE_SECONDS);
}

/**
 * Which of them stays; newest first. An older one may be of a peer that has restarted since, and lead
 * nowhere: of those that the same end began it is the newest. Where both ends began at once, both see
 * the same SPIs: by them they agree, whoever looks first.
 */
function keptOf(complete: readonly IkeSa[]): IkeSa | undefined {
  const ours = complete.find((sa) => sa.initiator);
  const theirs = complete.find((sa) => !sa.initiator);
  if (ours === undefined || theirs === undefined) return ours ?? theirs;
  const older = ageOf(ours) - ageOf(theirs);
  if (Math.abs(older) > AT_ONCE_SECONDS) return older > 0 ? theirs : ours;
  return spisOf(ours) < spisOf(theirs) ? ours : theirs;
}

/** Younger duplicates are left alone: an SA that replaces another is a duplicate for a moment. */
const DUPLICATE_SECONDS = 15;

/** Beginnings no further apart were made without knowing of each other. */
const AT_ONCE_SECONDS = 5;

function ageOf(sa: IkeSa): number {
  return sa.establishedSeconds ?? 0;
}

function spisOf(sa: IkeSa): string {
  return `${sa.initiatorSpi}${sa.responderSpi}`;
}
