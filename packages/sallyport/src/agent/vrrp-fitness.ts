/** What tunnels say of a host that may hold virtual addresses. Pure. */
import type { Fitness } from '../drivers/keepalived/report.ts';
import type { HostPlan, TunnelPlan } from '../plan/host-plan.ts';
import type { VrrpPlan } from '../plan/vrrp-plan.ts';
import type { Usability } from '../status/health-report.ts';
import type { Difference, EngineReport } from '../status/host-report.ts';
import type { Passage, Standing } from './candidacy.ts';

/** Tunnels on its addresses: they are with whoever holds these. */
export function broughtBy({ name }: VrrpPlan, { tunnels }: HostPlan): TunnelPlan[] {
  return tunnels.filter(({ virtualRouter, enabled }) => enabled && virtualRouter === name);
}

/**
 * Tunnels by which a host is judged: where some go with an address, those alone, also for the addresses of the other
 * family, which follow. One that stays on its host says nothing of them.
 */
export function judgedBy(router: VrrpPlan, plan: HostPlan): TunnelPlan[] {
  const carried = plan.tunnels.filter(({ name }) => router.tunnels.includes(name));
  const moving = carried.filter(isMoving);
  const brought = broughtBy(router, plan);
  return [brought, moving].find(({ length }) => length > 0) ?? carried;
}

function isMoving({ virtualRouter }: TunnelPlan): boolean {
  return virtualRouter !== undefined;
}

/** One that loses packets is left for one that does not; a moving one is nowhere else, and stays (ADR 14). */
export function fitnessBy(tunnels: readonly TunnelPlan[], own: readonly Usability[]): Fitness {
  const isGood = tunnels.some(isMoving)
    ? (one: Usability) => ['good', 'early'].includes(passageThrough(one))
    : ({ usable, degraded }: Usability) => usable && !degraded;
  const good = own.find(isGood);
  return good === undefined
    ? { usability: 'last-resort', reason: wordsOf(own[0]) }
    : { usability: 'usable', reason: wordsOf(good) };
}

export interface Stand {
  readonly standing: Standing;
  readonly isHolder: boolean;
  /** Why the tunnels could not come up here, as far as that is known. */
  readonly obstacle: string | undefined;
}

/** Of addresses that bring tunnels. */
export function fitnessOf(
  { standing, isHolder, obstacle }: Stand,
  own: readonly Usability[],
): Fitness {
  const best = own.find((one) => passageThrough(one) === passageOf(own));
  if (standing === 'proven') return { usability: 'usable', reason: wordsOf(best) };
  if (obstacle !== undefined)
    return { usability: 'last-resort', reason: `its tunnels could not come up: ${obstacle}` };
  if (standing === 'presumed')
    return {
      usability: 'presumed',
      reason: isHolder ? 'its tunnels are coming up' : 'its tunnels come up with the addresses',
    };
  const failure = 'nothing got through its tunnels when it held the addresses';
  return { usability: 'last-resort', reason: isHolder ? wordsOf(best) : failure };
}

/** Of the best of them. */
export function passageOf(own: readonly Usability[]): Passage {
  const found = own.map(passageThrough);
  return PASSAGES.find((passage) => found.includes(passage)) ?? 'down';
}

const PASSAGES: readonly Passage[] = ['good', 'early', 'silent'];

function passageThrough({ usable, silence }: Usability): Passage {
  if (!usable) return 'down';
  if (silence === undefined) return 'good';
  return silence === 'early' ? 'early' : 'silent';
}

function wordsOf(told: Usability | undefined): string {
  return told === undefined ? 'no tunnel of it is on this host' : `${told.tunnel}: ${told.reason}`;
}

/** What the IKE daemons have of the tunnels. */
export interface DaemonState {
  readonly engines: readonly Pick<EngineReport, 'shard' | 'state'>[];
  readonly differences: readonly Difference[];
}

/** Why none of the tunnels could come up here, whatever the other side does; undefined where one could. */
export function obstacleTo(
  tunnels: readonly TunnelPlan[],
  { engines, differences }: DaemonState,
): string | undefined {
  const obstacles = tunnels.map(({ name, shard }) => {
    const engine = engines.find((each) => each.shard === shard);
    if (engine?.state !== 'running') return 'the IKE daemon does not run, or does not answer';
    return differences.find(({ tunnel }) => tunnel === name)?.text;
  });
  return obstacles.includes(undefined) ? undefined : obstacles[0];
}
