import { describe, expect, it } from 'vitest';
import { twoSites, vary } from '../model/testing.ts';
import type { HostPlan } from './host-plan.ts';
import { withReflected } from './reflected.ts';
import { planWorld } from './testing/plan-world.ts';
import { WORLDS } from './testing/worlds.ts';
import { type Withdrawn, withdraw } from './withdraw.ts';

const { plan } = planWorld({
  text: vary(twoSites, [
    '- remote: {address: 198.51.100.20}',
    '- {name: a, remote: {address: 198.51.100.20}}\n    - {name: b, priority: 5, remote: {address: 198.51.100.21}}',
  ]),
});
const interfaceOf = (tunnel: string): string | undefined =>
  plan.tunnels.find(({ name }) => name.endsWith(`.${tunnel}`))?.interface;
const ways = (of: typeof plan): (string | undefined)[] =>
  of.routes.filter(({ table }) => table === 8300).map((route) => route.interface);

const NOTHING: Withdrawn = {
  ...{ down: new Set(), failed: new Set(), doubtful: new Set() },
  ...{ silent: new Set(), quiet: new Set(), isLanLost: false },
};
const withdrawn = (...failed: string[]): Withdrawn => ({ ...NOTHING, failed: new Set(failed) });

const bgpWorld = WORLDS['BGP with a data centre and a cloud, another gateway, and nodes'];
if (bgpWorld === undefined) throw new Error('the world is gone');
const speaking = planWorld(bgpWorld).plan;

const nodeWorld = WORLDS['a node behind two gateways'];
if (nodeWorld === undefined) throw new Error('the world is gone');

/** Of the networks that a gateway of `nodeWorld` tells its nodes of. */
const changed = (gateway: HostPlan, change: Partial<Withdrawn>): unknown => {
  const { bgp } = withdraw(gateway, { ...NOTHING, ...change });
  return [bgp?.unreached, bgp?.doubtful];
};
const declared = ['10.70.0.0/16', 'fd70::/48'];

