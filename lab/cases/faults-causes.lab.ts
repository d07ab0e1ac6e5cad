// Why a tunnel does not come up: each fault with a hand-configured peer that really has it, and what a
// person is told. Mended there, the tunnel comes up by itself.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAuthority, issueCertificate } from '../certificates.ts';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites } from '../topologies/two-sites.ts';

const TUNNEL = '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}';

interface Site {
  readonly ike?: string;
  readonly esp?: string;
  readonly key?: string;
  readonly id?: string;
  readonly ours?: string;
  readonly networks?: string;
}

/** As the peer's administrator wrote it; without arguments everything fits ours. */
function siteConfiguration(site: Site = {}): string {
  return `
connections {
  customer {
    version = 2
    local_addrs = 203.0.113.1
    remote_addrs = 198.51.100.1
    proposals = ${site.ike ?? 'aes256gcm16-prfsha384-ecp384'}
    local {
      auth = psk
      id = ${site.id ?? 'right.example'}
    }
    remote {
      auth = psk
      id = ${site.ours ?? 'left.example'}
    }
    children {
      networks {
        local_ts = ${site.networks ?? '10.2.0.0/24'}
        remote_ts = 10.1.0.0/24
        esp_proposals = ${site.esp ?? 'aes256gcm16-ecp384'}
      }
    }
  }
}
secrets {
  ike-customer {
    secret = "${site.key ?? KEY}"
  }
}
`;
}

/** Neighbours have different codes: what is left of one fault is not taken for the next one. */
const FAULTS: readonly {
  readonly what: string;
  readonly site: Site;
  readonly code: string;
  readonly message: RegExp;
  readonly hint: RegExp;
}[] = [
  {
    what: 'another pre-shared key',
    site: { key: 'what the other side wrote down' },
    code: 'ike/authentication-refused',
    message: /203\.0\.113\.1 refused to authenticate us as left\.example/,
    hint: /the pre-shared key or certificate, our identity left\.example/,
  },
  {
    what: 'other IKE proposals',
    site: { ike: 'aes128-sha256-modp2048' },
    code: 'ike/no-common-proposal',
    message: /we offer aes256gcm16-prfsha384-ecp384/,
    hint: /compare encryption, PRF or integrity, and the key exchange group of phase 1/,
  },
  {
    what: 'another identity of its own',
    site: { id: 'somebody.example' },
    code: 'ike/authentication-refused',
    message: /refused to authenticate us as left\.example/,
    hint: /and its own identity right\.example/,
  },
  {
    what: 'other ESP proposals',
    site: { esp: 'aes128-sha256-modp2048' },
    code: 'child/no-common-proposal',
    message: /we offer aes256gcm16-ecp384/,
    hint: /phase 2/,
  },
  {
    what: 'another identity of ours expected',
    site: { ours: 'customer.example' },
    code: 'ike/authentication-refused',
    message: /refused to authenticate us as left\.example/,
    hint: /our identity left\.example as it must expect it/,
  },
  {
    what: 'other networks',
    site: { networks: '10.9.0.0/24' },
    code: 'child/selectors-refused',
    message: /10\.1\.0\.0\/24 <-> 10\.2\.0\.0\/24/,
    hint: /compare the networks on both sides/,
  },
];

