// What is wrong with a certificate: each fault with a peer that really has it, told from the others, and gone
// when the peer has a good one.

// lab: any kernel

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { ViciClient } from '@sallyport/vici';
import {
  type Credentials,
  createAuthority,
  issueCertificate,
  type LeafRequest,
  revoke,
} from '../certificates.ts';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE, secret } from '../declarations/left-site.ts';
import { Sallyport } from '../sallyport.ts';
import { certifiedCustomerSite } from '../sites/customer.ts';
import { Stranger } from '../stranger.ts';
import { type Told, untilMended, untilTold } from '../told.ts';
import { createTwoSites, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';

const TUNNEL = '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}';
const HOUR = 3_600_000;

describe('the cause of a tunnel whose peer', () => {
  let lab: Lab<TwoSitesHost>;
  let stranger: Stranger;
  let left: Sallyport;
  let expected: Credentials;
  let theirs: Credentials;

  before(async () => {
    lab = await createTwoSites();
    const gwa = lab.host('gwa');
    const gwb = lab.host('gwb');
    const authority = (directory: string, name: string): Promise<Credentials> =>
      createAuthority({ directory, name, subject: `/O=Example/CN=${name}` });
    expected = await authority(gwa.file('authority'), 'expected');
    theirs = await authority(gwb.file('authority'), 'theirs');
    const ours = await authority(gwa.file('ours'), 'ours');
    await issueCertificate({
      ...{ directory: gwa.directory, name: 'left', subject: '/CN=left.example' },
      ...{ authority: ours, alternativeNames: ['left.example'] },
    });
    stranger = new Stranger(gwb, {
      configFile: await gwb.write('site.conf', certifiedCustomerSite()),
      dataPlane,
      credentials: await issue({ authority: expected }),
      authorities: [theirs.certificate, ours.certificate],
    });
    await stranger.start();
    left = new Sallyport(gwa);
    await left.startAgent();
    const text = connection({ name: 'right', networks: '10.2.0.0/24', tunnel: TUNNEL }).replace(
      'auth: {psk: {secret: key}}',
      'auth: {certificate: {secret: own, peerAuthority: peer}}',
    );
    const secrets =
      secret('own', '{pem: {certificate: left.crt, key: left.key}}') +
      secret('peer', `{authority: {files: ['${expected.certificate}']}}`);
    const file = await left.declare('site', LEFT_SITE + secrets + text, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
  });
  after(async () => {
    await lab.close();
  });

  /** Under one name: the second one takes the place of the first. */
  const issue = (request: Partial<LeafRequest>): Promise<Credentials> =>
    issueCertificate({
      ...{ directory: lab.host('gwb').directory, name: 'right', subject: '/CN=right.example' },
      ...{ authority: expected, alternativeNames: ['right.example'], ...request },
    });
  /** The tunnel comes up anew with it, or not. */
  const present = async (request: Partial<LeafRequest>): Promise<Credentials> => {
    const credentials = await issue(request);
    await stranger.reload();
    await stranger.trySwanctl(['--terminate', '--ike', 'customer']);
    return credentials;
  };
  const mended = async (): Promise<void> => {
    await issue({});
    await stranger.reload();
    await untilMended(left);
    assert.equal((await lab.host('hosta').ping('10.2.0.2')).received, 3);
  };

  const FAULTS: readonly (Told & {
    readonly what: string;
    readonly request: () => Partial<LeafRequest>;
  })[] = [
    {
      what: 'has a certificate of another authority',
      request: () => ({ authority: theirs }),
      code: 'ike/certificate-untrusted',
      message:
        /the certificate of CN=right\.example comes from O=Example, CN=theirs, and this connection accepts O=Example, CN=expected/,
      hint: /compare the issuer.*auth\.certificate\.peerAuthority/,
    },
    {
      what: 'has a certificate of another name',
      request: () => ({ subject: '/CN=other.example', alternativeNames: ['other.example'] }),
      code: 'ike/certificate-wrong-name',
      message: /the certificate CN=other\.example does not hold the identity right\.example/,
      hint: /among its subject alternative names/,
    },
    {
      what: 'has a certificate whose key may not sign',
      request: () => ({ keyUsage: 'keyEncipherment' }),
      code: 'ike/certificate-key-usage',
      message: /the certificate of CN=right\.example does not permit its key to sign/,
      hint: /with key usage digitalSignature/,
    },
    {
      what: 'has a certificate that has expired',
      request: () => ({
        valid: { from: new Date('2020-01-01'), to: new Date(Date.now() - HOUR) },
      }),
      code: 'ike/certificate-expired',
      message:
        /the certificate of CN=right\.example expired on .*; the clock of this host shows \d/,
      hint: /have the certificate renewed, or set the clock of this host/,
    },
    {
      what: 'lives in a time to come',
      request: () => ({
        valid: { from: new Date(Date.now() + 2 * HOUR), to: new Date(Date.now() + 48 * HOUR) },
      }),
      code: 'ike/certificate-not-yet-valid',
      message: /the certificate of CN=right\.example is valid only from .*; the clock of this/,
      hint: /compare the clocks/,
    },
  ];

  test('is none while its certificate is good', mended);

  for (const { what, request, ...told } of FAULTS) {
    test(`${what}, until it has a good one`, async () => {
      await present(request());
      await untilTold(left, told);
      await mended();
    });
  }

  test('has a certificate that was revoked, until it has another one', async () => {
    const { certificate } = await present({});
    await untilMended(left);
    const list = await readFile(await revoke([certificate], expected));
    await using daemon = new ViciClient({
      socket: `unix://${lab.host('gwa').file('run/charon.vici')}`,
    });
    await daemon.loadCert({ type: 'X509_CRL', data: list });
    await stranger.trySwanctl(['--terminate', '--ike', 'customer']);
    await untilTold(left, {
      code: 'ike/certificate-revoked',
      message: /the certificate of CN=right\.example was revoked on /,
      hint: /have the other side use a new certificate/,
    });
    await mended();
  });
});
