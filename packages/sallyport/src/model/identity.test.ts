import { describe, expect, it } from 'vitest';
import { provesIdentity, spellIdentity } from './identity.ts';
import { leaf } from './testing.ts';

const certificate = { ...leaf, altNames: [...leaf.altNames, 'IP:2001:db8::1'] };

describe('provesIdentity', () => {
  it.each([
    'gw.example',
    'GW.Example',
    '@gw.example',
    'fqdn:gw.example',
    'dns:gw.example',
    '192.0.2.10',
    'ipv4:192.0.2.10',
    '2001:DB8:0::1',
    'ipv6:2001:db8::1',
    'ops@example',
    '@@ops@example',
    'email:ops@example',
    'rfc822:ops@example',
    'C=CH, O=Example, CN=gw',
    'c=CH,o=Example,cn=gw',
    '/C=CH/O=Example/CN=gw',
    'asn1dn:C=CH, O=Example, CN=gw',
    // What cannot be read in the facts is left to the daemon.
    'keyid:0a0b',
    '@#0a0b',
    'fqdn:#67772e',
    '{2}:gw.example',
  ])('finds %s', (id) => {
    expect(provesIdentity(certificate, id)).toBe(true);
  });

  it.each([
    'gw',
    'gw.example.com',
    '192.0.2.11',
    'fqdn:192.0.2.10',
    'noc@example',
    'email:gw.example',
    'CN=gw, O=Example, C=CH',
    'C=CH, O=Example',
    'asn1dn:gw',
  ])('does not find %s', (id) => {
    expect(provesIdentity(certificate, id)).toBe(false);
  });
});

describe('spellIdentity', () => {
  it.each([
    ['gw.example', 'gw.example'],
    ['%any', '%any'],
    ['asn1dn:#3000', 'asn1dn:#3000'],
    ['asn1dn:C=CH,CN=gw', 'C=CH, CN=gw'],
    [String.raw`O=Example\, Inc., CN=gw`, '/O=Example, Inc./CN=gw'],
  ])('spells %s', (id, spelled) => {
    expect(spellIdentity(id)).toEqual({ spelled });
  });

  it.each(['O=Müller, CN=gw', String.raw`O=M\C3\BCller, CN=gw`, 'gw.müller.example'])(
    'has no spelling for %s',
    (id) => {
      expect(spellIdentity(id)).toEqual({ fault: 'the IKE daemon takes ASCII only' });
    },
  );
});
