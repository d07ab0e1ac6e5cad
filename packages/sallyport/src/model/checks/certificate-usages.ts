/** What our own certificate is limited to, and how it is named: our daemon shows it as it is, and peers refuse it. */
import type { Problem } from '../../lib/problem.ts';
import type { CertificateFacts } from '../facts.ts';
import type { ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';

/** Any of them satisfies some peer: Windows looks for serverAuth, NSS for those of TLS or IPsec. */
const IKE_USAGES: ReadonlySet<string> = new Set([
  // anyExtendedKeyUsage
  '2.5.29.37.0',
  // serverAuth, clientAuth
  '1.3.6.1.5.5.7.3.1',
  '1.3.6.1.5.5.7.3.2',
  // ipsecIKE (RFC 4945 §5.1.3.12), and ipsecEndSystem, ipsecTunnel, ipsecUser before it
  '1.3.6.1.5.5.7.3.17',
  '1.3.6.1.5.5.7.3.5',
  '1.3.6.1.5.5.7.3.6',
  '1.3.6.1.5.5.7.3.7',
  // iKEIntermediate, of Microsoft and Apple
  '1.3.6.1.5.5.8.2.2',
]);

/** RFC 4945 §5.1.3.2: one of them must be there. */
const SIGNING = ['digitalSignature', 'nonRepudiation'];

const OVN_PREFIX = 'ovs_';

/** `secret`: the object that holds the leaf. */
export function checkUsages(secret: ParsedObject, leaf: CertificateFacts): Problem[] {
  const value = leaf.subject;
  const { keyUsages, extendedKeyUsages } = leaf;
  const commonName = /(?:^|, )CN=(?<name>[^,]*)/u.exec(leaf.subject)?.groups?.['name'] ?? '';
  return [
    ...(keyUsages === undefined || keyUsages.some((usage) => SIGNING.includes(usage))
      ? []
      : [
          problemAt(secret, ['spec'], 'certificate/key-usage', {
            message: `our certificate permits ${keyUsages.join(', ') || 'no use of its key'}, and not digitalSignature: strongSwan and Libreswan refuse it`,
            value,
            hint: 'have it issued again with key usage digitalSignature, or without that extension',
          }),
        ]),
    ...(extendedKeyUsages === undefined || extendedKeyUsages.some((oid) => IKE_USAGES.has(oid))
      ? []
      : [
          problemAt(secret, ['spec'], 'certificate/extended-key-usage', {
            message: `our certificate is only for ${extendedKeyUsages.join(', ')}: Libreswan and Windows refuse it, strongSwan does not look`,
            value,
            hint: 'have it issued again with extended key usages serverAuth, clientAuth and ipsecIKE, or without that extension',
          }),
        ]),
    ...(commonName.startsWith(OVN_PREFIX)
      ? [
          problemAt(secret, ['spec'], 'certificate/reserved-name', {
            message: `the common name begins with ${OVN_PREFIX}: on a node of OpenShift, OVN takes certificates of such names for its own`,
            value,
            hint: 'have it issued with another common name, unless it never comes to such a node',
          }),
        ]
      : []),
  ];
}
