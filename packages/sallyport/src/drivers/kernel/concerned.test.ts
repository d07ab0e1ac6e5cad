import { describe, expect, it } from 'vitest';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import { concernedTunnel } from './concerned.ts';
import { diffKernel } from './diff.ts';
import { EMPTY_KERNEL } from './testing/model-kernel.ts';

const { plan } = planWorld(WORLDS['four family combinations'] ?? { text: '' });
const changes = diffKernel(EMPTY_KERNEL, plan);

function tunnelsOf(...types: readonly string[]): (string | undefined)[] {
  return changes
    .filter(({ step }) => types.includes(step.type))
    .map(({ step }) => concernedTunnel(step, plan));
}

describe('the tunnel that a step of the kernel concerns', () => {
  const names = plan.tunnels.map(({ name }) => name);

  it('is that of the interface, or of the network', () => {
    expect(tunnelsOf('interface-add')).toEqual(names);
    expect(new Set(tunnelsOf('route-replace'))).toEqual(new Set(names));
    expect(tunnelsOf('sysctl').filter((name) => name !== undefined)).toHaveLength(names.length);
  });

  it('is that of an interface which goes, or which is in the way', () => {
    const [first] = plan.tunnels;
    const name = first?.interface ?? '';
    expect(concernedTunnel({ type: 'interface-delete', name }, plan)).toBe(first?.name);
    expect(concernedTunnel({ type: 'refuse', name, reason: '' }, plan)).toBe(first?.name);
    expect(concernedTunnel({ type: 'interface-delete', name: 'sp0' }, plan)).toBeUndefined();
  });

  it('is none for what the whole host shares', () => {
    expect(new Set(tunnelsOf('rule-add', 'firewall'))).toEqual(new Set([undefined]));
  });
});
