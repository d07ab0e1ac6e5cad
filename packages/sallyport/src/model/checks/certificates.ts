/** What is known of secrets and certificates: passed on, and held against the connections that use them. */
import { formatDuration } from '../../lib/format.ts';
import { formatObjectRef, type Problem } from '../../lib/problem.ts';
import { refusalOf } from '../certificate-policy.ts';
import type { Connection } from '../connection.ts';
import { objectKey } from '../declared-objects.ts';
import type { CertificateFacts, SecretFacts } from '../facts.ts';
import { parseIdentity, provesIdentity, spellIdentity } from '../identity.ts';
import { refOf } from '../objects.ts';
import { type FieldPath, type ParsedObject, positionOf } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import { issuedNames } from '../secret.ts';
import { checkRoots } from './certificate-roots.ts';
import { checkUsages } from './certificate-usages.ts';
import { secretUses } from './references.ts';
import { hostsOf, secretFactsOf, type World } from './world.ts';

/** Further off, the future is no matter of clocks. */
const SKEW_MILLISECONDS = 86_400_000;

export function checkCertificates(world: World): Problem[] {
  const needed = neededHere(world);
  return [
    ...world.parsed.flatMap((parsed) => checkSecret(world, parsed, needed)),
    ...world.connections.flatMap((connection) => checkConnection(world, connection)),
  ];
}

/** By `namespace/name`: what the tunnels of this host are proven with. */
function neededHere(world: World): ReadonlySet<string> {
  const { here } = world.facts;
  const secrets = world.connections
    .map(({ object }) => object)
    .filter((connection) =>
      connection.spec.tunnels.some(
        (tunnel) =>
          here !== undefined &&
          hostsOf(world, connection, tunnel).some(({ metadata }) => metadata.name === here),
      ),
    )
    .flatMap(({ metadata, spec }) =>
      secretUses(spec).map(({ name }) => objectKey(metadata.namespace, name)),
    );
  return new Set(secrets);
}

const ELSEWHERE = 'it has to be on the hosts whose tunnels use it, and on no other';

const ABSENT: ReadonlySet<string> = new Set(['secret/file-missing', 'secret/file-unreadable']);

/**
 * What was found in the files, and what each certificate says of itself, said once at the Secret. A key lies where it is used,
 * and nowhere else: that it is not here matters only where it is `needed`.
 */
function checkSecret(world: World, parsed: ParsedObject, needed: ReadonlySet<string>): Problem[] {
  const { object, positions } = parsed;
  if (object.kind !== 'Secret' || object !== ofKey(world, parsed)) return [];
  const facts = secretFactsOf(world, object.metadata.namespace, object.metadata.name);
  if (facts === undefined) return [];
  const isNeeded = needed.has(objectKey(object.metadata.namespace, object.metadata.name));
  const found = facts.problems.map((problem): Problem => {
    const source = problem.source ?? positions.get(problem.path ?? '') ?? positionOf(positions, []);
    const place = { object: refOf(object), ...(source === undefined ? {} : { source }) };
    if (isNeeded || !ABSENT.has(problem.code)) return { ...problem, ...place };
    return { ...problem, ...place, severity: 'warning', hint: ELSEWHERE };
  });
  const [leaf] = facts.form === 'certificate' ? facts.certificates : [];
  const { now } = world.facts;
  return [
    ...found,
    ...(leaf === undefined ? [] : checkUsages(parsed, leaf)),
    ...(now === undefined
      ? []
      : [
          ...facts.certificates.flatMap((one) => checkValidity(parsed, facts, one, now)),
          ...checkLists(parsed, facts, now),
        ]),
  ];
}

function checkLists(
  parsed: ParsedObject,
  { revocationLists }: SecretFacts,
  now: string,
): Problem[] {
  return revocationLists.flatMap(({ issuer, nextUpdate }) =>
    nextUpdate === undefined || Date.parse(now) < Date.parse(nextUpdate)
      ? []
      : [
          problemAt(parsed, ['spec', 'authority', 'revocationLists'], 'certificate/list-over', {
            message: `the revocation list was valid until ${nextUpdate}`,
            value: issuer,
            hint: 'get the present list of this authority and replace the file',
          }),
        ],
  );
}

function ofKey(world: World, { object }: ParsedObject): unknown {
  return world.objects.secrets.get(`${object.metadata.namespace}/${object.metadata.name}`);
}

function checkValidity(
  parsed: ParsedObject,
  { form }: SecretFacts,
  certificate: CertificateFacts,
  now: string,
): Problem[] {
  const { notBefore, notAfter, subject } = certificate;
  const at = Date.parse(now);
  const value = subject;
  if (at > Date.parse(notAfter)) {
    return [
      problemAt(parsed, ['spec'], 'certificate/expired', {
        message: `the certificate expired at ${notAfter}`,
        value,
        hint:
          form === 'authority'
            ? 'ask the other side for its present CA'
            : 'renew it and replace the file',
      }),
    ];
  }
  const ahead = Date.parse(notBefore) - at;
  if (ahead <= 0) return [];
  const isSkew = ahead < SKEW_MILLISECONDS;
  return [
    problemAt(parsed, ['spec'], 'certificate/not-yet-valid', {
      message: isSkew
        ? `the certificate is valid from ${notBefore} only, in ${formatDuration(ahead / 1_000)}: the clock of this host shows ${now} and may be slow`
        : `the certificate is valid from ${notBefore} only`,
      value,
      hint: isSkew
        ? 'compare the clocks of this host and of the authority, and set up NTP on both; or wait'
        : 'wait, or set the clock of this host right',
    }),
  ];
}

