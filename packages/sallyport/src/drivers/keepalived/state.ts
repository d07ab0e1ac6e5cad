/** keepalived's part of a plan, and of what is there. */
import { parseAddress } from '../../lib/address.ts';
import { canonicalAddress } from '../../lib/canonical-address.ts';
import type { VrrpPlan } from '../../plan/vrrp-plan.ts';
import type { Change } from '../driver.ts';
import type { ObservedGuard } from './guard.ts';

export type KeepalivedDesired = readonly VrrpPlan[];

/** What keepalived was told last, and has been seen to have taken. */
export interface KeepalivedMemory {
  readonly routers: readonly VrrpPlan[];
  /** Text of its configuration; empty where it is not proven that it has taken it. */
  readonly config: string;
}

/** `init`: it has not begun yet. */
export type RouterState = 'init' | 'backup' | 'master' | 'fault';

/** A virtual router as keepalived itself has it. */
export interface ObservedRouter {
  readonly name: string;
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly advertisementMilliseconds: number;
  /** Canonical, without lengths, in keepalived's order. */
  readonly addresses: readonly string[];
  readonly state: RouterState;
  /** RFC 3339: when `state` was entered. */
  readonly since: string;
  /** Of the master that it heard last; 0 where there is none. */
  readonly masterPriority: number;
  /** Advertisements that came since keepalived began, from whomever. */
  readonly heard: number;
}

export interface ObservedInterface {
  readonly isUp: boolean;
  /** Canonical, without lengths. */
  readonly addresses: ReadonlySet<string>;
}

export interface ObservedKeepalived {
  readonly memory: KeepalivedMemory;
  /** Absent: our keepalived does not run. */
  readonly routers?: readonly ObservedRouter[];
  /** Absent: there is none. */
  readonly guard?: ObservedGuard;
  /** All of the network namespace, by name. */
  readonly interfaces: ReadonlyMap<string, ObservedInterface>;
}

/** Every change belongs to one step, which makes the whole of it true: keepalived reads one file. */
export interface KeepalivedChange extends Change {
  readonly driver: 'keepalived';
  readonly desired: KeepalivedDesired;
}

/**
 * Addresses without lengths, as keepalived holds them. RFC 5798 §5.2.9 wants a link-local address first in IPv6: it is made
 * of the id alone, so that all hosts have the same, and not of the virtual MAC address (§7.4), which we do
 * not use and a stranger with the same id may: `fe80::83:51`, 83 as in all our marks.
 */
export function addressesOf(router: VrrpPlan): string[] {
  const declared = router.virtualAddresses.map((text) =>
    canonicalAddress(text.split('/', 1)[0] ?? ''),
  );
  return router.family === 4 ? declared : [`fe80::83:${router.virtualRouterId}`, ...declared];
}

/** Those of its addresses that the host has. */
export function heldAddresses(
  router: VrrpPlan,
  interfaces: ObservedKeepalived['interfaces'],
): string[] {
  const present = interfaces.get(router.interface)?.addresses;
  return addressesOf(router).filter((address) => present?.has(address) === true);
}

/** Why the host cannot tell the others of itself; undefined where it can. */
export function muteBecause(
  router: VrrpPlan,
  interfaces: ObservedKeepalived['interfaces'],
): string | undefined {
  const found = interfaces.get(router.interface);
  if (found === undefined) return `interface ${router.interface} is missing`;
  if (!found.isUp) return `interface ${router.interface} is down`;
  if (found.addresses.has(canonicalAddress(router.localAddress))) return undefined;
  return `interface ${router.interface} has no address ${router.localAddress}, which speaks to the other gateways`;
}

/** `10.0.0.254/32`. */
export function withLength(address: string): string {
  return `${address}/${parseAddress(address)?.family === 6 ? 128 : 32}`;
}
