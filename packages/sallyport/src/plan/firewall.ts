/** What the nftables table guards and clamps. */
import { familyOf, overlaps, parsePrefixes } from '../lib/prefix.ts';
import { sortPrefixes } from './children.ts';
import type { FirewallPlan } from './host-plan.ts';
import { mssBytes } from './mtu.ts';
import { peerInside, type RoutedTunnel, remotePrefixes } from './routing.ts';

/**
 * `relays`: our other gateways, which have tunnels to the same networks. `mostBytes`: of packets from and to the nodes,
 * where their way is narrower than the LAN.
 */
export function planFirewall(
  routed: readonly RoutedTunnel[],
  relays: readonly string[],
  mostBytes: number = Number.POSITIVE_INFINITY,
): FirewallPlan {
  const guarded = new Set<string>();
  const clamps = new Map<string, number>();
  for (const { tunnel, gateway } of routed) {
    for (const prefix of remotePrefixes(tunnel)) {
      if (gateway.spec.leakGuard) guarded.add(prefix);
      const family = familyOf(prefix);
      if (!tunnel.enabled || family === undefined) continue;
      const mss = mssBytes(Math.min(tunnel.mtuBytes, mostBytes), family);
      clamps.set(prefix, Math.min(mss, clamps.get(prefix) ?? mss));
    }
  }
  const peers = routed
    .map(({ tunnel }) => peerInside(tunnel))
    .filter((peer) => peer?.networks.some((prefix) => guarded.has(prefix)))
    .flatMap((peer) => peer?.address ?? []);
  const isByPolicy = policyTest(routed);
  return {
    guarded: sortPrefixes([...guarded]).map((prefix) => ({
      prefix,
      by: isByPolicy(prefix) ? 'policy' : 'interface',
    })),
    peers: [...new Set(peers)].sort(),
    ...(relays.length === 0 ? {} : { relays }),
    clamps: sortPrefixes([...clamps.keys()]).flatMap((prefix) => {
      const size = clamps.get(prefix);
      return size === undefined ? [] : [{ prefix, mssBytes: size }];
    }),
  };
}

/**
 * Whether any tunnel in use carries a part of the prefix by policy. The guard of a disabled tunnel, or
 * of an interface beside it, must not drop what comes and goes under that policy.
 */
function policyTest(routed: readonly RoutedTunnel[]): (prefix: string) => boolean {
  const texts = new Set(
    routed
      .filter(({ tunnel }) => tunnel.enabled && tunnel.dataPlane === 'policy')
      .flatMap(({ tunnel }) => remotePrefixes(tunnel)),
  );
  const prefixes = parsePrefixes([...texts]);
  return (text) =>
    texts.has(text) ||
    parsePrefixes([text]).some((prefix) => prefixes.some((other) => overlaps(prefix, other)));
}
