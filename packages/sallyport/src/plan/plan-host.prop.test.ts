/** What holds for the plan of every valid set of declarations. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelDriver } from '../drivers/kernel/driver.ts';
import { StrongswanDriver } from '../drivers/strongswan/driver.ts';
import { indexObjects } from '../model/declared-objects.ts';
import { NO_FACTS } from '../model/facts.ts';
import type { DeclaredObject } from '../model/objects.ts';
import type { HostPlan } from './host-plan.ts';
import { planHost, revisionOf } from './plan-host.ts';
import { HOST } from './testing/plan-world.ts';
import { objectsOf, worlds } from './testing/random-worlds.ts';

function planOf(objects: readonly DeclaredObject[]): HostPlan {
  const { plan, problems } = planHost(indexObjects(objects), HOST, NO_FACTS);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return plan;
}

describe('the plan of any valid declarations', () => {
  it('is the same for every order of the input', () => {
    const shuffled = worlds.chain((world) => {
      const objects = objectsOf(world);
      return fc.tuple(
        fc.constant(objects),
        fc.shuffledSubarray(objects, { minLength: objects.length }),
      );
    });
    fc.assert(
      fc.property(shuffled, ([objects, others]) => {
        expect(JSON.stringify(planOf(others))).toBe(JSON.stringify(planOf(objects)));
      }),
    );
  });

  it('passes the check of every driver', () => {
    const kernel = new KernelDriver({ commands: unused(), sysctls: unused() });
    const strongswan = new StrongswanDriver({
      client: unused(),
      secrets: unused(),
      memory: unused(),
    });
    fc.assert(
      fc.property(worlds, (world) => {
        const plan = planOf(objectsOf(world));
        expect([...kernel.check(plan), ...strongswan.check(plan)]).toEqual([]);
      }),
    );
  });

  it('loses exactly the parts of a connection that is removed', () => {
    fc.assert(
      fc.property(worlds, fc.nat(), (world, choice) => {
        fc.pre(world.connections.length > 0);
        const removed = world.connections[choice % world.connections.length];
        const connections = world.connections.filter((connection) => connection !== removed);
        const before = planOf(objectsOf(world));
        const after = planOf(objectsOf({ ...world, connections }));
        const isOurs = ({ connection }: { readonly connection: string }): boolean =>
          connection === removed?.name;
        expect(after.tunnels).toEqual(before.tunnels.filter((tunnel) => !isOurs(tunnel)));
        const links = new Set(
          before.tunnels.filter(isOurs).flatMap((tunnel) => tunnel.interface ?? []),
        );
        expect(after.interfaces).toEqual(before.interfaces.filter(({ name }) => !links.has(name)));
        const networks = new Set(removed?.networks);
        expect(after.routes).toEqual(before.routes.filter(({ prefix }) => !networks.has(prefix)));
        expect(after.firewall.guarded).toEqual(
          before.firewall.guarded.filter(({ prefix }) => !networks.has(prefix)),
        );
      }),
    );
  });

  it('carries its own revision, which another content does not have', () => {
    fc.assert(
      fc.property(worlds, worlds, (one, other) => {
        const [left, right] = [planOf(objectsOf(one)), planOf(objectsOf(other))];
        expect(left.revision).toBe(revisionOf(contentOf(left)));
        const isSame = JSON.stringify(contentOf(left)) === JSON.stringify(contentOf(right));
        expect(left.revision === right.revision).toBe(isSame);
      }),
    );
  });

  it('names each tunnel and each interface once', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { tunnels, interfaces } = planOf(objectsOf(world));
        for (const names of [tunnels, interfaces].map((list) => list.map(({ name }) => name))) {
          expect(new Set(names).size).toBe(names.length);
        }
      }),
    );
  });
});

function contentOf({
  revision: _,
  sources: __,
  ...content
}: HostPlan): Omit<HostPlan, 'revision' | 'sources'> {
  return content;
}

/** For what `check` must not touch: any use throws. */
function unused(): never {
  const fail = (): never => {
    throw new Error('check is pure');
  };
  return new Proxy({}, { get: fail }) as never;
}
