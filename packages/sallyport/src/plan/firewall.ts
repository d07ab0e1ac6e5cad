/** What the nftables table guards and clamps. */
import { familyOf } from '../lib/prefix.ts';
import { sortPrefixes } from './children.ts';
import type { FirewallPlan } from './host-plan.ts';
import { mssBytes } from './mtu.ts';
import { peerInside, type RoutedTunnel, remotePrefixes } from './routing.ts';

export function planFirewall(routed: readonly RoutedTunnel[]): FirewallPlan {
  const guarded = new Map<string, 'interface' | 'policy'>();
  const clamps = new Map<string, number>();
  const peers = new Set<string>();
  for (const { tunnel, gateway } of routed) {
    const peer = peerInside(tunnel);
    if (peer !== undefined && tunnel.remoteAddress !== undefined) peers.add(tunnel.remoteAddress);
    for (const prefix of remotePrefixes(tunnel)) {
      if (gateway.spec.leakGuard) {
        guarded.set(prefix, tunnel.dataPlane === 'policy' ? 'policy' : 'interface');
      }
      if (!tunnel.enabled) continue;
      const mss = mssBytes(tunnel.mtuBytes, familyOf(prefix) ?? 6);
      clamps.set(prefix, Math.min(mss, clamps.get(prefix) ?? mss));
    }
  }
  return {
    guarded: sortPrefixes([...guarded.keys()]).map((prefix) => ({
      prefix,
      by: guarded.get(prefix) ?? 'interface',
    })),
    peers: [...peers].sort(),
    clamps: sortPrefixes([...clamps.keys()]).map((prefix) => ({
      prefix,
      mssBytes: clamps.get(prefix) ?? 0,
    })),
  };
}
