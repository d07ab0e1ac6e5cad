/**
 * The view of all declarations that planning works on: one map for each kind, by `namespace/name`.
 * References between objects stay inside one namespace.
 */
import { BUILT_IN_POLICIES } from './built-in-policies.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import type { Connection } from './connection.ts';
import type { CryptoPolicy, CryptoSpec } from './crypto-policy.ts';
import type { Gateway } from './gateway.ts';
import type { Host } from './host.ts';
import type { DeclaredObject } from './objects.ts';
import type { Secret } from './secret.ts';

export interface DeclaredObjects {
  readonly gateways: ReadonlyMap<string, Gateway>;
  readonly connections: ReadonlyMap<string, Connection>;
  readonly cryptoPolicies: ReadonlyMap<string, CryptoPolicy>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly authorities: ReadonlyMap<string, CertificateAuthority>;
  readonly hosts: ReadonlyMap<string, Host>;
}

/** The key of every map: `namespace/name`. */
export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Of two objects with the same kind and key the first one stays. */
export function indexObjects(objects: Iterable<DeclaredObject>): DeclaredObjects {
  const gateways = new Map<string, Gateway>();
  const connections = new Map<string, Connection>();
  const cryptoPolicies = new Map<string, CryptoPolicy>();
  const secrets = new Map<string, Secret>();
  const authorities = new Map<string, CertificateAuthority>();
  const hosts = new Map<string, Host>();
  for (const object of objects) {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    switch (object.kind) {
      case 'Gateway':
        if (!gateways.has(key)) gateways.set(key, object);
        break;
      case 'Connection':
        if (!connections.has(key)) connections.set(key, object);
        break;
      case 'CryptoPolicy':
        if (!cryptoPolicies.has(key)) cryptoPolicies.set(key, object);
        break;
      case 'Secret':
        if (!secrets.has(key)) secrets.set(key, object);
        break;
      case 'CertificateAuthority':
        if (!authorities.has(key)) authorities.set(key, object);
        break;
      case 'Host':
        if (!hosts.has(key)) hosts.set(key, object);
        break;
    }
  }
  return { gateways, connections, cryptoPolicies, secrets, authorities, hosts };
}

/** The policy of that name: built-in, or declared in the namespace; absent: there is none. */
export function resolveCryptoPolicy(
  objects: DeclaredObjects,
  namespace: string,
  name: string,
): CryptoSpec | undefined {
  return (
    BUILT_IN_POLICIES.get(name) ?? objects.cryptoPolicies.get(objectKey(namespace, name))?.spec
  );
}

/** The proposals and lifetimes of a connection; absent: it names a policy that does not exist. */
export function resolveCrypto(
  objects: DeclaredObjects,
  connection: Connection,
): CryptoSpec | undefined {
  const { crypto } = connection.spec;
  return typeof crypto === 'string'
    ? resolveCryptoPolicy(objects, connection.metadata.namespace, crypto)
    : crypto;
}
