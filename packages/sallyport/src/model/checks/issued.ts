/** Certificates that we issue ourselves: their authorities must be declared, and kept where they are used. */
import type { Problem } from '../../lib/problem.ts';
import type { CertificateAuthority } from '../certificate-authority.ts';
import { LATEST_RENEWAL } from '../certificate-fields.ts';
import { readAltName } from '../certificate-names.ts';
import { objectKey } from '../declared-objects.ts';
import { nameHint } from '../nearest-name.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { ProblemCode } from '../problem-codes.ts';
import type { Secret } from '../secret.ts';
import { gatewayOf, isRejected, namesIn, type World } from './world.ts';

export function checkIssued(world: World): Problem[] {
  return world.parsed.flatMap((parsed) => {
    const { object, ...place } = parsed;
    if (object.kind === 'Secret') return checkSecret(world, { object, ...place });
    if (object.kind === 'CertificateAuthority') return checkAuthority(world, { object, ...place });
    return [];
  });
}

function checkSecret(world: World, secret: ParsedObject<Secret>): Problem[] {
  const { metadata, spec } = secret.object;
  if (spec.issued === undefined) return [];
  const { authority: name, days, renewAfterDays } = spec.issued;
  const path = ['spec', 'issued', 'authority'];
  const authority = authorityOf(world, metadata.namespace, name);
  return [
    ...checkRenewal(secret, ['spec', 'issued', 'renewAfterDays'], days, renewAfterDays),
    ...(authority === undefined
      ? unknown(world, secret, { path, name, code: 'secret/unknown-authority' })
      : [...checkPlaces(world, secret, authority), ...checkDomains(world, secret, authority)]),
  ];
}

/** RFC 5280 §4.2.1.10: of the authority and of all above it. */
function checkDomains(
  world: World,
  secret: ParsedObject<Secret>,
  authority: CertificateAuthority,
): Problem[] {
  const { namespace } = secret.object.metadata;
  const line = [authority, ...parentsOf(world, authority)];
  return (secret.object.spec.issued?.altNames ?? []).flatMap((text, index) => {
    const { value: name } = readAltName(text);
    if (name?.type !== 'dns') return [];
    const isIn = (domain: string): boolean =>
      name.value === domain.toLowerCase() || name.value.endsWith(`.${domain.toLowerCase()}`);
    return line
      .filter(({ spec }) => spec.permittedDomains.length > 0 && !spec.permittedDomains.some(isIn))
      .map(({ metadata, spec }) =>
        problemAt(secret, ['spec', 'issued', 'altNames', index], 'certificate/not-permitted', {
          message: `CertificateAuthority ${namespace}/${metadata.name} may certify names in ${spec.permittedDomains.join(', ')} only`,
          value: text,
          hint: 'use a name in these domains, or another authority',
        }),
      );
  });
}

/** Nearest first; each once, also where they go in a circle. */
function parentsOf(world: World, authority: CertificateAuthority): CertificateAuthority[] {
  const found: CertificateAuthority[] = [];
  const { namespace } = authority.metadata;
  let { parent } = authority.spec;
  while (parent !== undefined) {
    const above = authorityOf(world, namespace, parent);
    if (above === undefined || found.includes(above)) break;
    found.push(above);
    ({ parent } = above.spec);
  }
  return found;
}

/** The key never leaves the host that makes it, and only the host with the authority can. */
function checkPlaces(
  world: World,
  secret: ParsedObject<Secret>,
  { spec: { host } }: CertificateAuthority,
): Problem[] {
  const { namespace, name } = secret.object.metadata;
  const users = world.connections.filter(
    ({ object: { metadata, spec } }) =>
      metadata.namespace === namespace && spec.auth.certificate?.secret === name,
  );
  const hosts = users.flatMap(({ object }) => gatewayOf(world, object)?.spec.placement.hosts ?? []);
  const elsewhere = [...new Set(hosts)].filter((used) => used !== host);
  if (elsewhere.length === 0) return [];
  return [
    problemAt(secret, ['spec', 'issued', 'authority'], 'secret/authority-elsewhere', {
      message: `the authority is kept on Host ${host}, and a gateway that uses the certificate is on ${elsewhere.join(', ')}`,
      value: secret.object.spec.issued?.authority ?? '',
      hint: 'there, declare an authority of that Host, or give files that sallyport pki issue has made',
    }),
  ];
}

