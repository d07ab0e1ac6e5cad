/** Which IKE daemon of a host serves an outer address must be clear, whoever declares the host. */
import type { Problem } from '../../lib/problem.ts';
import { canonicalEndpoint } from '../addresses.ts';
import type { Host } from '../host.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { World } from './world.ts';

export function checkHosts(world: World): Problem[] {
  return [...world.hosts.flatMap(checkNames), ...checkAddresses(world)];
}

function checkNames(host: ParsedObject<Host>): Problem[] {
  const seen = new Set<string>();
  return (host.object.spec.shards ?? []).flatMap(({ name }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [
      problemAt(host, ['spec', 'shards', index, 'name'], 'host/duplicate-shard', {
        message: 'another shard is in this network namespace, which can have one IKE daemon',
        value: name,
        hint: 'join the addresses of both in one shard',
      }),
    ];
  });
}

interface Place {
  readonly path: FieldPath;
  /** What serves the address, in words. */
  readonly daemon: string;
  readonly address: string;
}

/** A host that several tenants declare has one set of daemons all the same. */
function checkAddresses({ hosts }: World): Problem[] {
  const daemons = new Map<string, string>();
  return hosts.flatMap((host) =>
    placesOf(host.object).flatMap(({ path, daemon, address }) => {
      const key = `${host.object.metadata.name} ${canonicalEndpoint(address)}`;
      const other = daemons.get(key) ?? daemon;
      daemons.set(key, other);
      if (other === daemon) return [];
      return [
        problemAt(host, path, 'host/duplicate-address', {
          message: `${other} has this address as well`,
          value: address,
          hint: 'leave it where the address is configured',
        }),
      ];
    }),
  );
}

function placesOf({ spec }: Host): Place[] {
  const own = spec.addresses.map((address, index) => ({
    path: ['spec', 'addresses', index],
    daemon: 'the host itself',
    address,
  }));
  const others = (spec.shards ?? []).flatMap(({ name, addresses }, shard) =>
    addresses.map((address, index) => ({
      path: ['spec', 'shards', shard, 'addresses', index],
      daemon: `shard ${name}`,
      address,
    })),
  );
  return [...own, ...others];
}
