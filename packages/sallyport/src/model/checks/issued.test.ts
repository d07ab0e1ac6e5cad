import { describe, expect, it } from 'vitest';
import {
  type Case,
  certificatePartner,
  judge,
  outcome,
  secondHost,
  twoSites,
  vary,
  wanted,
} from '../testing.ts';

const authority = (name: string, more = '', host = 'gw1'): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: CertificateAuthority
metadata: {name: ${name}}
spec: {host: ${host}, subject: 'O=Example, CN=${name}', passphraseFile: pass${more}}
`;

const ISSUED = '{issued: {authority: site, altNames: [gw.example, 192.0.2.10]}}';

const sound =
  twoSites +
  vary(certificatePartner, ['{pem: {certificate: gw.pem, key: gw.key}}', ISSUED]) +
  authority('root') +
  authority('site', ', parent: root');

const CASES: readonly Case[] = [
  {
    name: 'an authority that is not there',
    text: vary(sound, ['authority: site', 'authority: sight']),
    expected: {
      code: 'secret/unknown-authority',
      path: 'spec.issued.authority',
      message: 'there is no CertificateAuthority "sight" in namespace default',
      hint: 'use one of: root, site',
    },
  },
  {
    name: 'a certificate used on another host than its authority is kept on',
    text:
      vary(
        sound,
        ['host: gw1, subject', 'host: gw2, subject'],
        ['host: gw1, subject', 'host: gw2, subject'],
      ) + secondHost,
    expected: {
      code: 'secret/authority-elsewhere',
      path: 'spec.issued.authority',
      message:
        'the authority is kept on Host gw2, and a gateway that uses the certificate is on gw1',
    },
  },
  {
    name: 'a name outside the domains of an authority above',
    text: vary(sound, ["CN=root', ", "CN=root', permittedDomains: [other.example], "]),
    expected: {
      code: 'certificate/not-permitted',
      path: 'spec.issued.altNames[0]',
      message: 'CertificateAuthority default/root may certify names in other.example only',
    },
  },
  {
    name: 'an identity that the certificate will not have',
    text: vary(sound, ['altNames: [gw.example, ', 'altNames: [other.example, ']),
    expected: {
      code: 'certificate/identity-missing',
      path: 'spec.tunnels[0].local.id',
      message: 'our certificate does not have this identity',
      hint: 'use one of: "CN=own", other.example, 192.0.2.10 (a common name alone does not count)',
    },
  },
  {
    name: 'an authority on a host that is not there',
    text: twoSites + authority('root', '', 'gw7'),
    expected: {
      code: 'authority/unknown-host',
      path: 'spec.host',
      message: 'there is no Host "gw7" in namespace default',
    },
  },
  {
    name: 'a parent that is not there',
    text: twoSites + authority('site', ', parent: root'),
    expected: { code: 'authority/unknown-parent', path: 'spec.parent' },
  },
  {
    name: 'a parent on another host',
    text:
      twoSites + secondHost + authority('root', '', 'gw2') + authority('site', ', parent: root'),
    expected: {
      code: 'authority/parent-elsewhere',
      path: 'spec.parent',
      message: 'its parent is kept on Host gw2, and it is on gw1',
    },
  },
  {
    name: 'an authority that certifies itself',
    text: twoSites + authority('site', ', parent: site'),
    expected: { code: 'authority/parent-loop', path: 'spec.parent' },
  },
  {
    name: 'a certificate that is renewed when it is over',
    text: vary(sound, ['altNames:', 'days: 100, renewAfterDays: 96, altNames:']),
    expected: {
      code: 'certificate/renewed-too-late',
      path: 'spec.issued.renewAfterDays',
      hint: 'use 95 or less, or leave it out for two thirds of 100',
    },
  },
  {
    name: 'a list whose URL does not name its authority',
    text: twoSites + authority('site', ", revocationList: {urls: ['http://pki.example/ca.crl']}"),
    expected: {
      code: 'authority/list-url',
      path: 'spec.revocationList.urls[0]',
      message: 'the file does not have the name of the authority in its name',
    },
  },
];

describe('certificates that we issue', () => {
  it('are sound in many forms', () => {
    expect(judge(sound).problems).toEqual([]);
    // The scheme of OpenShift: five years, and four and a half.
    const openshift = ', days: 1825, renewAfterDays: 1642';
    expect(judge(twoSites + authority('site', openshift)).problems).toEqual([]);
  });

  it.each(CASES)('report $expected.code for $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });

  it.each([
    ["subject: 'CN='", 'spec.subject'],
    ["subject: 'CN=a\"b'", 'spec.subject'],
    ["permittedDomains: ['*.example']", 'spec.permittedDomains[0]'],
    ["revocationList: {urls: ['https://pki.example/site.crl']}", 'spec.revocationList.urls[0]'],
  ])('refuse %s', (field, path) => {
    const [name = ''] = field.split(':');
    const text = authority('site', name === 'subject' ? '' : `, ${field}`);
    const { problems } = judge(
      twoSites + (name === 'subject' ? text.replace(/subject: '[^']*'/, field) : text),
    );
    expect(problems.map((problem) => problem.path)).toEqual([path]);
  });
});
