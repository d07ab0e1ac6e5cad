/** Choices of which exactly one must be made, and secrets whose form does not fit their use. */
import type { Problem } from '../../lib/problem.ts';
import type { Connection } from '../connection.ts';
import { objectKey } from '../declared-objects.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import { SECRET_FORMS, type SecretForm, secretForms } from '../secret.ts';
import type { World } from './world.ts';

export function checkSecretForms(world: World): Problem[] {
  return [
    ...world.parsed.flatMap(checkSecret),
    ...world.connections.flatMap((connection) => checkAuth(world, connection)),
  ];
}

function checkSecret(parsed: ParsedObject): Problem[] {
  if (parsed.object.kind !== 'Secret') return [];
  const forms = secretForms(parsed.object.spec);
  if (forms.length === 1) return [];
  return [
    problemAt(parsed, ['spec'], 'secret/form-choice', {
      message: forms.length === 0 ? 'has no key material' : `has ${forms.join(' and ')} at once`,
      hint: `give exactly one of ${SECRET_FORMS.join(', ')}`,
    }),
  ];
}

function checkAuth(world: World, connection: ParsedObject<Connection>): Problem[] {
  const { auth, routing } = connection.object.spec;
  const { psk, certificate } = auth;
  const path = ['spec', 'auth'];
  const problems: Problem[] = [];
  if ((psk === undefined) === (certificate === undefined)) {
    problems.push(
      problemAt(connection, path, 'connection/auth-choice', {
        message: psk === undefined ? 'says no method' : 'has psk and certificate at once',
        hint: 'give exactly one of psk, certificate',
      }),
    );
  }
  const checkAt = (at: FieldPath, name: string, allowed: readonly SecretForm[]): void => {
    problems.push(...checkForm(world, connection, { path: at, name, allowed }));
  };
  const check = (below: FieldPath, name: string, allowed: readonly SecretForm[]): void => {
    checkAt([...path, ...below], name, allowed);
  };
  if (psk !== undefined) check(['psk', 'secret'], psk.secret, ['psk']);
  if (certificate !== undefined) {
    check(['certificate', 'secret'], certificate.secret, ['pem', 'pkcs12', 'issued']);
    const { peerAuthority } = certificate;
    if (peerAuthority !== undefined) {
      check(['certificate', 'peerAuthority'], peerAuthority, ['authority']);
    }
  }
  const password = routing.bgp?.password;
  if (password !== undefined) checkAt(['spec', 'routing', 'bgp', 'password'], password, ['psk']);
  return problems;
}

interface SecretUse {
  readonly path: FieldPath;
  readonly name: string;
  readonly allowed: readonly SecretForm[];
}

function checkForm(
  world: World,
  connection: ParsedObject<Connection>,
  { path, name, allowed }: SecretUse,
): Problem[] {
  const { namespace } = connection.object.metadata;
  const secret = world.objects.secrets.get(objectKey(namespace, name));
  const forms = secret === undefined ? [] : secretForms(secret.spec);
  const [form] = forms;
  // Of a secret with none or several forms its own problem says more.
  if (form === undefined || forms.length > 1 || allowed.includes(form)) return [];
  return [
    problemAt(connection, path, 'connection/secret-form', {
      message: `Secret ${namespace}/${name} holds ${form}`,
      value: name,
      hint: `name a Secret with ${allowed.join(' or ')}`,
    }),
  ];
}
