/** Small named worlds for the tests of this and later layers, as YAML that tests vary text by text. */
import type { Problem } from '../lib/problem.ts';
import { sha256Hex } from '../lib/sha256.ts';
import { type CertificateFacts, type Facts, NO_FACTS, type SecretFacts } from './facts.ts';
import { parseYaml } from './parse-yaml.ts';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';
import { type Validated, validateObjects } from './validate.ts';

/** One gateway on one dual-stack host, one partner with a pre-shared key. Valid as it is. */
export const twoSites = `
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: gw1}
spec:
  addresses: [192.0.2.10, '2001:db8:1::10']
---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge}
spec:
  placement: {hosts: [gw1]}
  networks: [10.10.0.0/16, 'fd10::/48']
---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: partner-a}
spec:
  gateway: edge
  tunnels:
    - remote: {address: 198.51.100.20}
  auth: {psk: {secret: a-psk}}
  crypto: default
  start: initiate
  routing: {static: {networks: [10.20.0.0/16, 'fd20::/48']}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: a-psk}
spec: {psk: {file: a.psk}}
`;

/** A second partner of the same gateway, with certificates; to be joined to `twoSites`. */
export const certificatePartner = `---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: partner-b}
spec:
  gateway: edge
  tunnels:
    - local: {id: gw.example}
      remote: {address: '2001:db8:b::1', id: peer.example}
  auth: {certificate: {secret: own, peerAuthority: peer-ca}}
  routing: {static: {networks: [10.30.0.0/16]}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: own}
spec: {pem: {certificate: gw.pem, key: gw.key}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: peer-ca}
spec: {authority: {files: [ca.pem]}}
`;

/** Replaces texts that must be there, so that a test cannot pass by changing nothing. */
export function vary(
  text: string,
  ...changes: readonly (readonly [from: string, to: string])[]
): string {
  return changes.reduce((varied, [from, to]) => {
    if (!varied.includes(from)) throw new Error(`the world has no "${from}"`);
    return varied.replace(from, () => to);
  }, text);
}

export interface Judged extends Validated {
  /** Of parsing and of validation. */
  readonly problems: readonly Problem[];
}

/** Parses and validates a world in one go. */
export function judge(text: string, facts: Facts = NO_FACTS): Judged {
  const { objects, rejected, problems } = parseYaml([{ file: 'world.yaml', text }]);
  const validated = validateObjects(objects, facts, { rejected });
  return { objects: validated.objects, problems: [...problems, ...validated.problems] };
}

/** A second host, on which nothing is placed yet. */
export const secondHost = `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: gw2}
spec: {addresses: [192.0.2.11]}
`;

/** A policy that nobody names yet. */
export const housePolicy = `---
apiVersion: sallyport.dev/v1alpha1
kind: CryptoPolicy
metadata: {name: house}
spec:
  ike: {proposals: [aes256gcm16-prfsha384-ecp384]}
  esp: {proposals: [aes256gcm16-ecp384]}
`;

/** Another connection of the same gateway, valid beside `twoSites`. */
export const thirdPartner = `---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: partner-c}
spec:
  gateway: edge
  tunnels: [{remote: {address: 198.51.100.30}}]
  auth: {psk: {secret: a-psk}}
  routing: {static: {networks: [10.40.0.0/16]}}
`;

/** Our certificate in facts: valid through 2026. */
export const leaf: CertificateFacts = {
  subject: 'C=CH, O=Example, CN=gw',
  issuer: 'CN=CA',
  serial: '4a',
  altNames: ['DNS:gw.example', 'IP:192.0.2.10', 'email:ops@example'],
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: '2027-01-01T00:00:00.000Z',
  isAuthority: false,
  key: { type: 'ec', curve: 'secp384r1' },
  signatureHash: 'sha384',
  keyUsages: ['digitalSignature'],
  extendedKeyUsages: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.17'],
  fingerprint: sha256Hex('leaf'),
};
export const authority: CertificateFacts = {
  ...leaf,
  subject: 'CN=CA',
  altNames: [],
  isAuthority: true,
  keyUsages: ['keyCertSign', 'cRLSign'],
};

export function secretFacts(
  name: string,
  form: SecretFacts['form'],
  certificates: CertificateFacts[],
): SecretFacts {
  return {
    ...{ namespace: 'default', name, form, fingerprint: '11', certificates },
    ...{ revocationLists: [], problems: [] },
  };
}

export interface CertificateFactsChange {
  readonly own?: CertificateFacts[];
  readonly ca?: CertificateFacts[];
  readonly now?: string;
}

/** Facts of the secrets of `certificatePartner`. */
export function certificateFacts({
  own = [leaf],
  ca = [authority],
  now,
}: CertificateFactsChange = {}): Facts {
  return {
    hosts: [],
    secrets: [secretFacts('own', 'certificate', own), secretFacts('peer-ca', 'authority', ca)],
    now: now ?? '2026-06-01T00:00:00Z',
  };
}

/** The daemon of host `gw1` offers just these. */
export function daemonWith(...algorithms: string[]): Facts {
  return {
    hosts: [{ host: 'gw1', dataPlanes: [], underlayMtuBytes: 1500, algorithms }],
    secrets: [],
  };
}

/** One thing wrong in an otherwise valid world, and what must be said of it: that and nothing else. */
export interface Case {
  readonly name: string;
  readonly text: string;
  readonly facts?: Facts;
  readonly expected: Partial<Problem> & { readonly code: ProblemCode };
}

/** What was said, as far as the case tells; with the place and the hint that every problem must have. */
export function outcome({ text, facts, expected }: Case): unknown[] {
  return judge(text, facts).problems.map((problem) => ({
    ...Object.fromEntries(Object.entries(problem).filter(([key]) => key in expected)),
    code: problem.code,
    severity: problem.severity,
    isPlaced: problem.source?.file === 'world.yaml' && problem.path !== undefined,
    hasHint: problem.hint !== undefined,
  }));
}

export function wanted({ expected }: Case): unknown[] {
  const { severity } = PROBLEM_CODES[expected.code];
  return [{ severity, ...expected, isPlaced: true, hasHint: true }];
}
