/** The kernel's part of the plans that planning tests use. */
import { planWorld } from '../../../plan/testing/plan-world.ts';
import { WORLDS } from '../../../plan/testing/worlds.ts';
import { canonicalDesired } from '../canonical.ts';
import type { KernelDesired } from '../state.ts';

export function desiredOf(world: keyof typeof WORLDS): KernelDesired {
  const chosen = WORLDS[world];
  if (chosen === undefined) throw new Error(`no world ${world}`);
  return planWorld(chosen).plan;
}

export const interfaces: KernelDesired = desiredOf('dual-stack inside, IPv4 outside');

/** Everything that a firewall may hold, of both families, in spellings that a person might choose. */
export const everyFirewall: KernelDesired = canonicalDesired({
  ...interfaces,
  firewall: {
    guarded: [
      { prefix: '10.20.0.0/16', by: 'interface' },
      { prefix: '10.20.7.0/24', by: 'interface' },
      { prefix: '10.30.0.0/16', by: 'policy' },
      { prefix: '203.0.113.9/32', by: 'policy' },
      { prefix: 'FD20:0::/48', by: 'interface' },
      { prefix: 'fd30::/49', by: 'policy' },
      { prefix: 'fd30:0:0:8000::/49', by: 'policy' },
      { prefix: 'fd31::1/128', by: 'policy' },
    ],
    relays: ['10.1.0.3', 'FD01:0::3', 'fd01::3'],
    peers: ['10.20.0.1', '10.30.0.1', 'FD20::1', 'fd20:0::1'],
    clamps: [
      { prefix: '10.20.0.0/16', mssBytes: 1382 },
      { prefix: '10.30.0.0/16', mssBytes: 1200 },
      { prefix: '10.31.0.0/16', mssBytes: 1200 },
      { prefix: 'fd20::/48', mssBytes: 1362 },
    ],
  },
});
