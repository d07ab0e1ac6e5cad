import { describe, expect, it } from 'vitest';
import { planWorld } from './testing/plan-world.ts';
import { WORLDS } from './testing/worlds.ts';
import { movesTunnels, whileHeld } from './while-held.ts';

const { plan } = planWorld(
  WORLDS['a tunnel that is with whoever holds its address'] ?? { text: '' },
);
const { plan: others } = planWorld(
  WORLDS['an address that one of two hosts holds'] ?? { text: '' },
);
const holder = new Set(['10.1.0.254']);

describe('whileHeld', () => {
  it('lets tunnels wait that are with the holder of another address, and asks nothing through them', () => {
    const { tunnels, probes, revision } = whileHeld(plan, new Set(['fd01::fe']));
    expect(tunnels.map(({ name, elsewhere }) => [name, elsewhere])).toEqual([
      ['sp.default.branch.main', true],
      ['sp.default.dc.one', undefined],
    ]);
    expect(probes?.map(({ tunnel }) => tunnel)).toEqual(['sp.default.dc.one']);
    expect(revision).toBe(plan.revision);
  });

  it('is the plan itself for the holder, and where no tunnel goes with an address', () => {
    expect(whileHeld(plan, holder)).toBe(plan);
    expect(whileHeld(others, new Set())).toBe(others);
  });
});

describe('a tunnel on a virtual address', () => {
  const world = WORLDS['a tunnel that is with whoever holds its address']?.text ?? '';
  const six = world
    .replace('{address: 10.1.0.254}', "{address: 'fd01:0::FE'}")
    .replace('{address: 198.51.100.3}', "{address: '2001:db8:c::1'}");

  it('goes with the addresses of its own family, on every host', () => {
    const routers = ['gw1', 'gw2'].map((host) =>
      planWorld({ text: six, host }).plan.tunnels.find(({ connection }) => connection === 'branch'),
    );
    expect(routers.map((tunnel) => [tunnel?.localAddress, tunnel?.virtualRouter])).toEqual([
      ['fd01::fe', 'sp-default-edge-v6'],
      ['fd01::fe', 'sp-default-edge-v6'],
    ]);
  });
});

describe('movesTunnels', () => {
  const line = (address: string): string =>
    `[ADDR]3: lan    inet ${address} scope global lan\\       valid_lft forever`;

  it('knows the addresses that tunnels go with, and no other', () => {
    expect(movesTunnels(line('10.1.0.254/32'), plan)).toBe(true);
    expect(movesTunnels(line('10.1.0.2/32'), plan)).toBe(false);
    expect(movesTunnels(line('10.1.0.254/32'), others)).toBe(false);
  });
});
