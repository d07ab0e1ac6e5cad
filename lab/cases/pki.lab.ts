// Certificates of Sallyport's own authorities between Sallyport and a stranger: up with each kind of key, exchanged
// for new ones without a lost packet, refused when revoked.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { atLength } from '../length.ts';
import { assertNoneLost } from '../none-lost.ts';
import { PacketFlow } from '../packet-flow.ts';
import { serveFile, urlAt } from '../serve-file.ts';
import { untilTold } from '../told.ts';
import { CertifiedSites } from '../topologies/certified-sites.ts';

const KEY_TYPES = ['ed25519', 'rsa-pss-3072', 'ecdsa-p384'].slice(
  0,
  atLength({ whole: 3, short: 1 }),
);
/** Half of them in each direction. They are most of what a guest has to do. */
const PACKETS_PER_SECOND = atLength({ whole: 1_000, short: 400 });
const LIST_URL = urlAt('198.51.100.1');

describe('a tunnel with certificates of our own authority', () => {
  for (const keyType of KEY_TYPES) {
    test(`comes up, and its certificate is renewed without loss: ${keyType}`, async (context) => {
      await using sites = await CertifiedSites.create({ keyType });
      const { lab, left, stranger, file, directory, signing } = sites;
      await left.mustRun(['apply', '-f', file]);
      await left.untilUp('right');
      const before = (await left.tunnel('right')).ike?.uniqueId;
      const [hosta, hostb] = [lab.host('hosta'), lab.host('hostb')];
      const flows = await Promise.all([
        PacketFlow.start(hosta, hostb, '10.2.0.2', PACKETS_PER_SECOND / 2),
        PacketFlow.start(hostb, hosta, '10.1.0.2', PACKETS_PER_SECOND / 2),
      ]);
      await sites.pki('renew', 'left', ...signing, '--in', directory);
      await left.mustRun(['apply', '-f', file]);
      const [out, back] = await Promise.all(flows.map((flow) => flow.stop()));
      assert.ok(out && back);
      context.diagnostic(
        `lost ${String(out.lost)} of ${String(out.sent)} there, ${String(back.lost)} of ${String(back.sent)} back`,
      );
      assertNoneLost(out, back);
      assert.notEqual((await left.tunnel('right')).ike?.uniqueId, before);
      // The other side was shown the new one.
      const serial = (await sites.serials()).at(-1) ?? 'none';
      const listed = await stranger.swanctl(['--list-certs', '--type', 'x509']);
      assert.ok(listed.replaceAll(':', '').includes(serial), `${serial}\n${listed}`);
      // And so the daemon holds it, beside the one that it was shown.
      const { local, remote } = (await left.tunnel('right')).certificates ?? {};
      assert.deepEqual([local?.serial, remote?.subject], [serial, 'CN=right']);
      const events = await left.mustRun(['events']);
      assert.match(events, new RegExp(`CertificateChanged .*-> ${serial}`, 'u'));
    });
  }

  test('comes up with what was packed and imported', async () => {
    await using sites = await CertifiedSites.create({ keyType: 'ecdsa-p384' });
    const { left, file, directory, signing } = sites;
    const [passphrase = '', out] = [signing.at(-1), `${directory}/imported`];
    const packed = ['--in', directory, '--out', out, '--export-passphrase-file', passphrase];
    await sites.pki('pack', 'left', ...packed);
    const from = ['--from', `${out}/left.p12`, '--passphrase-file', passphrase, '--shred'];
    const declared = await sites.pki('import', 'left', ...from, '--out', out);
    assert.match(declared, /^kind: Secret$/m);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll('pki/left', 'pki/imported/left'));
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('right');
  });

  test('is refused where the list of the authority has revoked it', async () => {
    await using sites = await CertifiedSites.create({ keyType: 'ecdsa-p384', crlUrl: LIST_URL });
    const { left, file, signing } = sites;
    const serial = (await sites.serials()).at(-1) ?? 'none';
    const list = /revoked: put (\S+) where/.exec(
      await sites.pki('revoke', serial, ...signing),
    )?.[1];
    serveFile(left.host, String(list));
    await left.mustRun(['apply', '-f', file]);
    await untilTold(left, {
      code: 'ike/certificate-revoked',
      message: /the certificate of CN=right was revoked on/,
      hint: /./,
    });
  });

  test('comes up where the list cannot be fetched', async () => {
    await using sites = await CertifiedSites.create({ keyType: 'ed25519', crlUrl: LIST_URL });
    const { left, file } = sites;
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('right');
  });
});
