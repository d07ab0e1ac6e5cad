import { expect, it } from 'vitest';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import { withdraw } from '../../plan/withdraw.ts';
import { countersOf, parseCounted } from './counted.ts';
import { diffKernel } from './diff.ts';
import { expectedFirewall, renderFirewall } from './firewall.ts';
import { EMPTY_KERNEL } from './testing/model-kernel.ts';

const world = WORLDS['BGP with a data centre and a cloud, another gateway, and nodes'];
if (world === undefined) throw new Error('the world is gone');
const { plan } = planWorld(world);
const drained = withdraw(plan, {
  ...{
    down: new Set<string>(),
    failed: new Set<string>(),
    doubtful: new Set<string>(),
    silent: new Set<string>(),
  },
  ...{ quiet: new Set<string>(), isLanLost: false, drained: new Set<string>() },
});
const [first] = plan.tunnels;
const device = first?.interface ?? '';

it('counts by each interface, and beside them', () => {
  expect(countersOf(plan.firewall)).toEqual([]);
  const script = renderFirewall(drained, []);
  expect(script).toContain(`counter in_${device} {`);
  expect(script).toContain(`meta nfproto ipv4 oifname "${device}" counter name out_${device}`);
  expect(script).toMatch(/ip daddr @counted4 oifname != ".*" counter name out_beside/);
  expect(script).toContain('type filter hook forward priority 300; policy accept;');
  expect(expectedFirewall(drained, [])).toContain(`counter in_${device}`);
  const [change] = diffKernel(EMPTY_KERNEL, drained).filter(({ step }) => step.type === 'firewall');
  expect(change?.step).toMatchObject({
    script: expect.stringContaining('chain counted') as string,
  });
  expect(renderFirewall(plan, [])).not.toContain('counted');
});

it('reads what was counted, and leaves out what is not there', () => {
  const counter = (name: string, packets: number) => ({ counter: { name, packets, bytes: 0 } });
  const text = JSON.stringify({
    nftables: [
      { metainfo: {} },
      ...[counter(`in_${device}`, 7), counter(`out_${device}`, 8)],
      ...[counter('in_beside', 0), counter('out_beside', 3), counter('in_other', 1)],
    ],
  });
  expect(parseCounted(text, plan)).toEqual([
    { tunnels: [first?.name], packetsIn: 7, packetsOut: 8 },
    { tunnels: [], packetsIn: 0, packetsOut: 3 },
  ]);
  expect(parseCounted('{}', plan)).toBeUndefined();
  const [a, b] = ['a', 'b'].map((name) => ({ ...plan.tunnels[0], name }) as TunnelPlan);
  const sharing = { ...plan, tunnels: [a, b].filter((tunnel) => tunnel !== undefined) };
  expect(parseCounted(text, sharing)?.map(({ tunnels }) => tunnels)).toEqual([['a', 'b'], []]);
});
