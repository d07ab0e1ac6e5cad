/** Valid declarations at random: one gateway on one host, any number of connections of every kind. */
import fc from 'fast-check';
import { NO_FACTS } from '../../model/facts.ts';
import { DATA_PLANES } from '../../model/gateway.ts';
import type { DeclaredObject } from '../../model/objects.ts';
import { parseYaml } from '../../model/parse-yaml.ts';
import { validateObjects } from '../../model/validate.ts';
import { HOST } from './plan-world.ts';

export interface RandomConnection {
  readonly name: string;
  readonly networks: readonly string[];
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface RandomWorld {
  readonly gateway: Readonly<Record<string, unknown>>;
  readonly connections: readonly RandomConnection[];
}

const connection = fc.record({
  outer: fc.constantFrom(4, 6),
  inner: fc.subarray([4, 6], { minLength: 1 }),
  spec: fc.record({
    start: fc.constantFrom('initiate', 'trap', 'respond'),
    selectors: fc.constantFrom('per-family', 'per-pair'),
    encapsulation: fc.constantFrom('auto', 'always'),
    adminState: fc.constantFrom('enabled', 'disabled'),
    crypto: fc.constantFrom('default', 'cnsa', 'aws'),
  }),
});

/** Numbers make names, addresses and networks differ between connections. */
export const worlds: fc.Arbitrary<RandomWorld> = fc.record({
  gateway: fc.record({
    dataPlane: fc.constantFrom('auto', ...DATA_PLANES.filter((plane) => plane !== 'userspace')),
    leakGuard: fc.boolean(),
    mtu: fc.constantFrom('auto', 1300),
  }),
  connections: fc.array(connection, { maxLength: 5 }).map((all) =>
    all.map(({ outer, inner, spec }, index): RandomConnection => {
      const networks = inner.map((family) =>
        family === 4 ? `10.${20 + index}.0.0/16` : `fd${20 + index}::/48`,
      );
      const address = outer === 4 ? `198.51.100.${20 + index}` : `2001:db8:b::${20 + index}`;
      return {
        name: `partner-${index}`,
        networks,
        spec: {
          ...spec,
          gateway: 'edge',
          tunnels: [{ remote: { address } }],
          auth: { psk: { secret: 'key' } },
          routing: { static: { networks } },
        },
      };
    }),
  ),
});

/** Throws where the world is not valid: then the generator is wrong. */
export function objectsOf({ gateway, connections }: RandomWorld): DeclaredObject[] {
  const text = [
    object('Host', HOST, {
      addresses: ['192.0.2.10', '2001:db8:1::10'],
      capabilities: { dataPlanes: DATA_PLANES },
    }),
    object('Gateway', 'edge', {
      ...gateway,
      placement: { hosts: [HOST] },
      networks: ['10.10.0.0/16', 'fd10::/48'],
    }),
    object('Secret', 'key', { psk: { file: 'key' } }),
    ...connections.map(({ name, spec }) => object('Connection', name, spec)),
  ].join('\n---\n');
  const { objects, rejected, problems } = parseYaml([{ file: 'random.yaml', text }]);
  const validated = validateObjects(objects, NO_FACTS, { rejected });
  const errors = [...problems, ...validated.problems].filter(
    ({ severity }) => severity === 'error',
  );
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return objects.map(({ object: parsed }) => parsed);
}

/** YAML takes JSON as it is. */
function object(kind: string, name: string, spec: unknown): string {
  return JSON.stringify({ apiVersion: 'sallyport.dev/v1alpha1', kind, metadata: { name }, spec });
}
