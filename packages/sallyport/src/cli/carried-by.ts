/** Which hosts carry what a person names and this one does not: from the declarations in effect. */
import { objectKey } from '../model/declared-objects.ts';
import type { ObjectStore } from '../store/object-store.ts';

/** `key`: `namespace/name` of a Gateway. Empty where none is declared. */
export async function hostsOfGateway(key: string, store: ObjectStore): Promise<readonly string[]> {
  const objects = (await store.read(['Gateway'])).map(({ object }) => object);
  return objects.flatMap((object) =>
    object.kind === 'Gateway' && keyOf(object) === key ? object.spec.placement.hosts : [],
  );
}

/** `path`: connection/tunnel, with or without its namespace. In words; undefined where none is declared. */
export async function hostOfTunnel(path: string, store: ObjectStore): Promise<string | undefined> {
  const objects = (await store.read(['Connection'])).map(({ object }) => object);
  for (const object of objects) {
    if (object.kind !== 'Connection') continue;
    const { metadata, spec } = object;
    const tunnel = spec.tunnels.find(({ name }) =>
      [`${metadata.name}/${name}`, `${keyOf(object)}/${name}`].includes(path),
    );
    if (tunnel === undefined) continue;
    const gateway = objectKey(metadata.namespace, spec.gateway);
    return tunnel.host ?? (await hostsOfGateway(gateway, store)).join(' or ');
  }
  return undefined;
}

function keyOf({ metadata }: { readonly metadata: { namespace: string; name: string } }): string {
  return objectKey(metadata.namespace, metadata.name);
}
