// How far the negotiation got before the other side fell silent: each fault on a real path, told by how far
// it goes, and gone when it is mended.

// lab: long

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { Sallyport } from '../sallyport.ts';
import { customerSite } from '../sites/customer.ts';
import { Stranger } from '../stranger.ts';
import { untilMended, untilTold } from '../told.ts';
import { createTwoSites, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';

function declared(address: string, encapsulation = 'auto', start = 'initiate'): string {
  const text = connection({
    ...{ name: 'right', networks: '10.2.0.0/24' },
    tunnel: `{local: {id: left.example}, remote: {address: ${address}, id: right.example}}`,
    more: `  liveness: {delaySeconds: 2}\n  encapsulation: ${encapsulation}\n  start: ${start}\n`,
  });
  return LEFT_SITE + text;
}

describe('the cause of a tunnel to a peer that is not heard', () => {
  let lab: Lab<TwoSitesHost>;
  let stranger: Stranger;
  let left: Sallyport;

  before(async () => {
    lab = await createTwoSites();
    const configFile = await lab.host('gwb').write('site.conf', customerSite());
    stranger = new Stranger(lab.host('gwb'), { configFile, dataPlane: 'kernel' });
    await stranger.start();
    left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
  });
  after(async () => {
    await lab.close();
  });

  const apply = async (...args: Parameters<typeof declared>): Promise<void> => {
    const file = await left.declare('site', declared(...args), { key: KEY });
    // Not until it is up, which it may never be.
    await left.run(['apply', '-f', file, '--timeout', '1']);
  };
  const filter = async (host: TwoSitesHost, hook: string, rule: string): Promise<void> => {
    const chain = `type filter hook ${hook} priority 0;\n${rule}\n`;
    const input = `table inet lab_drop {\nchain drops {\n${chain}}\n}\n`;
    await lab.host(host).mustExec('nft', ['-f', '-'], { input });
  };
  const unfilter = async (host: TwoSitesHost): Promise<void> => {
    await lab.host(host).mustExec('nft', ['delete', 'table', 'inet', 'lab_drop']);
  };
  /** The present tunnel ends on both sides without a word. */
  const cutOff = async (): Promise<void> => {
    await stranger.kill();
    await stranger.start();
    await left.swanctl(['--terminate', '--ike', 'sp.default.right.main', '--force']);
  };

  test('is that its name does not exist', async () => {
    await apply('nowhere.invalid');
    await untilTold(left, {
      code: 'ike/name-not-resolved',
      message: /the name nowhere\.invalid could not be resolved/,
      hint: /look it up from this host, or write the address/,
    });
    await apply('203.0.113.1');
    await untilMended(left);
  });

  test('is that our own firewall drops what we send', async () => {
    await filter('gwa', 'output', 'udp dport { 500, 4500 } drop');
    await cutOff();
    await untilTold(left, {
      code: 'ike/output-blocked',
      message: /packets to 203\.0\.113\.1 did not leave this host: its own firewall/,
      hint: /let UDP 500 and 4500 from 198\.51\.100\.1 to 203\.0\.113\.1 pass in the output rules/,
    });
    await unfilter('gwa');
    await untilMended(left);
  });

  test('is that there is no route to it', async () => {
    await lab.host('gwa').ip(['route delete 0.0.0.0/0']);
    await cutOff();
    await untilTold(left, {
      code: 'ike/no-route',
      message: /packets to 203\.0\.113\.1 could not be sent: Network is unreachable/,
      hint: /look at the routes of this host to 203\.0\.113\.1/,
    });
    await lab.host('gwa').ip(['route add 0.0.0.0/0 via 198.51.100.2']);
    await untilMended(left);
  });

  test('is that it is silent after IKE_SA_INIT', async () => {
    // The exchange type in the IKE header (RFC 7296 §3.1): 35 is IKE_AUTH.
    await filter('internet', 'forward', 'udp dport 500 @th,208,8 35 drop');
    await cutOff();
    await untilTold(left, {
      code: 'ike/silent-after-init',
      message: /203\.0\.113\.1 took part in IKE_SA_INIT and then fell silent/,
      hint: /drops large or fragmented UDP packets/,
    });
    await unfilter('internet');
    await untilMended(left);
  });

  test('is that UDP 4500 does not pass', async () => {
    await apply('203.0.113.1', 'always');
    await untilMended(left);
    await filter('internet', 'forward', 'udp dport 4500 drop');
    await cutOff();
    await untilTold(left, {
      code: 'ike/nat-t-port-blocked',
      message: /203\.0\.113\.1 answered on UDP port 500, and nothing came back from its port 4500/,
      hint: /let UDP 4500 pass in both directions between 198\.51\.100\.1 and 203\.0\.113\.1/,
    });
    await unfilter('internet');
    await untilMended(left);
  });

  test('is that UDP 4500 does not pass, where only the other side begins', async () => {
    await lab.host('gwb').write('site.conf', customerSite({ more: 'encap = yes' }));
    await apply('203.0.113.1', 'always', 'respond');
    await filter('internet', 'forward', 'udp dport 4500 drop');
    await cutOff();
    // It gives up sooner than we do.
    await stranger.trySwanctl(['--initiate', '--child', 'networks', '--timeout', '5']);
    await untilTold(left, {
      code: 'ike/nat-t-port-blocked',
      message: /nothing came back from its port 4500/,
      hint: /let UDP 4500 pass in both directions between 198\.51\.100\.1 and 203\.0\.113\.1/,
    });
    await unfilter('internet');
    // Afresh: what it began still waits for its next repetition.
    await stranger.kill();
    await stranger.start();
    await stranger.swanctl(['--initiate', '--child', 'networks']);
    await untilMended(left);
    await apply('203.0.113.1');
  });

  test('is that it takes no more new IKE SAs', async () => {
    await stranger.stop();
    const strict = new Stranger(lab.host('gwb'), {
      configFile: lab.host('gwb').file('site.conf'),
      dataPlane: 'kernel',
      settings: `
  cookie_threshold_ip = 1
  init_limit_half_open = 1
  half_open_timeout = 300`,
    });
    // The answer is lost: the other side is left with an IKE SA that is half open.
    await filter('internet', 'forward', 'udp sport { 500, 4500 } ip saddr 203.0.113.1 drop');
    await strict.start();
    const { cause } = await untilTold(left, {
      code: 'ike/no-answer',
      message: /203\.0\.113\.1 did not answer: 4 packets left this host for its UDP port 500/,
      hint: /UDP 500 and 4500 pass every firewall/,
    });
    assert.notEqual(cause, undefined);
    await unfilter('internet');
    await untilTold(left, {
      code: 'ike/peer-busy',
      message: /203\.0\.113\.1 asked for a cookie and then did not answer/,
      hint: /raise its limits of half-open IKE SAs/,
    });
    await strict.stop();
    await stranger.start();
    await untilMended(left);
  });
});
