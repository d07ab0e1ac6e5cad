/** Which hosts carry what a person names and this one does not: from the declarations in effect. */
import { objectKey } from '../model/declared-objects.ts';
import type { Gateway } from '../model/gateway.ts';
import { hostsOfTunnel } from '../model/hosts-of-tunnel.ts';
import type { ObjectStore } from '../store/object-store.ts';

/** `key`: `namespace/name` of a Gateway. Empty where none is declared. */
export async function hostsOfGateway(key: string, store: ObjectStore): Promise<readonly string[]> {
  return (await gatewayOf(key, store))?.spec.placement.hosts ?? [];
}

/** `path`: connection/tunnel, with or without its namespace. Empty where none is declared. */
export async function hostsOfPath(path: string, store: ObjectStore): Promise<readonly string[]> {
  const objects = (await store.read(['Connection'])).map(({ object }) => object);
  for (const object of objects) {
    if (object.kind !== 'Connection') continue;
    const { metadata, spec } = object;
    const tunnel = spec.tunnels.find(({ name }) =>
      [`${metadata.name}/${name}`, `${keyOf(object)}/${name}`].includes(path),
    );
    if (tunnel === undefined) continue;
    const gateway = await gatewayOf(objectKey(metadata.namespace, spec.gateway), store);
    return gateway === undefined ? [] : hostsOfTunnel(gateway, tunnel);
  }
  return [];
}

async function gatewayOf(key: string, store: ObjectStore): Promise<Gateway | undefined> {
  const objects = (await store.read(['Gateway'])).map(({ object }) => object);
  return objects.find(
    (object): object is Gateway => object.kind === 'Gateway' && keyOf(object) === key,
  );
}

function keyOf({ metadata }: { readonly metadata: { namespace: string; name: string } }): string {
  return objectKey(metadata.namespace, metadata.name);
}
