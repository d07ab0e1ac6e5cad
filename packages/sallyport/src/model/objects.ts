/** The closed set of declared kinds. */
import type { z } from 'zod';
import type { ObjectRef } from '../lib/problem.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { Connection } from './connection.ts';
import { CryptoPolicy } from './crypto-policy.ts';
import { Gateway } from './gateway.ts';
import { Host } from './host.ts';
import { Secret } from './secret.ts';

export type DeclaredObject =
  | Gateway
  | Connection
  | CryptoPolicy
  | Secret
  | CertificateAuthority
  | Host;
export type Kind = DeclaredObject['kind'];

/** Schema of each kind, by its name. */
export const SCHEMAS: { readonly [K in Kind]: z.ZodType<Extract<DeclaredObject, { kind: K }>> } = {
  Gateway: Gateway,
  Connection: Connection,
  CryptoPolicy: CryptoPolicy,
  Secret: Secret,
  CertificateAuthority: CertificateAuthority,
  Host: Host,
};

export const KINDS: readonly Kind[] = [
  'Gateway',
  'Connection',
  'CryptoPolicy',
  'Secret',
  'CertificateAuthority',
  'Host',
];

export function isKind(text: unknown): text is Kind {
  return KINDS.some((kind) => kind === text);
}

export function refOf(object: DeclaredObject): ObjectRef {
  return {
    kind: object.kind,
    namespace: object.metadata.namespace,
    name: object.metadata.name,
  };
}

/** With the generation that is stored; an object that nobody has stored yet is in its first one. */
export function generationOf(object: DeclaredObject): ObjectRef & { readonly generation: number } {
  return { ...refOf(object), generation: object.metadata.generation ?? 1 };
}