function checkConnection(world: World, connection: ParsedObject<Connection>): Problem[] {
  const { metadata, spec } = connection.object;
  const { certificate } = spec.auth;
  if (certificate === undefined) return [];
  const own = secretFactsOf(world, metadata.namespace, certificate.secret);
  const leaf =
    own?.form === 'certificate'
      ? own.certificates[0]
      : declaredLeaf(world, metadata.namespace, certificate.secret);
  return [
    ...(leaf === undefined ? [] : checkIdentities(connection, leaf)),
    ...checkAuthority(world, connection, own),
    ...checkRoots(world, connection),
    ...checkPolicy(world, connection),
  ];
}

/** Everything that is shown to the other side, or that its certificate is held against. */
function checkPolicy(world: World, connection: ParsedObject<Connection>): Problem[] {
  const { metadata, spec } = connection.object;
  const { crypto } = spec;
  if (typeof crypto !== 'string') return [];
  return (['secret', 'peerAuthority'] as const).flatMap((member) => {
    const name = spec.auth.certificate?.[member];
    if (name === undefined) return [];
    const path: FieldPath = ['spec', 'auth', 'certificate', member];
    const certificates = secretFactsOf(world, metadata.namespace, name)?.certificates ?? [];
    return certificates.flatMap((certificate) => {
      const refusal = refusalOf(crypto, certificate);
      if (refusal === undefined) return [];
      return [
        problemAt(connection, path, 'certificate/policy', {
          message: `the certificate ${certificate.subject} of Secret ${name} has ${refusal.what}, which policy "${crypto}" does not allow`,
          value: name,
          hint: `have it issued again: ${refusal.demand}; or choose another crypto policy`,
        }),
      ];
    });
  });
}

type LeafNames = Pick<CertificateFacts, 'subject' | 'altNames'>;

/** What is issued by ourselves has its names before it is made. */
function declaredLeaf({ objects }: World, namespace: string, name: string): LeafNames | undefined {
  const issued = objects.secrets.get(objectKey(namespace, name))?.spec.issued;
  return issued === undefined ? undefined : issuedNames(issued, { name });
}

function checkIdentities(connection: ParsedObject<Connection>, leaf: LeafNames): Problem[] {
  return connection.object.spec.tunnels.flatMap(({ local }, index) => {
    const path = ['spec', 'tunnels', index, 'local', 'id'];
    if (local.id === undefined) {
      const spelling = leaf.subject === '' ? { fault: '' } : spellIdentity(leaf.subject);
      if ('spelled' in spelling) return [];
      return [
        problemAt(connection, path, 'certificate/identity-missing', {
          message:
            leaf.subject === ''
              ? 'is required, because our certificate has no subject'
              : `is required, because our certificate has the subject ${leaf.subject}: ${spelling.fault}`,
          hint: `use one of: ${namesOf(leaf)}`,
        }),
      ];
    }
    if (provesIdentity(leaf, local.id)) return [];
    const isName = parseIdentity(local.id).type === 'name';
    return [
      problemAt(connection, path, 'certificate/identity-missing', {
        message: 'our certificate does not have this identity',
        value: local.id,
        hint: isName
          ? `use one of: ${namesOf(leaf)} (a common name alone does not count)`
          : `use one of: ${namesOf(leaf)}`,
      }),
    ];
  });
}

function namesOf({ subject, altNames }: LeafNames): string {
  const names = altNames.map((name) => name.replace(/^(?:DNS|IP|email):/u, ''));
  return [...(subject === '' ? [] : [`"${subject}"`]), ...names].join(', ');
}

function checkAuthority(
  world: World,
  connection: ParsedObject<Connection>,
  own: SecretFacts | undefined,
): Problem[] {
  const { metadata, spec } = connection.object;
  const path: FieldPath = ['spec', 'auth', 'certificate', 'peerAuthority'];
  const name = spec.auth.certificate?.peerAuthority;
  if (name === undefined) {
    // Without readable files the secret's own problems come first.
    if (own === undefined || own.certificates.length === 0) return [];
    if (own.certificates.some(({ isAuthority }) => isAuthority)) return [];
    return [
      problemAt(connection, path, 'certificate/no-authority', {
        message: 'is required, because our own secret holds no CA certificate',
        hint: 'name a Secret with authority: the CA of the other side',
      }),
    ];
  }
  const facts = secretFactsOf(world, metadata.namespace, name);
  if (facts?.form !== 'authority') return [];
  const ref = formatObjectRef({ kind: 'Secret', namespace: metadata.namespace, name });
  return facts.certificates
    .filter(({ isAuthority }) => !isAuthority)
    .map(({ subject }) =>
      problemAt(connection, path, 'certificate/not-an-authority', {
        message: `${ref} holds a certificate that is not a CA's`,
        value: subject,
        hint: 'give the certificate of the CA that issued the one of the other side',
      }),
    );
}
