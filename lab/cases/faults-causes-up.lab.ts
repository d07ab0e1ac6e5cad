// What is wrong with a tunnel that is up: it is told before the tunnel goes down, and until it is mended.
// And what is told of a caller with whom no tunnel comes up.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { Sallyport } from '../sallyport.ts';
import { type CustomerSite, customerSite } from '../sites/customer.ts';
import { Stranger } from '../stranger.ts';
import { untilMended, untilTold } from '../told.ts';
import { createTwoSites, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';

const TUNNEL = '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}';

describe('what is told of a stranger', () => {
  let lab: Lab<TwoSitesHost>;
  let stranger: Stranger;
  let left: Sallyport;

  before(async () => {
    lab = await createTwoSites();
    const configFile = await lab.host('gwb').write('site.conf', customerSite());
    // A second network there; charon takes routes from where it has an address.
    await lab.host('gwb').ip(['address add 10.3.0.1/24 dev lan']);
    stranger = new Stranger(lab.host('gwb'), { configFile, dataPlane: 'kernel' });
    await stranger.start();
    left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
  });
  after(async () => {
    await lab.close();
  });

  const apply = async (networks: string, start = 'initiate'): Promise<void> => {
    const more = `  liveness: {delaySeconds: 2}\n  start: ${start}\n`;
    const text = connection({ name: 'right', networks, tunnel: TUNNEL, more });
    const file = await left.declare('site', LEFT_SITE + text, { key: KEY });
    // Not until it is up, which it may never be.
    await left.run(['apply', '-f', file, '--timeout', '1']);
  };
  /** As its administrator does who changes something, and wants it to be in effect. */
  const change = async (site: CustomerSite = {}): Promise<void> => {
    await lab.host('gwb').write('site.conf', customerSite(site));
    await stranger.reload();
    await stranger.trySwanctl(['--terminate', '--ike', 'customer']);
  };
  const call = async (): Promise<void> => {
    await stranger.trySwanctl(['--initiate', '--child', 'networks', '--timeout', '5']);
  };

  test('that leaves out a network: which one, and the tunnel is partly up', async () => {
    await apply('10.2.0.0/24, 10.3.0.0/24');
    const { state, children } = await untilTold(left, {
      code: 'child/selectors-narrowed',
      message:
        /left out 10\.3\.0\.0\/24 on its side: it accepts 10\.1\.0\.0\/24 <-> 10\.2\.0\.0\/24 only/,
      hint: /have the other side add what it leaves out/,
    });
    assert.equal(state, 'partial');
    assert.equal(children.length, 1);
    assert.equal((await lab.host('hosta').ping('10.2.0.2')).received, 3);
    await change({ networks: '10.2.0.0/24,10.3.0.0/24' });
    await untilMended(left);
  });

  test('that refuses to rekey: while the tunnel is up, until a rekey succeeds', async () => {
    await apply('10.2.0.0/24');
    await change({ esp: 'aes256gcm16-ecp521' });
    await untilMended(left);
    await left.swanctl(['--rekey', '--child', 'v4']);
    const { state } = await untilTold(left, {
      code: 'child/rekey-refused',
      message: /works and cannot be rekeyed: no proposal in common, we offer aes256gcm16-ecp384/,
      hint: /compare the PFS group .*packets are lost when its lifetime ends/,
    });
    assert.equal(state, 'up');
    await stranger.swanctl(['--rekey', '--child', 'networks']);
    await untilTold(left, {
      code: 'child/rekey-refused',
      message:
        /203\.0\.113\.1 offers ESP:AES_GCM_16_256\/ECP_521\S*, we accept ESP:AES_GCM_16_256\/ECP_384/,
      hint: /compare the PFS group/,
    });
    await change();
    const { cause } = await left.untilTunnel(
      'right',
      'is up again',
      (tunnel) => tunnel.state === 'up' && tunnel.children.some(({ uniqueId }) => uniqueId !== ''),
    );
    assert.equal(cause?.code, 'child/rekey-refused');
    await left.swanctl(['--rekey', '--child', 'v4']);
    await untilMended(left);
  });

  test('that lets another gateway take our place: it closes the tunnel again and again', async () => {
    await change({ from: '%any', more: 'unique = replace' });
    await untilMended(left);
    const internet = lab.host('internet');
    const configFile = await internet.write(
      'site.conf',
      customerSite({ id: 'left.example', ours: 'right.example', networks: '10.1.0.0/24' })
        .replace('local_addrs = 203.0.113.1', 'local_addrs = 203.0.113.2')
        .replace('remote_addrs = 198.51.100.1', 'remote_addrs = 203.0.113.1')
        // It does not claim to be the first (RFC 7296 §2.4), so that the one it replaces is told.
        .replace('proposals', 'unique = never\n    proposals')
        .replace(
          'remote_ts = 10.1.0.0/24',
          'remote_ts = 10.2.0.0/24\n        close_action = start',
        ),
    );
    await internet.ip(['address add 10.1.0.9/32 dev lo']);
    const double = new Stranger(internet, { configFile, dataPlane: 'kernel' });
    await double.start();
    await double.swanctl(['--initiate', '--child', 'networks']);
    await untilTold(left, {
      code: 'ike/flapping',
      message: /203\.0\.113\.1 closed the tunnel or fell silent \d+ times within ten minutes/,
      hint: /another gateway that connects to 203\.0\.113\.1 with our identity left\.example/,
    });
    await double.stop();
    await untilMended(left);
  });

  test('that calls with other proposals: both lists', async () => {
    await apply('10.2.0.0/24', 'respond');
    await change({ ike: 'aes128-sha256-modp2048' });
    await call();
    await untilTold(left, {
      code: 'ike/no-common-proposal',
      message:
        /203\.0\.113\.1 offers IKE:AES_CBC_128\/HMAC_SHA2_256_128\/PRF_HMAC_SHA2_256\/MODP_2048, we accept IKE:AES_GCM_16_256\/PRF_HMAC_SHA2_384\/ECP_384/,
      hint: /compare encryption, PRF or integrity/,
    });
    await change({ esp: 'aes128-sha256' });
    await call();
    await untilTold(left, {
      code: 'child/no-common-proposal',
      message:
        /203\.0\.113\.1 offers ESP:AES_CBC_128\/HMAC_SHA2_256_128\/\S+, we accept ESP:AES_GCM_16_256\/ECP_384/,
      hint: /compare encryption, integrity and the PFS group of phase 2/,
    });
  });

  test('that calls for other networks', async () => {
    await change({ networks: '10.9.0.0/24' });
    await call();
    await untilTold(left, {
      code: 'child/selectors-refused',
      message:
        /proposes the networks \(ours <-> its\) 10\.1\.0\.0\/24 <-> 10\.9\.0\.0\/24, we have 10\.1\.0\.0\/24 <-> 10\.2\.0\.0\/24/,
      hint: /compare the networks on both sides, mirrored/,
    });
  });

  test('that speaks IKEv1', async () => {
    await change({ version: 1 });
    await call();
    await untilTold(left, {
      code: 'ike/version-1',
      message: /203\.0\.113\.1 speaks IKEv1, which is never accepted here/,
      hint: /set its connection for 198\.51\.100\.1 to IKEv2/,
    });
  });

  // Last, since what we have seen ourselves says more than the rest for a minute.
  test('that calls with another key, which only the one who answers can see', async () => {
    await change({ key: 'what the other side wrote down' });
    await call();
    await untilTold(left, {
      code: 'ike/wrong-psk',
      message: /the pre-shared key of right\.example differs from ours/,
      hint: /look for a trailing blank or line break/,
    });
    await change();
    await call();
    await untilMended(left);
  });
});
