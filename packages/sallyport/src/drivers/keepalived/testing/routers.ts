/** Virtual routers of one gateway on its first host, as planning makes them, and what is found of them. */
import type { VrrpPlan } from '../../../plan/vrrp-plan.ts';
import { renderGuard } from '../guard.ts';
import type { ObservedInterface, ObservedKeepalived, ObservedRouter } from '../state.ts';
import { addressesOf } from '../state.ts';

export const V4: VrrpPlan = {
  name: 'sp-default-left-v4',
  family: 4,
  interface: 'eth0',
  virtualRouterId: 51,
  advertisementMilliseconds: 100,
  localAddress: '10.9.0.1',
  peers: ['10.9.0.2'],
  virtualAddresses: ['10.9.0.254/24'],
  tunnels: ['sp.default.right.a'],
};

export const V6: VrrpPlan = {
  ...V4,
  name: 'sp-default-left-v6',
  family: 6,
  localAddress: 'fd09::1',
  peers: ['fd09::2'],
  virtualAddresses: ['fd09::fe/64'],
};

/** As keepalived has it that was told of it. */
export function observedRouter(
  router: VrrpPlan,
  found: Partial<ObservedRouter> = {},
): ObservedRouter {
  return {
    name: router.name,
    interface: router.interface,
    virtualRouterId: router.virtualRouterId,
    advertisementMilliseconds: router.advertisementMilliseconds,
    addresses: addressesOf(router),
    state: 'backup',
    since: '2026-11-21T23:00:00.000Z',
    masterPriority: 200,
    heard: 7,
    ...found,
  };
}

/** One that is up, with the own addresses of the host and these. */
export function interfaceWith(...addresses: readonly string[]): ObservedInterface {
  return { isUp: true, addresses: new Set(['10.9.0.1', 'fd09::1', ...addresses]) };
}

/** A keepalived that has taken what it was told. */
export function observedAll(
  routers: readonly VrrpPlan[],
  config: string,
): Required<ObservedKeepalived> {
  return {
    memory: { routers, config },
    routers: routers.map((router) => observedRouter(router)),
    guard: { marks: renderGuard(routers).marks, strangers: new Map() },
    interfaces: new Map([['eth0', interfaceWith()]]),
  };
}
