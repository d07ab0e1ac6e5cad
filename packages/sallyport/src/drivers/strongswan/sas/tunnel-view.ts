/** What is there of a tunnel, in the terms of what is wanted. */
import type { ChildSa, IkeSa } from '@sallyport/vici';
import type { ChildPlan, TunnelPlan } from '../../../plan/host-plan.ts';
import { childHash, peerHash } from '../render.ts';
import type { SaOrigins } from '../state.ts';

/** What the daemon itself does not tell of its SAs. */
export interface SaFacts {
  readonly origins: SaOrigins;
  /** Unique ids of Child SAs that the kernel has lost. */
  readonly lost: ReadonlySet<string>;
}

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

/** The SAs of one tunnel beside what its plan wants. */
export interface TunnelView {
  /** IKE SAs made with today's configuration, newest first. */
  readonly current: readonly IkeSa[];
  readonly outdated: readonly IkeSa[];
  /** Children without a Child SA of today's configuration. */
  readonly missing: readonly ChildPlan[];
  /** Child SAs of an older configuration on a current IKE SA. */
  readonly outdatedChildren: readonly ChildSa[];
  /** Child SAs on a current IKE SA that the kernel has lost. */
  readonly lostChildren: readonly ChildSa[];
  readonly isConnecting: boolean;
}

/** `sas`: live IKE SAs of the tunnel. */
export function viewOf(
  tunnel: TunnelPlan,
  sas: readonly IkeSa[],
  { origins, lost }: SaFacts,
): TunnelView {
  const wanted = peerHash(tunnel);
  const isCurrent = (sa: IkeSa): boolean => (origins.ike.get(sa.uniqueId) ?? wanted) === wanted;
  const current = sas.filter(isCurrent).sort((a, b) => Number(b.uniqueId) - Number(a.uniqueId));
  const live = current.flatMap((sa) => sa.children.filter(isLiveChild));
  const children = live.filter(({ uniqueId }) => !lost.has(uniqueId));
  const isCurrentChild = (child: ChildSa): boolean => {
    const plan = tunnel.children.find((candidate) => candidate.name === child.name);
    if (plan === undefined) return false;
    const now = childHash(tunnel, plan);
    return (origins.children.get(child.uniqueId)?.hash ?? now) === now;
  };
  const standing = new Set(children.filter(isCurrentChild).map((child) => child.name));
  return {
    current,
    outdated: sas.filter((sa) => !isCurrent(sa)),
    missing: tunnel.children.filter((child) => !standing.has(child.name)),
    outdatedChildren: children.filter((child) => !isCurrentChild(child)),
    lostChildren: live.filter(({ uniqueId }) => lost.has(uniqueId)),
    isConnecting: current.some((sa) => !isUpIke(sa)),
  };
}

export function hasOutdated({ outdated, outdatedChildren }: TunnelView): boolean {
  return outdated.length > 0 || outdatedChildren.length > 0;
}

/** Something of an older configuration still carries packets, or could. */
export function isOutdated(tunnel: TunnelPlan, sas: readonly IkeSa[], known: SaFacts): boolean {
  return hasOutdated(viewOf(tunnel, liveSasOf(tunnel, sas), known));
}

/** Every child stands, made with today's configuration: nothing is left to be brought up. */
export function isSettled(tunnel: TunnelPlan, sas: readonly IkeSa[], known: SaFacts): boolean {
  return viewOf(tunnel, liveSasOf(tunnel, sas), known).missing.length === 0;
}

function liveSasOf({ name }: TunnelPlan, sas: readonly IkeSa[]): IkeSa[] {
  return sas.filter((sa) => sa.name === name && isLiveIke(sa));
}
