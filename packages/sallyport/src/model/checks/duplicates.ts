/** Names that must be unique: objects within kind and namespace, tunnels within a connection. */
import { formatObjectRef, type Problem } from '../../lib/problem.ts';
import { BUILT_IN_POLICIES } from '../built-in-policies.ts';
import { refOf } from '../objects.ts';
import { type ParsedObject, positionOf } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { World } from './world.ts';

export function checkDuplicates(world: World): Problem[] {
  return [...duplicateObjects(world), ...duplicateTunnels(world), ...reservedNames(world)];
}

function duplicateObjects({ parsed }: World): Problem[] {
  const first = new Map<string, ParsedObject>();
  return parsed.flatMap((found) => {
    const name = formatObjectRef(refOf(found.object));
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, found);
      return [];
    }
    const at = positionOf(earlier.positions, []);
    const where = at === undefined ? earlier.file : `${at.file}:${String(at.line)}`;
    return [
      problemAt(found, ['metadata', 'name'], 'object/duplicate', {
        message: `${name} is already declared in ${where}`,
        value: found.object.metadata.name,
        hint: 'rename or remove one of them',
      }),
    ];
  });
}

function duplicateTunnels({ connections }: World): Problem[] {
  return connections.flatMap((connection) => {
    const first = new Map<string, number>();
    return connection.object.spec.tunnels.flatMap(({ name }, index) => {
      const earlier = first.get(name);
      if (earlier === undefined) {
        first.set(name, index);
        return [];
      }
      return [
        problemAt(connection, ['spec', 'tunnels', index, 'name'], 'tunnel/duplicate-name', {
          message: `tunnels[${String(earlier)}] has the same name`,
          value: name,
          hint: 'give each tunnel a name of its own',
        }),
      ];
    });
  });
}

function reservedNames({ parsed }: World): Problem[] {
  return parsed.flatMap((found) => {
    const { kind, metadata } = found.object;
    if (kind !== 'CryptoPolicy' || !BUILT_IN_POLICIES.has(metadata.name)) return [];
    return [
      problemAt(found, ['metadata', 'name'], 'crypto-policy/reserved-name', {
        message: 'a built-in policy has this name',
        value: metadata.name,
        hint: 'choose another name',
      }),
    ];
  });
}
