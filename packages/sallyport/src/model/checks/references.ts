/** Every name that refers to another object must lead to one. */
import type { Problem } from '../../lib/problem.ts';
import { BUILT_IN_POLICIES } from '../built-in-policies.ts';
import type { Connection } from '../connection.ts';
import { objectKey, resolveCryptoPolicy } from '../declared-objects.ts';
import type { Gateway } from '../gateway.ts';
import { nameHint } from '../nearest-name.ts';
import type { Kind } from '../objects.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { ProblemCode } from '../problem-codes.ts';
import { isRejected, namesIn, type World } from './world.ts';

export function checkReferences(world: World): Problem[] {
  return [
    ...world.gateways.flatMap((gateway) => checkGateway(world, gateway)),
    ...world.connections.flatMap((connection) => checkConnection(world, connection)),
  ];
}

interface Reference {
  readonly from: ParsedObject;
  readonly path: FieldPath;
  readonly kind: Kind;
  readonly name: string;
  readonly code: ProblemCode;
  /** Names that exist without being declared. */
  readonly builtIn?: readonly string[];
}

/** What stands there may be the password itself: no message has it, and none offers the key of a tunnel. */
const NO_PASSWORD = {
  message: 'is not the name of a Secret',
  hint: 'declare a Secret with the password as its psk, and write its name here, never the password itself',
};

function dangling(world: World, reference: Reference): Problem[] {
  const { from, path, kind, name, code, builtIn = [] } = reference;
  const { namespace } = from.object.metadata;
  if (isRejected(world, kind, namespace, name)) return [];
  if (path.at(-1) === 'password') return [problemAt(from, path, code, NO_PASSWORD)];
  const known = [...namesIn(world, kind, namespace), ...builtIn];
  return [
    problemAt(from, path, code, {
      message: `there is no ${kind} "${name}" in namespace ${namespace}`,
      value: name,
      hint: nameHint(name, known) ?? `declare a ${kind} of that name`,
    }),
  ];
}

function checkGateway(world: World, from: ParsedObject<Gateway>): Problem[] {
  const { metadata, spec } = from.object;
  const seen = new Set<string>();
  return spec.placement.hosts.flatMap((name, index) => {
    const path = ['spec', 'placement', 'hosts', index];
    if (seen.has(name)) {
      const message = `host "${name}" is named twice`;
      return [
        problemAt(from, path, 'gateway/duplicate-host', {
          message,
          value: name,
          hint: 'keep one of them',
        }),
      ];
    }
    seen.add(name);
    if (world.objects.hosts.has(objectKey(metadata.namespace, name))) return [];
    return dangling(world, { from, path, kind: 'Host', name, code: 'gateway/unknown-host' });
  });
}

function checkConnection(world: World, from: ParsedObject<Connection>): Problem[] {
  const { objects } = world;
  const { metadata, spec } = from.object;
  const { namespace } = metadata;
  const problems: Problem[] = [];
  if (!objects.gateways.has(objectKey(namespace, spec.gateway))) {
    problems.push(
      ...dangling(world, {
        from,
        path: ['spec', 'gateway'],
        kind: 'Gateway',
        name: spec.gateway,
        code: 'connection/unknown-gateway',
      }),
    );
  }
  for (const { path, name } of secretUses(spec)) {
    if (objects.secrets.has(objectKey(namespace, name))) continue;
    const code = 'connection/unknown-secret';
    problems.push(...dangling(world, { from, path, kind: 'Secret', name, code }));
  }
  if (
    typeof spec.crypto === 'string' &&
    resolveCryptoPolicy(objects, namespace, spec.crypto) === undefined
  ) {
    problems.push(
      ...dangling(world, {
        from,
        path: ['spec', 'crypto'],
        kind: 'CryptoPolicy',
        name: spec.crypto,
        code: 'connection/unknown-crypto-policy',
        builtIn: [...BUILT_IN_POLICIES.keys()],
      }),
    );
  }
  return problems;
}

/** The Secrets that a connection names. */
export function secretUses({
  auth,
  routing,
}: Connection['spec']): { path: FieldPath; name: string }[] {
  const uses: { path: FieldPath; name: string }[] = [];
  const { psk, certificate } = auth;
  if (psk !== undefined) uses.push({ path: ['spec', 'auth', 'psk', 'secret'], name: psk.secret });
  if (certificate !== undefined) {
    const path = ['spec', 'auth', 'certificate'];
    uses.push({ path: [...path, 'secret'], name: certificate.secret });
    if (certificate.peerAuthority !== undefined) {
      uses.push({ path: [...path, 'peerAuthority'], name: certificate.peerAuthority });
    }
  }
  const password = routing.bgp?.password;
  if (password !== undefined)
    uses.push({ path: ['spec', 'routing', 'bgp', 'password'], name: password });
  return uses;
}
