// Certificates of Sallyport's own authorities between Sallyport and a stranger: up with each kind of key, exchanged
// for new ones without a lost packet, refused when revoked.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { connection, LEFT_SITE } from '../declarations/left-site.ts';
import { PacketFlow } from '../packet-flow.ts';
import { Sallyport } from '../sallyport.ts';
import { customerSite } from '../sites/customer.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites } from '../topologies/two-sites.ts';

const TUNNEL = '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}';
const KEY_TYPES = ['ecdsa-p384', 'rsa-pss-3072', 'ed25519'];
/** Half of them in each direction. */
const PACKETS_PER_SECOND = 1_000;

function secret(name: string, spec: string): string {
  return `---\napiVersion: sallyport.dev/v1alpha1\nkind: Secret\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
}

const SITE =
  LEFT_SITE +
  secret(
    'own',
    '{pem: {certificate: pki/left.crt, key: pki/left.key, authorities: [pki/left-ca.crt]}}',
  ) +
  secret('peer', '{authority: {files: [pki/left-ca.crt]}}') +
  connection({ name: 'right', networks: '10.2.0.0/24', tunnel: TUNNEL }).replace(
    'auth: {psk: {secret: key}}',
    'auth: {certificate: {secret: own, peerAuthority: peer}}',
  );

describe('a tunnel with certificates of our own authority', () => {
  for (const keyType of KEY_TYPES) {
    test(`comes up, and its certificate is renewed without loss: ${keyType}`, async (context) => {
      await using lab = await createTwoSites();
      const [gwa, gwb] = [lab.host('gwa'), lab.host('gwb')];
      const left = new Sallyport(gwa);
      const pass = await gwa.write('pass', 'a passphrase for the lab');
      const directory = gwa.file('pki');
      const signing = ['--authority', 'site', '--passphrase-file', pass];
      const pki = (...words: string[]): Promise<string> => left.mustRun(['pki', ...words]);
      await pki(
        ...['ca', 'create', 'root', '--subject', 'O=Example, CN=Root', '--key-type', keyType],
        ...['--passphrase-file', pass],
      );
      await pki(
        ...['ca', 'create', 'site', '--subject', 'O=Example, CN=Site', '--key-type', keyType],
        ...['--passphrase-file', pass, '--parent', 'root', '--parent-passphrase-file', pass],
      );
      for (const name of ['left', 'right']) {
        const names = ['--alt-name', `${name}.example`, '--key-type', keyType];
        await pki('issue', name, ...signing, ...names, '--out', directory);
      }
      const configuration = customerSite()
        .replaceAll('auth = psk', 'auth = pubkey')
        .replace('id = right.example', 'id = right.example\n      certs = right.crt');
      const stranger = new Stranger(gwb, {
        configFile: await gwb.write('site.conf', configuration),
        dataPlane: 'kernel',
        credentials: { certificate: `${directory}/right.crt`, key: `${directory}/right.key` },
        authorities: await certificatesIn(`${directory}/right-ca.crt`, (name, pem) =>
          gwb.write(name, pem),
        ),
      });
      await stranger.start();
      await left.startAgent();
      const file = await left.declare('site', SITE, { key: 'not used here' });
      await left.mustRun(['apply', '-f', file]);
      await left.untilUp('right');
      const before = (await left.tunnel('right')).ike?.uniqueId;
      const [hosta, hostb] = [lab.host('hosta'), lab.host('hostb')];
      const flows = await Promise.all([
        PacketFlow.start(hosta, hostb, '10.2.0.2', PACKETS_PER_SECOND / 2),
        PacketFlow.start(hostb, hosta, '10.1.0.2', PACKETS_PER_SECOND / 2),
      ]);
      await pki('renew', 'left', ...signing, '--in', directory);
      await left.mustRun(['apply', '-f', file]);
      const [out, back] = await Promise.all(flows.map((flow) => flow.stop()));
      assert.ok(out && back);
      context.diagnostic(
        `lost ${String(out.lost)} of ${String(out.sent)} there, ${String(back.lost)} of ${String(back.sent)} back`,
      );
      assert.deepEqual([out.lost, back.lost], [0, 0]);
      assert.notEqual((await left.tunnel('right')).ike?.uniqueId, before);
      // The other side was shown the new one.
      const serial = serialOf(await pki('list', 'site'));
      const listed = await stranger.swanctl(['--list-certs', '--type', 'x509']);
      assert.ok(listed.replaceAll(':', '').includes(serial), `${serial}\n${listed}`);
    });
  }
});

/** Of the certificate that was issued last. */
function serialOf(list: string): string {
  return list.trimEnd().split('\n').at(-1)?.split(' ')[0] ?? '';
}

/** swanctl reads one certificate from each file. */
async function certificatesIn(
  path: string,
  write: (name: string, pem: string) => Promise<string>,
): Promise<string[]> {
  const blocks = (await readFile(path, 'utf8')).match(
    /-----BEGIN[^]*?-----END CERTIFICATE-----\n/g,
  );
  return Promise.all((blocks ?? []).map((pem, index) => write(`ca-${String(index)}.crt`, pem)));
}
