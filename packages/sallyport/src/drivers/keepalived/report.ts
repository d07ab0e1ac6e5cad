/** What keepalived and the interfaces say of the virtual routers of a plan: pure. */
import type { Problem } from '../../lib/problem.ts';
import type { VrrpPlan } from '../../plan/vrrp-plan.ts';
import type { VrrpReport, VrrpState } from '../../status/vrrp-report.ts';
import { strangersOf } from './guard.ts';
import type { Refusal } from './parse.ts';
import {
  addressesOf,
  heldAddresses,
  muteBecause,
  type ObservedKeepalived,
  type ObservedRouter,
  type RouterState,
} from './state.ts';
import { isFit, type Usability, usabilityOf } from './usability.ts';

/** How fit this host is for a virtual router, as it was told. */
export interface Fitness {
  readonly usability: Usability;
  /** In words a person can act on. */
  readonly reason: string;
}

export const UNPROVEN: Fitness = {
  usability: 'last-resort',
  reason: 'no tunnel has been proven yet',
};

export function reportRouter(
  router: VrrpPlan,
  observed: ObservedKeepalived,
  fitness: Fitness,
): VrrpReport {
  const found = observed.routers?.find(({ name }) => name === router.name);
  const held = heldAddresses(router, observed.interfaces);
  return {
    name: router.name,
    family: router.family,
    interface: router.interface,
    virtualRouterId: router.virtualRouterId,
    state: found === undefined ? 'stopped' : STATES[found.state],
    ...(found === undefined ? {} : { since: found.since }),
    others: router.peers,
    addresses: router.virtualAddresses,
    held,
    ...(found !== undefined && hearsMaster(found) ? { masterHeard: true } : {}),
    ...(found !== undefined && isHeldInDoubt(found) ? { heldInDoubt: true } : {}),
    why: whyOf(router, found, { fitness, held, mute: muteBecause(router, observed.interfaces) }),
  };
}

/** By another host, of which no tunnel is proven, or which is drained. */
function isHeldInDoubt(found: ObservedRouter): boolean {
  return hearsMaster(found) && usabilityOf(found.masterPriority) !== 'usable';
}

function hearsMaster({ state, masterPriority }: ObservedRouter): boolean {
  return state === 'backup' && masterPriority > 0;
}

const STATES: Readonly<Record<RouterState, VrrpState>> = {
  init: 'backup',
  backup: 'backup',
  master: 'master',
  fault: 'fault',
};

interface Circumstances {
  readonly fitness: Fitness;
  readonly held: readonly string[];
  readonly mute: string | undefined;
}

function whyOf(
  router: VrrpPlan,
  found: ObservedRouter | undefined,
  { fitness: { usability, reason }, held, mute }: Circumstances,
): string {
  if (found === undefined) {
    return `keepalived does not run${held.length === 0 ? '' : `, and has left ${held.join(', ')} behind`}`;
  }
  switch (found.state) {
    case 'init':
    case 'backup': {
      if (found.masterPriority === 0) return 'nobody holds the addresses yet';
      const doubt = isFit(usabilityOf(found.masterPriority)) ? '' : ' as a last resort';
      const early =
        usabilityOf(found.masterPriority) === 'presumed' ? ', and its tunnels are coming up' : '';
      return `another gateway holds the addresses${doubt}${early}; this one is ${isFit(usability) ? '' : 'not '}ready: ${reason}`;
    }
    case 'fault':
      return mute ?? reason;
    case 'master': {
      const missing = addressesOf(router).filter((address) => !held.includes(address));
      if (missing.length > 0) return `${missing.join(', ')} should be here and is not`;
      if (mute !== undefined) return mute;
      const doubt = isFit(usability) ? '' : 'as a last resort, no other gateway is better: ';
      return `${doubt}${reason}${unheard(router, found)}`;
    }
  }
}

/** Who waits says nothing, and neither does one behind a firewall: only the status of that one can tell. */
function unheard(router: VrrpPlan, { heard }: ObservedRouter): string {
  if (heard > 0 || router.peers.length === 0) return '';
  return `; nobody else announces them (were they held by ${router.peers.join(' or ')} as well, a firewall would stop VRRP, IP protocol 112)`;
}

/** A refused advertisement is told of for so long, as a stranger is. */
const REFUSED_MILLISECONDS = 60_000;

/** What other routers of the LAN do wrong; `now`: milliseconds of the epoch. */
export function routerProblems(
  routers: readonly VrrpPlan[],
  { guard }: ObservedKeepalived,
  refusals: ReadonlyMap<string, Refusal>,
  now: number,
): Problem[] {
  return routers.flatMap((router): Problem[] => {
    const { name, interface: device, virtualRouterId, peers } = router;
    const subject = `virtual router ${name}, id ${virtualRouterId} on ${device}`;
    const strangers = guard?.strangers.get(strangersOf(router)) ?? [];
    const refusal = refusals.get(name);
    const isRefused = refusal !== undefined && now - Date.parse(refusal.at) <= REFUSED_MILLISECONDS;
    return [
      ...strangers.map(
        (stranger): Problem => ({
          code: 'vrrp/duplicate-id',
          severity: 'warning',
          message: `${subject}: ${stranger} uses this id, too, and is not listened to`,
          hint: `only ${peers.join(', ')} may: give that router or this gateway another routerId`,
        }),
      ),
      ...(isRefused
        ? [
            {
              code: 'vrrp/differs',
              severity: 'warning',
              message: `${subject}: another gateway announces something else: ${refusal.words}`,
              hint: 'compare the virtual addresses on all hosts of the gateway: one of them may have another plan in effect',
            } as const,
          ]
        : []),
    ];
  });
}
