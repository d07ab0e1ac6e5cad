/** Compares an IKE identity as a person writes it with the names in a certificate. */
import { parseAddress } from '../lib/prefix.ts';
import { canonicalEndpoint } from './addresses.ts';
import { isSameName, type Spelling, spellName } from './distinguished-name.ts';
import type { CertificateFacts } from './facts.ts';

type Identity =
  | { readonly type: 'address' | 'name' | 'email' | 'subject'; readonly text: string }
  /** Key ids, hex and other forms that name nothing we can read in a certificate. */
  | { readonly type: 'opaque' };

const PREFIXES: Readonly<Record<string, Identity['type']>> = {
  ipv4: 'address',
  ipv6: 'address',
  fqdn: 'name',
  dns: 'name',
  rfc822: 'email',
  email: 'email',
  userfqdn: 'email',
  asn1dn: 'subject',
  asn1gn: 'opaque',
  keyid: 'opaque',
};

/** strongSwan's guess of the type, see "Identity Parsing" in its manual. */
export function parseIdentity(text: string): Identity {
  const [, prefix = '', rest = ''] = /^([a-z0-9]+):(.*)$/su.exec(text) ?? [];
  const forced = Object.hasOwn(PREFIXES, prefix) ? PREFIXES[prefix] : undefined;
  if (forced !== undefined) {
    return forced === 'opaque' || rest.startsWith('#')
      ? { type: 'opaque' }
      : { type: forced, text: rest };
  }
  if (/^\{\d+\}:/u.test(text) || text.startsWith('@#')) return { type: 'opaque' };
  if (parseAddress(text) !== undefined) return { type: 'address', text };
  if (text.startsWith('@@')) return { type: 'email', text: text.slice(2) };
  if (text.startsWith('@')) return { type: 'name', text: text.slice(1) };
  if (text.includes('=')) return { type: 'subject', text };
  return { type: text.includes('@') ? 'email' : 'name', text };
}

/** As strongSwan reads it over VICI: in ASCII, without escapes, and in hex behind `asn1dn:`. */
export function spellIdentity(id: string): Spelling {
  const identity = parseIdentity(id);
  const spelling = identity.type === 'subject' ? spellName(identity.text) : { spelled: id };
  return 'spelled' in spelling && /[^\x20-\x7e]/u.test(spelling.spelled)
    ? { fault: 'the IKE daemon takes ASCII only' }
    : spelling;
}

/** Whether the certificate proves the identity: as its subject or as a subject alternative name. */
export function provesIdentity(
  certificate: Pick<CertificateFacts, 'subject' | 'altNames'>,
  id: string,
): boolean {
  const identity = parseIdentity(id);
  const { altNames } = certificate;
  switch (identity.type) {
    case 'opaque':
      return true;
    case 'subject':
      return isSameName(identity.text, certificate.subject);
    case 'address':
      return altNames.some((name) => matches(name, 'IP:', identity.text, canonicalEndpoint));
    case 'name':
      return altNames.some((name) => matches(name, 'DNS:', identity.text, lowerCase));
    case 'email':
      return altNames.some((name) => matches(name, 'email:', identity.text, lowerCase));
  }
}

function matches(
  altName: string,
  prefix: string,
  text: string,
  canonical: (text: string) => string,
): boolean {
  return altName.startsWith(prefix) && canonical(altName.slice(prefix.length)) === canonical(text);
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}
