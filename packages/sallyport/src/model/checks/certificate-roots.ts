/** Whether chains of the other side can be followed up to a root, which is where the daemon ends them. */
import { formatObjectRef, type Problem } from '../../lib/problem.ts';
import type { Connection } from '../connection.ts';
import type { CertificateFacts } from '../facts.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import { secretFactsOf, type World } from './world.ts';

/** Some authority that the connection accepts must lead to a root in one of the Secrets. */
export function checkRoots(world: World, connection: ParsedObject<Connection>): Problem[] {
  const { metadata, spec } = connection.object;
  const { certificate } = spec.auth;
  if (certificate === undefined) return [];
  const member = certificate.peerAuthority === undefined ? 'secret' : 'peerAuthority';
  const name = certificate.peerAuthority ?? certificate.secret;
  const accepted = authoritiesOf(secretFactsOf(world, metadata.namespace, name)?.certificates);
  const all = [...world.secretFacts.values()].flatMap((facts) => authoritiesOf(facts.certificates));
  // A root may also be certified by another one, under the same name.
  const known = [...all.filter(isRoot), ...all];
  const tops = accepted.map((authority) => topOf(authority, known));
  const [top] = tops;
  if (top === undefined || tops.some(isRoot)) return [];
  const path: FieldPath = ['spec', 'auth', 'certificate', member];
  const ref = formatObjectRef({ kind: 'Secret', namespace: metadata.namespace, name });
  return [
    problemAt(connection, path, 'certificate/no-root', {
      message: `no Secret has the root above ${top.subject}: strongSwan trusts no chain that does not end in one`,
      value: name,
      hint: `add the certificate of ${top.issuer} to ${ref}`,
    }),
  ];
}

function authoritiesOf(certificates: readonly CertificateFacts[] = []): CertificateFacts[] {
  return certificates.filter(({ isAuthority }) => isAuthority);
}

/** As far up as certificates are known. */
function topOf(authority: CertificateFacts, known: readonly CertificateFacts[]): CertificateFacts {
  const seen = new Set<string>();
  let top = authority;
  while (!isRoot(top) && !seen.has(top.subject)) {
    seen.add(top.subject);
    const { issuer } = top;
    top = known.find(({ subject }) => subject === issuer) ?? top;
  }
  return top;
}

function isRoot({ subject, issuer }: CertificateFacts): boolean {
  return subject === issuer;
}