describe('withdraw', () => {
  it('leaves a plan alone of which nothing is out', () => {
    expect(withdraw(plan, withdrawn())).toBe(plan);
  });

  it('sends packets by the next tunnel, and back by another revision', () => {
    expect(ways(plan)).toEqual([interfaceOf('b'), interfaceOf('b')]);
    const out = withdraw(plan, withdrawn('sp.default.partner-a.b'));
    expect(ways(out)).toEqual([interfaceOf('a'), interfaceOf('a')]);
    expect(out.revision).not.toBe(plan.revision);
  });

  it('keeps the best way where none is left', () => {
    const all = withdrawn(...plan.tunnels.map(({ name }) => name));
    // The very plan: what somebody else has changed of it stays that, too.
    expect(withdraw(plan, all)).toBe(plan);
  });

  it('lets BGP rest inside a tunnel that is out', () => {
    const out = withdraw(speaking, withdrawn('sp.default.dc.one'));
    expect(
      out.bgp?.neighbors.filter(({ shutdown }) => shutdown).map(({ address }) => address),
    ).toEqual(['169.254.10.1', 'fd00:10::1']);
  });

  it('is the last to be preferred where a tunnel is doubtful, and still stands in for others', () => {
    const doubtful = new Set(['sp.default.dc.one']);
    const out = withdraw(speaking, { ...NOTHING, doubtful });
    const changed = (out.bgp?.neighbors ?? []).filter(
      (neighbor, index) => neighbor !== speaking.bgp?.neighbors[index],
    );
    expect(changed.map(({ address }) => address)).toEqual(['169.254.10.1', 'fd00:10::1']);
    for (const neighbor of changed) {
      expect(neighbor).toMatchObject({ localPreference: 1, prepend: 3 });
      expect(neighbor.shutdown).toBeUndefined();
    }
    expect(out.revision).toContain(' doubtful sp.default.dc.one');
    const alone = withdraw(speaking, {
      ...{ ...NOTHING, silent: new Set(['gw2']) },
      doubtful: new Set(speaking.tunnels.map(({ name }) => name)),
    });
    const told = alone.bgp?.neighbors.find(({ address }) => address === '10.60.255.30');
    expect(told?.advertise).toEqual(expect.arrayContaining(['10.1.0.0/18', '10.1.64.0/18']));
  });

  it('has another revision where only the reason is another one', () => {
    const names = new Set(['sp.default.dc.one', 'sp.default.dc.two']);
    const one = new Set(['sp.default.dc.one']);
    const failed = withdraw(speaking, { ...NOTHING, failed: names });
    const ended = withdraw(speaking, {
      ...{ ...NOTHING, down: one },
      failed: new Set(['sp.default.dc.two']),
    });
    expect(ended.revision).not.toBe(failed.revision);
    const silent = withdraw(speaking, { ...NOTHING, failed: names, silent: one });
    const quiet = withdraw(speaking, { ...NOTHING, failed: names, quiet: one });
    expect(silent.revision).not.toBe(quiet.revision);
  });

  it('lets BGP find out by itself that a tunnel is down', () => {
    const down = new Set(['sp.default.dc.one']);
    expect(withdraw(speaking, { ...NOTHING, down })).toBe(speaking);
  });

  it('speaks with no other site while the LAN is lost, and goes on with its own gateways', () => {
    const out = withdraw(speaking, { ...NOTHING, silent: new Set(['gw2']), isLanLost: true });
    expect(
      out.bgp?.neighbors.filter(({ shutdown }) => !shutdown).map(({ address }) => address),
    ).toEqual(['10.1.0.12']);
    expect(out.bgp?.originate).toEqual(speaking.bgp?.originate);
  });

  it('stands in for a gateway that is silent, where the other side does not notice by itself', () => {
    const out = withdraw(speaking, { ...NOTHING, silent: new Set(['gw2']) });
    const told = new Map(out.bgp?.neighbors.map(({ address, advertise }) => [address, advertise]));
    const halves = ['10.1.0.0/18', '10.1.64.0/18'];
    expect(told.get('10.60.255.30')).toEqual(['10.1.0.0/17', ...halves]);
    expect(told.get('169.254.10.1')).toEqual(['10.1.0.0/16']);
    expect(out.bgp?.originate).toEqual(expect.arrayContaining(halves));
    expect(out.revision).not.toBe(speaking.revision);
  });

  it('sends by no gateway that is silent, and by none that is quiet unless the others are silent', () => {
    const node = planWorld({ ...nodeWorld, host: 'worker1' }).plan;
    const both = withReflected(
      node,
      [
        {
          prefixes: ['10.50.0.0/16'],
          hops: ['10.1.0.11', '10.1.0.12'].map((address) => ({ address, weight: 1 })),
        },
      ],
      'both',
    );
    const weights = (change: Partial<Withdrawn>): number[] | undefined =>
      withdraw(both, { ...NOTHING, ...change })
        .node?.ways.at(-1)
        ?.hops.map(({ weight }) => weight);
    expect(weights({ silent: new Set(['gw1']) })).toEqual([0, 1]);
    expect(weights({ quiet: new Set(['gw2']) })).toEqual([1, 0]);
    expect(weights({ silent: new Set(['gw1']), quiet: new Set(['gw2']) })).toEqual([0, 1]);
    expect(weights({ silent: new Set(['gw1', 'gw2']) })).toEqual([1, 1]);
    expect(withdraw(both, NOTHING)).toBe(both);
  });

  it('tells the cluster of declared networks while a tunnel leads there, of doubtful ones as the last', () => {
    const branch = 'sp.default.branch.one';
    const gateway = planWorld({ ...nodeWorld, host: 'gw1' }).plan;
    expect(gateway.bgp?.declared).toEqual(declared);
    expect(changed(gateway, { doubtful: new Set([branch]) })).toEqual([[], declared]);
    expect(changed(gateway, { failed: new Set([branch]) })).toEqual([declared, []]);
    expect(changed(gateway, { down: new Set([branch]) })).toEqual([declared, []]);
    expect(changed(gateway, { down: new Set(['sp.default.dc.one']) })).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('tells of a network as well as its best tunnel does', () => {
    const [one, two] = ['sp.default.branch.one', 'sp.default.branch.two'];
    const gateway = planWorld({
      ...nodeWorld,
      text: vary(nodeWorld.text, [
        '    - {name: one, host: gw1, remote: {address: 198.51.100.9}}',
        '    - {name: one, host: gw1, remote: {address: 198.51.100.9}}\n    - {name: two, host: gw1, remote: {address: 198.51.100.10}}',
      ]),
      host: 'gw1',
    }).plan;
    expect(changed(gateway, { down: new Set([one]) })).toEqual([undefined, undefined]);
    expect(changed(gateway, { doubtful: new Set([two]) })).toEqual([undefined, undefined]);
    expect(changed(gateway, { down: new Set([one]), doubtful: new Set([two]) })).toEqual([
      [],
      declared,
    ]);
    expect(changed(gateway, { down: new Set([one]), failed: new Set([two]) })).toEqual([
      declared,
      [],
    ]);
  });

  it('still tells of a network whose tunnel waits for the first packet', () => {
    const waiting = planWorld({
      ...nodeWorld,
      text: vary(nodeWorld.text, [
        'routing: {static: {networks: [10.70.0.0/16',
        'start: trap\n  routing: {static: {networks: [10.70.0.0/16',
      ]),
      host: 'gw1',
    }).plan;
    expect(withdraw(waiting, { ...NOTHING, down: new Set(['sp.default.branch.one']) })).toBe(
      waiting,
    );
  });

  it('minds no host for which nobody can stand in', () => {
    expect(withdraw(speaking, { ...NOTHING, silent: new Set(['node1']) })).toBe(speaking);
  });

  it('prefers others to a host that is drained, and counts what still passes it', () => {
    const out = withdraw(speaking, { ...NOTHING, drained: new Set() });
    expect(out.revision).toBe(`${speaking.revision} drained`);
    expect(out.bgp?.gracefulShutdown).toBe(true);
    expect(out.bgp?.neighbors).toEqual(
      speaking.bgp?.neighbors.map((neighbor) =>
        neighbor.kind === 'peer' ? { ...neighbor, prepend: 3 } : neighbor,
      ),
    );
    expect(out.firewall.counted).toEqual({
      interfaces: speaking.tunnels.map((tunnel) => tunnel.interface),
      prefixes: expect.arrayContaining(['10.50.0.0/16']) as string[],
    });
  });

  it('ends BGP of a host that is drained where the other side does not prefer others', () => {
    const out = withdraw(speaking, { ...NOTHING, drained: new Set(['sp.default.dc.one']) });
    expect(out.revision).toBe(`${speaking.revision} drained sp.default.dc.one`);
    expect(
      out.bgp?.neighbors.filter(({ shutdown }) => shutdown).map(({ address }) => address),
    ).toEqual(['169.254.10.1', 'fd00:10::1']);
  });

  it('counts what passes a host that is drained without BGP, too', () => {
    const out = withdraw(plan, { ...NOTHING, drained: new Set() });
    expect(out.firewall.counted?.interfaces).toEqual([interfaceOf('a'), interfaceOf('b')]);
    expect(out.routes).toEqual(plan.routes);
  });
});
