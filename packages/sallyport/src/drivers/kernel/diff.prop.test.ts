/** From any plan to any other one, on a kernel in memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexObjects } from '../../model/declared-objects.ts';
import { NO_FACTS } from '../../model/facts.ts';
import type { NodePlan } from '../../plan/node-plan.ts';
import { planHost } from '../../plan/plan-host.ts';
import { HOST } from '../../plan/testing/plan-world.ts';
import { objectsOf, worlds } from '../../plan/testing/random-worlds.ts';
import { formatChange } from '../driver.ts';
import { diffKernel } from './diff.ts';
import {
  type KernelChange,
  type KernelDesired,
  NOTHING_DESIRED,
  type ObservedKernel,
} from './state.ts';
import { reached } from './testing/model-kernel.ts';

const ADDRESSES = ['10.1.0.2', '10.1.0.3', '10.1.0.4', 'fd01::2', 'fd01::3'];
const hops = fc
  .uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 4 })
  .chain((addresses) =>
    fc.tuple(
      ...addresses.map((address) =>
        fc.record({ address: fc.constant(address), weight: fc.nat(3) }),
      ),
    ),
  );
const nodes: fc.Arbitrary<NodePlan> = fc
  .record({
    one: hops,
    other: hops,
    sources: fc.subarray(['10.1.0.1', 'fd01::1']),
    encapsulation: fc.option(fc.constant({ interface: 'cni0', identity: 2 })),
  })
  .map(({ one, other, sources, encapsulation }) => ({
    ways: [
      { prefixes: ['172.20.0.0/16', 'fd77::/48'], hops: one },
      { prefixes: ['172.21.0.0/16'], hops: other },
    ],
    sources,
    ...(encapsulation === null ? {} : { encapsulation }),
  }));

const plans = fc.record({ world: worlds, node: fc.option(nodes) }).map(({ world, node }) => {
  const plan: KernelDesired = planHost(indexObjects(objectsOf(world)), HOST, NO_FACTS).plan;
  return node === null ? plan : { ...plan, node };
});

/** The same plan, every list of it in another order. */
function turned(desired: KernelDesired, by: number): KernelDesired {
  const turn = <T>(list: readonly T[]): T[] => {
    const at = list.length === 0 ? 0 : by % list.length;
    return [...list.slice(at), ...list.slice(0, at)].toReversed();
  };
  const { firewall } = desired;
  return {
    ...desired,
    interfaces: turn(desired.interfaces),
    routes: turn(desired.routes),
    rules: turn(desired.rules),
    sysctls: turn(desired.sysctls),
    firewall: {
      guarded: turn(firewall.guarded),
      peers: turn(firewall.peers),
      clamps: turn(firewall.clamps),
    },
  };
}

/** Lines in alphabetical order: steps of one kind may come in any. */
function sortedLines(observed: ObservedKernel, desired: KernelDesired): string[] {
  return diffKernel(observed, desired).map(formatChange).sort();
}

/** Where in a round a step belongs. Links made anew go where links are added, removal and all. */
function stageOf({ action, step, detail }: KernelChange): number {
  switch (step.type) {
    case 'interface-delete':
      return detail === undefined ? 6 : 1;
    case 'firewall':
      return action === 'remove' ? 7 : 2;
    case 'neighbor-replace':
    case 'nexthop-replace':
    case 'route-replace':
      return 3;
    case 'rule-add':
      return 4;
    case 'rule-delete':
    case 'route-delete':
    case 'neighbor-delete':
    case 'nexthop-delete':
      return 5;
    case 'sysctl':
    case 'interface-add':
    case 'interface-set':
    case 'device-set':
    case 'refuse':
      return 1;
  }
}

describe('any two plans', () => {
  it('are reached one from the other in one round, after which nothing is to do', () => {
    fc.assert(
      fc.property(plans, plans, (one, other) => {
        const kernel = reached(other, reached(one));
        expect(diffKernel(kernel, other)).toEqual([]);
        const empty = reached(NOTHING_DESIRED, kernel);
        expect([empty.interfaces, empty.routes, empty.rules]).toEqual([[], [], []]);
        expect([empty.neighbors.size, empty.nexthops.size]).toEqual([0, 0]);
        expect(empty.firewall).toBeUndefined();
      }),
    );
  });

  it('guard before they let through, add before they remove, and let go of the guard last', () => {
    fc.assert(
      fc.property(plans, plans, (one, other) => {
        const stages = diffKernel(reached(one), other).map(stageOf);
        expect(stages).toEqual(stages.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe('order', () => {
  it('makes no difference, be it of the plan or of what the kernel lists', () => {
    fc.assert(
      fc.property(plans, plans, fc.nat(), (one, other, by) => {
        const kernel = reached(one);
        expect(diffKernel(kernel, turned(one, by))).toEqual([]);
        const listed: ObservedKernel = {
          ...kernel,
          interfaces: kernel.interfaces.toReversed(),
          routes: kernel.routes.toReversed(),
          rules: kernel.rules.toReversed(),
        };
        expect(sortedLines(listed, turned(other, by))).toEqual(sortedLines(kernel, other));
      }),
    );
  });
});