function checkAuthority(world: World, authority: ParsedObject<CertificateAuthority>): Problem[] {
  const { metadata, spec } = authority.object;
  const { namespace } = metadata;
  const parent = spec.parent === undefined ? undefined : authorityOf(world, namespace, spec.parent);
  return [
    ...(world.objects.hosts.has(objectKey(namespace, spec.host)) ||
    isRejected(world, 'Host', namespace, spec.host)
      ? []
      : [
          problemAt(authority, ['spec', 'host'], 'authority/unknown-host', {
            message: `there is no Host "${spec.host}" in namespace ${namespace}`,
            value: spec.host,
            hint:
              nameHint(spec.host, namesIn(world, 'Host', namespace)) ??
              'declare a Host of that name',
          }),
        ]),
    ...(spec.parent !== undefined && parent === undefined
      ? unknown(world, authority, {
          ...{ path: ['spec', 'parent'], name: spec.parent, code: 'authority/unknown-parent' },
        })
      : []),
    ...(parent !== undefined && parent.spec.host !== spec.host
      ? [
          problemAt(authority, ['spec', 'parent'], 'authority/parent-elsewhere', {
            message: `its parent is kept on Host ${parent.spec.host}, and it is on ${spec.host}`,
            value: parent.metadata.name,
            hint: 'keep both on one Host',
          }),
        ]
      : []),
    ...checkLoop(world, authority),
    ...spec.revocationList.urls.flatMap((url, index) => checkUrl(authority, url, index)),
    ...checkRenewal(authority, ['spec', 'renewAfterDays'], spec.days, spec.renewAfterDays),
  ];
}

function checkLoop(world: World, authority: ParsedObject<CertificateAuthority>): Problem[] {
  if (!parentsOf(world, authority.object).includes(authority.object)) return [];
  return [
    problemAt(authority, ['spec', 'parent'], 'authority/parent-loop', {
      message: 'it would be certified by itself',
      value: authority.object.spec.parent ?? '',
      hint: 'leave parent out where the root is',
    }),
  ];
}

/** Each list is signed by one key, and so is that of the next authority, whose name is another one. */
function checkUrl(
  authority: ParsedObject<CertificateAuthority>,
  url: string,
  index: number,
): Problem[] {
  const { name } = authority.object.metadata;
  if (url.slice(url.lastIndexOf('/')).includes(name)) return [];
  const path = ['spec', 'revocationList', 'urls', index];
  return [
    problemAt(authority, path, 'authority/list-url', {
      message: 'the file does not have the name of the authority in its name',
      value: url,
      hint: `end it with /${name}.crl`,
    }),
  ];
}

function checkRenewal(
  object: ParsedObject,
  path: FieldPath,
  days: number,
  renewAfterDays: number | undefined,
): Problem[] {
  const latest = Math.floor(days * LATEST_RENEWAL);
  if (renewAfterDays === undefined || renewAfterDays <= latest) return [];
  return [
    problemAt(object, path, 'certificate/renewed-too-late', {
      message: `it would be made anew when it has expired, or almost, after ${days} days`,
      value: String(renewAfterDays),
      hint: `use ${latest} or less, or leave it out for two thirds of ${days}`,
    }),
  ];
}

function authorityOf(
  world: World,
  namespace: string,
  name: string,
): CertificateAuthority | undefined {
  return world.objects.authorities.get(objectKey(namespace, name));
}

interface Unknown {
  readonly path: FieldPath;
  readonly name: string;
  readonly code: ProblemCode;
}

function unknown(world: World, from: ParsedObject, { path, name, code }: Unknown): Problem[] {
  const kind = 'CertificateAuthority';
  const { namespace } = from.object.metadata;
  if (isRejected(world, kind, namespace, name)) return [];
  return [
    problemAt(from, path, code, {
      message: `there is no ${kind} "${name}" in namespace ${namespace}`,
      value: name,
      hint: nameHint(name, namesIn(world, kind, namespace)) ?? `declare a ${kind} of that name`,
    }),
  ];
}