describe('the cause of a tunnel that does not come up', () => {
  test('is named for each fault of the peer, and gone when the peer is mended', async () => {
    await using lab = await createTwoSites();
    const gwb = lab.host('gwb');
    const configFile = await gwb.write('site.conf', siteConfiguration());
    const stranger = new Stranger(gwb, { configFile, dataPlane });
    const left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const text = connection({ name: 'right', networks: '10.2.0.0/24', tunnel: TUNNEL });
    // A tunnel that is configured anew is tried at once, and not after the wait of its last failure.
    const applyAnew = async (delaySeconds: number): Promise<void> => {
      const more = `  liveness: {delaySeconds: ${delaySeconds}}\n`;
      const file = await left.declare('site', LEFT_SITE + text + more, { key: KEY });
      await left.mustRun(['apply', '-f', file]);
    };
    await applyAnew(10);

    // Nobody listens there yet.
    const silent = await left.untilTunnel(
      'right',
      'tells that nobody answers',
      ({ cause }) => cause?.code === 'ike/no-answer',
    );
    assert.match(silent.cause?.message ?? '', /203\.0\.113\.1 did not answer/);
    assert.match(silent.cause?.hint ?? '', /UDP 500 and 4500.*198\.51\.100\.1 and 203\.0\.113\.1/);

    for (const [index, { what, site, code, message, hint }] of FAULTS.entries()) {
      await gwb.write('site.conf', siteConfiguration(site));
      await stranger.start();
      await applyAnew(11 + index);
      const { cause, state } = await left.untilTunnel(
        'right',
        `tells of ${what}`,
        (tunnel) => tunnel.cause?.code === code && message.test(tunnel.cause.message),
      );
      assert.equal(state, 'down', what);
      assert.match(cause?.hint ?? '', hint);
      const { stdout } = await left.run(['status', 'right']);
      assert.match(stdout, /DOWN since/);
      assert.ok(stdout.includes(`[${code}]`), stdout);
      await stranger.kill();
    }

    await gwb.write('site.conf', siteConfiguration());
    await stranger.start();
    const mended = await left.untilTunnel('right', 'is up', ({ state }) => state === 'up', 120_000);
    assert.equal(mended.cause, undefined);
    assert.equal((await lab.host('hosta').ping('10.2.0.2')).received, 3);
  });

  test('is named where a caller has an identity that nobody expects', async () => {
    await using lab = await createTwoSites();
    const gwb = lab.host('gwb');
    const configFile = await gwb.write('site.conf', siteConfiguration({ id: 'somebody.example' }));
    const stranger = new Stranger(gwb, { configFile, dataPlane });
    const left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const text = connection({
      ...{ name: 'right', networks: '10.2.0.0/24', tunnel: TUNNEL },
      more: '  start: respond\n',
    });
    const file = await left.declare('site', LEFT_SITE + text, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await stranger.start();
    const called = await stranger.trySwanctl([
      '--initiate',
      '--child',
      'networks',
      '--timeout',
      '9',
    ]);
    assert.notEqual(called.status, 0);
    const { cause } = await left.untilTunnel(
      'right',
      'tells of the identity',
      (tunnel) => tunnel.cause?.code === 'ike/unknown-identity',
    );
    assert.match(cause?.message ?? '', /203\.0\.113\.1 .*introduces itself as somebody\.example/);
    assert.match(cause?.hint ?? '', /set tunnels\[\]\.remote\.id to somebody\.example/);
  });

  test('is named where the certificate comes from another authority', async () => {
    await using lab = await createTwoSites();
    const gwa = lab.host('gwa');
    const gwb = lab.host('gwb');
    const authority = (directory: string, name: string): ReturnType<typeof createAuthority> =>
      createAuthority({ directory, name, subject: `/O=Example/CN=${name}` });
    const ours = await authority(gwa.file('authority'), 'ours');
    const theirs = await authority(gwb.file('authority'), 'theirs');
    const expected = await authority(gwa.file('expected'), 'expected');
    await issueCertificate({
      ...{ directory: gwa.directory, name: 'left', subject: '/CN=left.example' },
      ...{ authority: ours, alternativeNames: ['left.example'] },
    });
    const credentials = await issueCertificate({
      ...{ directory: gwb.directory, name: 'right', subject: '/CN=right.example' },
      ...{ authority: theirs, alternativeNames: ['right.example'] },
    });
    const configuration = siteConfiguration()
      .replaceAll('auth = psk', 'auth = pubkey')
      .replace('id = right.example', 'id = right.example\n      certs = right.crt');
    const configFile = await gwb.write('site.conf', configuration);
    const stranger = new Stranger(gwb, {
      ...{ configFile, dataPlane, credentials },
      authorities: [theirs.certificate, ours.certificate],
    });
    await stranger.start();

    const secret = (name: string, spec: string): string =>
      `---\napiVersion: sallyport.dev/v1alpha1\nkind: Secret\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
    const declare = (peerAuthority: string): Promise<string> => {
      const text = connection({ name: 'right', networks: '10.2.0.0/24', tunnel: TUNNEL }).replace(
        'auth: {psk: {secret: key}}',
        'auth: {certificate: {secret: own, peerAuthority: peer}}',
      );
      const secrets =
        secret('own', '{pem: {certificate: left.crt, key: left.key}}') +
        secret('peer', `{authority: {files: ['${peerAuthority}']}}`);
      return left.declare('site', LEFT_SITE + secrets + text, { key: KEY });
    };
    const left = new Sallyport(gwa);
    await left.startAgent();
    await left.mustRun(['apply', '-f', await declare(expected.certificate)]);
    const { cause } = await left.untilTunnel(
      'right',
      'tells of the authority',
      (tunnel) => tunnel.cause?.code === 'ike/certificate-untrusted',
    );
    assert.match(cause?.hint ?? '', /compare the issuer.*auth\.certificate\.peerAuthority/);

    await left.mustRun(['apply', '-f', await declare(theirs.certificate)]);
    await left.untilUp('right');
    assert.equal((await lab.host('hosta').ping('10.2.0.2')).received, 3);
  });
});
