/** What of the declarations one host issues: its authorities, and the Secrets that they certify. Pure. */
import type { CertificateAuthority } from '../model/certificate-authority.ts';
import { objectKey } from '../model/declared-objects.ts';
import type { Metadata } from '../model/fields.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import type { IssuedSpec, Secret } from '../model/secret.ts';

export interface DeclaredIssue {
  readonly secret: ParsedObject<Secret>;
  readonly spec: IssuedSpec;
  readonly authority: ParsedObject<CertificateAuthority>;
}

export interface DeclaredIssuing {
  /** By `namespace/name`. */
  readonly authorities: ReadonlyMap<string, ParsedObject<CertificateAuthority>>;
  readonly issues: readonly DeclaredIssue[];
}

export function declaredOn(host: string, objects: readonly ParsedObject[]): DeclaredIssuing {
  const authorities = new Map<string, ParsedObject<CertificateAuthority>>();
  for (const { object, ...place } of objects)
    if (object.kind === 'CertificateAuthority' && object.spec.host === host)
      authorities.set(objectKey(object.metadata.namespace, object.metadata.name), {
        object,
        ...place,
      });
  const issues = objects.flatMap(({ object, ...place }): DeclaredIssue[] => {
    if (object.kind !== 'Secret' || object.spec.issued === undefined) return [];
    const spec = object.spec.issued;
    const authority = authorities.get(objectKey(object.metadata.namespace, spec.authority));
    return authority === undefined ? [] : [{ secret: { object, ...place }, spec, authority }];
  });
  return { authorities, issues };
}

/** In the store of authorities, which knows no namespaces. */
export function storedName({ namespace, name }: Pick<Metadata, 'namespace' | 'name'>): string {
  return namespace === 'default' ? name : `${namespace}.${name}`;
}
