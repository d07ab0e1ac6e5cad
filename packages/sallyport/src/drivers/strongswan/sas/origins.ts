/**
 * With what configuration each SA was made. charon does not tell, and an SA keeps its configuration for
 * life, through every rekey: an IKE SA that replaces one by rekeying copies its configuration, and a
 * rekeyed Child SA that of its predecessor, whatever is loaded by then.
 *
 * An SA that is first seen is therefore the heir of what it came from. The daemon tells of each rekey; where that was
 * missed, Child SAs move with a rekeyed IKE SA and keep their unique ids, which shows its predecessor, and a
 * Child SA whose namesake in the same IKE SA is going, or has gone, has come by a rekey.
 */
import type { ChildSa, IkeSa } from '@sallyport/vici';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { childHash, peerHash } from '../render.ts';
import type { ChildOrigin, SaOrigins } from '../state.ts';
import { Lineage } from './lineage.ts';
import { isLiveChild } from './tunnel-view.ts';

export const NO_ORIGINS: SaOrigins = { ike: new Map(), children: new Map() };

/** Equals no hash: made with something that is not known any more. */
export const OLDER = 'older';

/** What the daemon has told of SAs. */
export interface Told {
  readonly lineage: Pick<Lineage, 'ofIke' | 'ofChild'>;
  /** Unique ids of Child SAs that were made with what is loaded. */
  readonly current: ReadonlySet<string>;
}

export const NOTHING_TOLD: Told = { lineage: new Lineage(), current: new Set() };

/**
 * Origins of all SAs that are there, and of no others. `changing` names connections that are not loaded
 * as planned: what is first seen then was made with something older.
 */
export function noteOrigins(
  sas: readonly IkeSa[],
  known: SaOrigins,
  tunnels: readonly TunnelPlan[],
  changing: ReadonlySet<string>,
  { lineage, current }: Told = NOTHING_TOLD,
): SaOrigins {
  const byName = new Map(tunnels.map((tunnel) => [tunnel.name, tunnel]));
  const ike = new Map<string, string>();
  const children = new Map<string, ChildOrigin>();
  for (const sa of sas) {
    const tunnel = byName.get(sa.name);
    if (tunnel === undefined) continue;
    const isOlder = changing.has(sa.name);
    const forebears = forebearsOf(sa, known, lineage);
    const isCurrent = (child: ChildSa): boolean => !isOlder && current.has(child.uniqueId);
    const inherited = sa.children.some(isCurrent)
      ? undefined
      : forebears.map((id) => known.ike.get(id)).find((hash) => hash !== undefined);
    ike.set(sa.uniqueId, inherited ?? (isOlder ? OLDER : peerHash(tunnel)));
    for (const child of sa.children) {
      const plan = tunnel.children.find(({ name }) => name === child.name);
      const fresh = plan === undefined || isOlder ? OLDER : childHash(tunnel, plan);
      const past = isCurrent(child)
        ? undefined
        : inheritedHash(child, sa, forebears, known, lineage);
      const hash = past ?? fresh;
      children.set(child.uniqueId, { hash, ike: sa.uniqueId, name: child.name });
    }
  }
  return { ike, children };
}

/** Unique ids of the IKE SA itself and of those that it, or its Child SAs, have come from. */
function forebearsOf(sa: IkeSa, known: SaOrigins, lineage: Told['lineage']): string[] {
  const before = sa.children.flatMap(({ uniqueId }) => known.children.get(uniqueId)?.ike ?? []);
  return [...new Set([...lineage.ofIke(sa.uniqueId), ...before])];
}

/** Undefined for a Child SA that is new, and not the heir of another one. */
function inheritedHash(
  child: ChildSa,
  sa: IkeSa,
  forebears: readonly string[],
  known: SaOrigins,
  lineage: Told['lineage'],
): string | undefined {
  const told = lineage.ofChild(child.uniqueId).find((id) => known.children.has(id));
  if (told !== undefined) return known.children.get(told)?.hash;
  const standing = new Set(
    sa.children.filter((other) => isStanding(other)).map(({ uniqueId }) => uniqueId),
  );
  const ancestor = [...known.children].find(
    ([id, origin]) =>
      origin.name === child.name && forebears.includes(origin.ike) && !standing.has(id),
  );
  return ancestor?.[1].hash;
}

/** Carries packets, and is not about to be replaced by a rekey. */
function isStanding(child: ChildSa): boolean {
  return isLiveChild(child) && child.state !== 'REKEYED' && child.state !== 'REKEYING';
}

/** Whether both say the same of the same SAs. */
export function isSameOrigins(a: SaOrigins, b: SaOrigins): boolean {
  return (
    a.ike.size === b.ike.size &&
    a.children.size === b.children.size &&
    [...a.ike].every(([id, hash]) => b.ike.get(id) === hash) &&
    [...a.children].every(([id, { hash, ike }]) => {
      const other = b.children.get(id);
      return other?.hash === hash && other.ike === ike;
    })
  );
}
