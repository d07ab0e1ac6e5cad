// Why a tunnel does not come up: each fault with a hand-configured peer that really has it, and what a
// person is told. Mended there, the tunnel comes up by itself.

// lab: any kernel
// lab: long

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { Sallyport } from '../sallyport.ts';
import { type CustomerSite, customerSite } from '../sites/customer.ts';
import { Stranger } from '../stranger.ts';
import { untilMended, untilTold } from '../told.ts';
import { createTwoSites, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';
import { until } from '../until.ts';

const TUNNEL = '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}';

const FAULTS: readonly {
  readonly what: string;
  readonly site: CustomerSite;
  readonly code: string;
  readonly message: RegExp;
  readonly hint: RegExp;
}[] = [
  {
    what: 'another pre-shared key',
    site: { key: 'what the other side wrote down' },
    code: 'ike/authentication-refused',
    message: /203\.0\.113\.1 refused to authenticate us as left\.example/,
    hint: /the pre-shared key or certificate.*our identity left\.example/,
  },
  {
    what: 'other IKE proposals',
    site: { ike: 'aes128-sha256-modp2048' },
    code: 'ike/no-common-proposal',
    message: /we offer aes256gcm16-prfsha384-ecp384/,
    hint: /compare encryption, PRF or integrity, and the key exchange group of phase 1/,
  },
  {
    what: 'another address of ours',
    site: { from: '198.51.100.77' },
    code: 'ike/no-common-proposal',
    message: /we offer aes256gcm16-prfsha384-ecp384/,
    hint: /a gateway that has no connection for 198\.51\.100\.1, .* answers in the same way/,
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
  describe('with a stranger whose configuration changes', () => {
    let lab: Lab<TwoSitesHost>;
    let stranger: Stranger;
    let left: Sallyport;

    before(async () => {
      lab = await createTwoSites();
      const configFile = await lab.host('gwb').write('site.conf', customerSite());
      stranger = new Stranger(lab.host('gwb'), { configFile, dataPlane });
      left = new Sallyport(lab.host('gwa'));
      await left.startAgent();
      const text = connection({
        ...{ name: 'right', networks: '10.2.0.0/24', tunnel: TUNNEL },
        more: '  liveness: {delaySeconds: 2}\n',
      });
      const file = await left.declare('site', LEFT_SITE + text, { key: KEY });
      await left.mustRun(['apply', '-f', file]);
    });
    after(async () => {
      await lab.close();
    });

    /** With the exit code that scripts look at. */
    const toldOf = async (code: string, message: RegExp, hint: RegExp): Promise<void> => {
      await untilTold(left, { code, message, hint });
      const { status, stdout } = await left.run(['status', 'right']);
      assert.equal(status, 3);
      assert.match(stdout, /default\/right main: (DOWN|connecting) since/);
    };
    const mended = async (): Promise<void> => {
      await untilMended(left);
      // The other side may begin to send before our daemon has installed its end of a tunnel that was down.
      await until(
        'packets pass',
        async () => (await lab.host('hosta').ping('10.2.0.2')).received === 3,
        20_000,
      );
    };

    test('is that nobody answers, until somebody does', async () => {
      await toldOf(
        'ike/no-answer',
        /203\.0\.113\.1 did not answer: \d packets left this host for its UDP port 500/,
        /UDP 500 and 4500.*198\.51\.100\.1 and 203\.0\.113\.1/,
      );
      const { stdout } = await left.run(['why', 'right']);
      for (const step of [
        'bringing up Child SA v4',
        'IKE_SA_INIT sent to 203.0.113.1:500',
        'retransmit 3 of request 0',
        'gave up after 3 retransmits',
      ])
        assert.ok(stdout.includes(step), stdout);
      await stranger.start();
      await mended();
    });

    for (const { what, site, code, message, hint } of FAULTS) {
      test(`is named where the stranger changes to ${what}, and gone when that is undone`, async () => {
        await lab.host('gwb').write('site.conf', customerSite(site));
        await stranger.reload();
        await stranger.swanctl(['--terminate', '--ike', 'customer']);
        await toldOf(code, message, hint);
        await lab.host('gwb').write('site.conf', customerSite());
        await stranger.reload();
        await mended();
      });
    }

    test('is that the path is cut, and gone when it is whole', async () => {
      await lab.link('wan-b').cut();
      await toldOf('ike/no-answer', /203\.0\.113\.1 did not answer/, /UDP 500 and 4500/);
      await lab.link('wan-b').restore();
      await mended();
    });
  });

  test('is named where a caller has an identity that nobody expects', async () => {
    await using lab = await createTwoSites();
    const gwb = lab.host('gwb');
    const configFile = await gwb.write('site.conf', customerSite({ id: 'somebody.example' }));
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
    // It calls again and again, as one that means to get through.
    const call = ['--initiate', '--child', 'networks', '--timeout', '9'];
    const cause = await until(
      'tells of the identity',
      async () => {
        assert.notEqual((await stranger.trySwanctl(call)).status, 0);
        const told = (await left.tunnel('right')).cause;
        return told?.code === 'ike/unknown-identity' ? told : undefined;
      },
      60_000,
    );
    assert.match(cause.message, /203\.0\.113\.1 .*introduces itself as somebody\.example/);
    assert.match(cause.hint, /set tunnels\[\]\.remote\.id to somebody\.example/);
  });
});
