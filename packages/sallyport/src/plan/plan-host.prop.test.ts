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
import {
  objectsOf,
  type RandomConnection,
  type RandomWorld,
  SHARDS,
  worlds,
} from './testing/random-worlds.ts';

function planOf(objects: readonly DeclaredObject[]): HostPlan {
  const { plan, problems } = planHost(indexObjects(objects), HOST, NO_FACTS);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return plan;
}

describe('the plan of any valid declarations', () => {
  it('is the same for every order of objects, tunnels and networks', () => {
    const shuffled = worlds.chain((world) => {
      const connections = fc.tuple(...world.connections.map(shuffleInside));
      const turned = connections.chain((inner) =>
        shuffle(objectsOf({ ...world, connections: inner })),
      );
      return fc.tuple(fc.constant(objectsOf(world)), turned);
    });
    fc.assert(
      fc.property(shuffled, ([objects, others]) => {
        expect(JSON.stringify(planOf(others))).toBe(JSON.stringify(planOf(objects)));
      }),
    );
  });

  it('has each tunnel in the daemon of its local address, and its interface there', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const plan = planOf(objectsOf(world));
        for (const tunnel of plan.tunnels) {
          const owner = Object.entries(SHARDS).find(([, addresses]) =>
            addresses.includes(tunnel.localAddress ?? ''),
          );
          expect(tunnel.shard).toBe(owner?.[0]);
          const link = plan.interfaces.find(({ name }) => name === tunnel.interface);
          if (link?.kind === 'xfrm') expect(link.shard).toBe(tunnel.shard);
          else expect(tunnel.shard === undefined || !tunnel.enabled).toBe(true);
        }
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
        const [gone, kept] = [true, false].map((isGone) =>
          before.tunnels.filter(({ connection }) => (connection === removed?.name) === isGone),
        );
        const links = new Set(gone?.flatMap((tunnel) => tunnel.interface ?? []));
        const addresses = gone?.flatMap(({ remoteAddress }) => remoteAddress ?? []) ?? [];
        const prefixes = new Set([
          ...(removed?.networks ?? []),
          ...addresses.flatMap((address) => [`${address}/32`, `${address}/128`]),
        ]);
        const stays = ({ prefix }: { readonly prefix: string }): boolean => !prefixes.has(prefix);
        expect(after.tunnels).toEqual(kept);
        expect(after.interfaces).toEqual(before.interfaces.filter(({ name }) => !links.has(name)));
        expect(after.routes).toEqual(before.routes.filter(stays));
        expect(after.firewall).toEqual({
          guarded: before.firewall.guarded.filter(stays),
          peers: before.firewall.peers.filter((peer) => !addresses.includes(peer)),
          clamps: before.firewall.clamps.filter(stays),
        });
        expect(before.sysctls).toEqual(expect.arrayContaining([...after.sysctls]));
        expect(before.rules).toEqual(expect.arrayContaining([...after.rules]));
        const names = new Set(kept?.map(({ name }) => name));
        const sources = before.sources.map((source) => ({
          ...source,
          tunnels: source.tunnels.filter((name) => names.has(name)),
        }));
        expect(after.sources).toEqual(sources.filter(({ tunnels }) => tunnels.length > 0));
      }),
    );
  });

  it('has another revision if and only if something of it changes', () => {
    const changed = worlds.chain((world) => fc.tuple(fc.constant(world), changesOf(world)));
    fc.assert(
      fc.property(changed, ([one, other]) => {
        const [left, right] = [planOf(objectsOf(one)), planOf(objectsOf(other))];
        expect(left.revision).toBe(revisionOf(contentOf(left)));
        const isSame = JSON.stringify(contentOf(left)) === JSON.stringify(contentOf(right));
        expect(left.revision === right.revision).toBe(isSame);
      }),
    );
  });

  it('keeps its revision in another generation of the same meaning', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 2, max: 1000 }), (world, generation) => {
        const objects = objectsOf(world);
        const later = objects.map((object): DeclaredObject => {
          const metadata = { ...object.metadata, generation };
          return { ...object, metadata };
        });
        const [before, after] = [planOf(objects), planOf(later)];
        expect(after.revision).toBe(before.revision);
        expect(after.sources.every((source) => source.generation === generation)).toBe(true);
        expect(after.sources).toHaveLength(before.sources.length);
      }),
    );
  });

  it('names tunnels, interfaces and the children of a tunnel once, and as Linux can take it', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { tunnels, interfaces } = planOf(objectsOf(world));
        const lists = [tunnels, interfaces, ...tunnels.map(({ children }) => children)];
        for (const names of lists.map((list) => list.map(({ name }) => name))) {
          expect(new Set(names).size).toBe(names.length);
        }
        for (const { name } of interfaces) expect(name.length).toBeLessThanOrEqual(15);
      }),
    );
  });

  it('has one way for each network of an enabled tunnel, by an interface that it plans', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { tunnels, interfaces, routes } = planOf(objectsOf(world));
        const ways = routes.filter(({ type }) => type === 'unicast');
        const names = new Set<string | undefined>(interfaces.map(({ name }) => name));
        expect(ways.every((way) => names.has(way.interface))).toBe(true);
        const wanted = tunnels
          .filter((tunnel) => tunnel.enabled && tunnel.interfaceId !== undefined)
          .flatMap(({ children }) => children.flatMap(({ remoteSelectors }) => remoteSelectors));
        expect(ways.map(({ prefix }) => prefix).sort()).toEqual([...new Set(wanted)].sort());
      }),
    );
  });
});

function shuffle<T>(list: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...list], { minLength: list.length });
}

function shuffleInside(connection: RandomConnection): fc.Arbitrary<RandomConnection> {
  return fc
    .tuple(shuffle(connection.networks), shuffle(connection.tunnels))
    .map(([networks, tunnels]) => ({ ...connection, networks, tunnels }));
}

/** The same world with one field of one connection set, to another value or to the one it had. */
function changesOf(world: RandomWorld): fc.Arbitrary<RandomWorld> {
  const fields = fc.constantFrom(
    { adminState: 'disabled' },
    { encapsulation: 'always' },
    { selectors: 'per-pair' },
    { crypto: 'cnsa' },
    { liveness: { delaySeconds: 31 } },
  );
  return fc.tuple(fc.nat(), fields).map(([choice, change]) => ({
    ...world,
    connections: world.connections.map((connection, index) =>
      index === choice % world.connections.length
        ? { ...connection, spec: { ...connection.spec, ...change } }
        : connection,
    ),
  }));
}

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
