// Why a tunnel that is up carries nothing, or not everything: each fault on a gateway with a stranger at the
// far end, what a person is told, and that it is gone when mended.

// lab: long

import assert from 'node:assert/strict';
import { type ChildProcess } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { end } from '../execute.ts';
import type { Host } from '../host.ts';
import { LeftAndStranger } from '../topologies/left-and-stranger.ts';
import { type Finding, isWell, tells, why } from '../why.ts';

const TARGET = '10.2.0.2';
const PEER = '203.0.113.1';
const OURS = '198.51.100.1';

/** A fault, what is told of it, and how it is mended. */
interface Fault {
  readonly what: string;
  readonly code: string;
  readonly message: RegExp;
  readonly evidence?: RegExp;
  readonly hint: RegExp;
  /** Asked without an address to ping. */
  readonly isAskedWithoutTarget?: boolean;
  /** What runs meanwhile: packets of others. */
  readonly meanwhile?: () => ChildProcess;
  readonly make: () => Promise<unknown>;
  readonly mend: () => Promise<unknown>;
}

describe('why', () => {
  let site: LeftAndStranger;
  let gwa: Host;
  let gwb: Host;
  let internet: Host;
  /** The tunnel's interface, and its id in hexadecimal. */
  let device: string;
  let ifId: string;

  before(async () => {
    site = await LeftAndStranger.create();
    [gwa, gwb, internet] = [site.lab.host('gwa'), site.lab.host('gwb'), site.lab.host('internet')];
    device = (await site.left.tunnel('right')).interface ?? '';
    const shown = await gwa.mustExec('ip', ['-details', 'link', 'show', 'dev', device]);
    ifId = /if_id (0x[0-9a-f]+)/.exec(shown)?.[1] ?? '';
  });
  after(async () => {
    await site.lab.close();
  });

  const sysctl = (host: Host, setting: string): Promise<string> =>
    host.mustExec('sysctl', ['-q', '-w', setting]);
  const firewall = (host: Host, chain: string): Promise<string> =>
    host.mustExec('nft', ['-f', '-'], {
      input: `table inet theirs {\nchain one {\n${chain}\n}\n}\n`,
    });
  const noFirewall = (host: Host): Promise<string> =>
    host.mustExec('nft', ['delete', 'table', 'inet', 'theirs']);
  const ping = (host: Host, ...args: readonly string[]): ChildProcess =>
    host.spawn('ping', ['-n', '-q', '-i', '0.1', ...args]);
  /** The peer ends the tunnel, and we bring up another one: SAs and policies are as they should be. */
  const renegotiate = async (): Promise<void> => {
    const { ike } = await site.left.tunnel('right');
    await site.stranger.swanctl(['--terminate', '--ike', 'site', '--force']).catch(() => undefined);
    await site.left.untilTunnel(
      'right',
      'is up anew',
      (tunnel) => tunnel.state === 'up' && tunnel.ike?.uniqueId !== ike?.uniqueId,
    );
  };
  const template = (from: string, to: string, reqid: number): string =>
    `tmpl src ${from} dst ${to} proto esp reqid ${String(reqid)} mode tunnel`;

  /** Gives the peer's outgoing SA another key, and the number of the last packet that it has sent. */
  const rekeyPeer = async (lastNumber: number): Promise<void> => {
    const pair = `src ${PEER} dst ${OURS}`;
    const states = await gwb.mustExec('ip', ['xfrm', 'state', 'list', ...pair.split(' ')]);
    const [, spi = '', reqid = ''] = /spi (0x[0-9a-f]+) reqid (\d+)/.exec(states) ?? [];
    const key = `0x${'ab'.repeat(36)}`;
    await gwb.ip([
      `xfrm state delete ${pair} proto esp spi ${spi}`,
      `xfrm state add ${pair} proto esp spi ${spi} reqid ${reqid} mode tunnel replay-oseq ${String(lastNumber)} aead rfc4106(gcm(aes)) ${key} 128`,
    ]);
  };

  const FAULTS: readonly Fault[] = [
    {
      what: 'a rule that leads packets past the tunnel',
      code: 'path/route-elsewhere',
      message: /packets for 10\.2\.0\.2 go to wan instead of into the tunnel interface sp/,
      evidence: /"ip route get 10\.2\.0\.2" answers: wan, table 100/,
      hint: /remove the rule 100 from all lookup 100, or exempt 10\.2\.0\.2/,
      make: () =>
        gwa.ip([
          'route add 10.2.0.0/24 via 198.51.100.2 table 100',
          'rule add priority 100 lookup 100',
        ]),
      mend: () => gwa.ip(['rule delete priority 100', 'route flush table 100']),
    },
    {
      what: 'a rule that refuses packets before they come to the tunnel',
      code: 'path/route-missing',
      message: /there is no way to 10\.2\.0\.2 into the tunnel: No route to host/,
      hint: /the rule 100 from all lookup 100 comes before/,
      make: () =>
        gwa.ip(['route add unreachable 10.2.0.0/24 table 100', 'rule add priority 100 lookup 100']),
      mend: () => gwa.ip(['rule delete priority 100', 'route flush table 100']),
    },
    {
      what: 'strict reverse path filtering where answers leave by another interface',
      code: 'path/reverse-path-filter',
      message: /on lan drops packets from 10\.1\.0\.2, since the way back/,
      evidence: /IPReversePathFilter grew by \d+ while we looked/,
      hint: /set net\.ipv4\.conf\.lan\.rp_filter/,
      meanwhile: () => ping(site.lab.host('hosta'), TARGET),
      make: async () => {
        // Else it would not even hear who has the gateway's address.
        await site.lab.host('hosta').ping(TARGET, { count: 1 });
        await gwa.ip(['route add 10.1.0.2/32 via 198.51.100.2']);
        await sysctl(gwa, 'net.ipv4.conf.lan.rp_filter=1');
      },
      mend: async () => {
        await sysctl(gwa, 'net.ipv4.conf.lan.rp_filter=0');
        await gwa.ip(['route delete 10.1.0.2/32']);
      },
    },
    {
      what: 'forwarding that is off where packets come in',
      code: 'path/forwarding-off',
      message: /does not pass on packets that come in through lan/,
      hint: /set net\.ipv4\.conf\.lan\.forwarding to 1/,
      make: () => sysctl(gwa, 'net.ipv4.conf.lan.forwarding=0'),
      mend: () => sysctl(gwa, 'net.ipv4.conf.lan.forwarding=1'),
    },
    {
      what: 'a firewall that drops what is forwarded',
      code: 'path/firewall-drops',
      message:
        /10\.1\.0\.0\/24 -> 10\.2\.0\.2\/32: table inet theirs, chain one, rule with handle \d+ "no branch"/,
      evidence: /the rule has counted \d+ packets, [1-9]\d* of them while we looked/,
      hint: /nft -a list ruleset/,
      meanwhile: () => ping(site.lab.host('hosta'), TARGET),
      make: () =>
        firewall(
          gwa,
          'type filter hook forward priority 0; policy accept;\nip daddr 10.2.0.0/16 counter drop comment "no branch"',
        ),
      mend: () => noFirewall(gwa),
    },
    {
      what: 'a firewall that drops whatever it does not know',
      code: 'path/firewall-drops',
      message:
        /drops packets 10\.1\.0\.0\/24 -> 10\.2\.0\.2\/32: table inet theirs, chain one, its policy/,
      hint: /let the networks of the tunnel pass/,
      make: () =>
        firewall(
          gwa,
          'type filter hook forward priority 0; policy drop;\nct state established,related accept\niifname "wan" accept',
        ),
      mend: () => noFirewall(gwa),
    },
    {
      what: 'a firewall that drops ESP',
      code: 'path/firewall-drops-outer',
      message:
        /drops incoming ESP between us and 203\.0\.113\.1: table inet theirs, chain one, rule with handle \d+/,
      hint: /ESP \(IP protocol 50\)/,
      make: () =>
        firewall(gwa, 'type filter hook input priority 0; policy accept;\nmeta l4proto esp drop'),
      mend: () => noFirewall(gwa),
    },
    {
      what: 'address translation of everything',
      code: 'path/source-translated',
      message: /changes the source of 10\.1\.0\.0\/24 -> 10\.2\.0\.2\/32/,
      hint: /exempt the networks of the tunnel/,
      make: () =>
        firewall(gwa, 'type nat hook postrouting priority 100; policy accept;\nmasquerade'),
      mend: () => noFirewall(gwa),
    },
    {
      what: 'packets of the gateway from an address that was not agreed',
      code: 'path/outside-selectors',
      message: /packets were sent into sp[0-9a-f]{8} that no SA takes/,
      evidence: /carrier errors of sp[0-9a-f]{8} grew by \d+/,
      hint: /10\.1\.0\.0\/24 <-> 10\.2\.0\.0\/24/,
      isAskedWithoutTarget: true,
      meanwhile: () => ping(gwa, '-I', OURS, TARGET),
      make: () => Promise.resolve(),
      mend: () => Promise.resolve(),
    },
    {
      what: 'a path that carries less than planned, and nobody who says so',
      code: 'path/mtu-black-hole',
      message: /packets of 84 bytes pass and those of \d+ bytes, the MTU of the tunnel, do not/,
      evidence: /ping of 1240 bytes, not to be fragmented: [123] of 3 answered/,
      hint: /set mtu of the Gateway to 1240 or less/,
      make: async () => {
        await firewall(
          internet,
          'type filter hook output priority 0; policy accept;\nicmp type destination-unreachable drop',
        );
        await internet.ip(['link set dev b mtu 1300']);
      },
      mend: async () => {
        await internet.ip(['link set dev b mtu 1500']);
        await noFirewall(internet);
      },
    },
    {
      what: 'a path of which the kernel has learnt that it carries less',
      code: 'path/mtu-smaller',
      message: /the path to 203\.0\.113\.1 carries packets of 1300 bytes: 1246 bytes fit/,
      hint: /set mtu of the Gateway to 1246/,
      make: async () => {
        await internet.ip(['link set dev b mtu 1300']);
        await site.lab.host('hosta').ping(TARGET, { count: 1, size: 1_400, dontFragment: true });
      },
      mend: async () => {
        await internet.ip(['link set dev b mtu 1500']);
        await gwa.ip(['route flush cache']);
        await site.lab.host('hosta').ip(['route flush cache']);
      },
    },
    {
      what: 'ESP that gets lost on the way back',
      code: 'path/nothing-comes-back',
      message: /we send into the tunnel and nothing comes back/,
      evidence: /0 of 3 answered/,
      hint: /whether its counter of incoming packets grows/,
      make: () =>
        firewall(
          internet,
          `type filter hook forward priority 0; policy accept;\nip saddr ${PEER} meta l4proto esp drop`,
        ),
      mend: () => noFirewall(internet),
    },
    {
      what: 'no way to the other side',
      code: 'path/peer-unreachable',
      message: /this host has no way to 203\.0\.113\.1: Network is unreachable/,
      hint: /look at the routes of this host/,
      make: () => gwa.ip(['route delete 0.0.0.0/0 via 198.51.100.2']),
      mend: () => gwa.ip(['route add 0.0.0.0/0 via 198.51.100.2']),
    },
    {
      what: 'a way to the other side that leads into the tunnel',
      code: 'path/peer-through-tunnel',
      message: /the way to 203\.0\.113\.1 itself leads into the tunnel interface sp/,
      hint: /through the outer interface/,
      make: () => gwa.ip([`route add ${PEER}/32 dev ${device}`]),
      mend: () => gwa.ip([`route delete ${PEER}/32 dev ${device}`]),
    },
    {
      what: 'packets of the gateway itself that its firewall drops',
      code: 'path/not-sent',
      message: /packets for 10\.2\.0\.2 do not enter the tunnel/,
      evidence: /while we looked: 0 packets out/,
      hint: /what stops them on this host/,
      make: () =>
        firewall(
          gwa,
          'type filter hook output priority 0; policy accept;\nicmp type echo-request drop',
        ),
      mend: () => noFirewall(gwa),
    },
    {
      what: 'a policy of somebody else that blocks',
      code: 'path/policy-blocks',
      message: /a policy of this host forbids packets outright/,
      evidence: /XfrmOutPolBlock of this host grew by \d+ while we looked/,
      hint: /action block/,
      make: () =>
        gwa.ip([
          `xfrm policy add src 10.1.0.0/25 dst 10.2.0.0/25 dir out action block priority 1 if_id ${ifId}`,
        ]),
      mend: () =>
        gwa.ip([`xfrm policy delete src 10.1.0.0/25 dst 10.2.0.0/25 dir out if_id ${ifId}`]),
    },
    {
      what: 'a policy of somebody else that has no SA',
      code: 'path/no-outbound-state',
      message: /packets wait for an SA that is not there/,
      evidence: /XfrmOutNoStates of this host grew by \d+ while we looked/,
      hint: /policies without an SA/,
      make: () =>
        gwa.ip([
          `xfrm policy add src 10.1.0.0/25 dst 10.2.0.0/25 dir out priority 1 if_id ${ifId} ${template(OURS, PEER, 4_711)}`,
        ]),
      mend: () =>
        gwa.ip([`xfrm policy delete src 10.1.0.0/25 dst 10.2.0.0/25 dir out if_id ${ifId}`]),
    },
    {
      what: 'a policy of somebody else that asks for another SA',
      code: 'path/template-mismatch',
      message: /packets were decrypted and then refused/,
      evidence: /XfrmInTmplMismatch of this host grew by \d+ while we looked/,
      hint: /ip xfrm policy/,
      make: () =>
        gwa.ip([
          `xfrm policy add src 10.2.0.0/25 dst 10.1.0.0/25 dir in priority 1 if_id ${ifId} ${template(PEER, OURS, 4_711)}`,
        ]),
      mend: () =>
        gwa.ip([`xfrm policy delete src 10.2.0.0/25 dst 10.1.0.0/25 dir in if_id ${ifId}`]),
    },
    {
      what: 'a peer that uses an SA which is gone here',
      code: 'path/unknown-spi',
      message: /ESP arrives under an SPI that this host does not have/,
      evidence: /XfrmInNoStates of this host grew by \d+ while we looked/,
      hint: /have the other side delete its SA/,
      make: () =>
        gwb.ip([
          `xfrm state add src ${PEER} dst ${OURS} proto esp spi 0xdeadbeef reqid 4711 mode tunnel aead rfc4106(gcm(aes)) 0x${'ab'.repeat(20)} 128`,
          `xfrm policy add src 10.2.0.0/25 dst 10.1.0.0/25 dir out priority 1 ${template(PEER, OURS, 4_711)}`,
        ]),
      mend: () =>
        gwb.ip([
          'xfrm policy delete src 10.2.0.0/25 dst 10.1.0.0/25 dir out',
          `xfrm state delete src ${PEER} dst ${OURS} proto esp spi 0xdeadbeef`,
        ]),
    },
    {
      what: 'a peer that begins to count anew',
      code: 'path/replayed',
      message: /ESP arrives twice, or too late for the replay window/,
      evidence: /XfrmInStateSeqError of this host grew by \d+ while we looked/,
      hint: /doubles packets or changes their order/,
      make: () => rekeyPeer(0),
      mend: renegotiate,
    },
    {
      what: 'a peer that sends with another key than it has agreed',
      code: 'path/damaged',
      message: /ESP arrives that cannot be authenticated/,
      evidence: /XfrmInStateProtoError of this host grew by \d+ while we looked/,
      hint: /negotiated anew on both sides/,
      make: () => rekeyPeer(1_000_000),
      mend: renegotiate,
    },
    {
      what: 'a target that is not there, while others are',
      code: 'path/target-silent',
      message: /the tunnel carries packets both ways, and 10\.2\.0\.2 does not answer pings/,
      hint: /try another address/,
      meanwhile: () => ping(gwa, '-I', '10.1.0.1', '10.2.0.1'),
      make: () =>
        firewall(
          site.lab.host('hostb'),
          'type filter hook input priority 0; policy accept;\nicmp type echo-request drop',
        ),
      mend: () => noFirewall(site.lab.host('hostb')),
    },
  ];

  /** Asks while the fault is there, and while packets of others go. */
  const askDuring = async (fault: Fault): Promise<Finding> => {
    await fault.make();
    const packets = fault.meanwhile?.();
    try {
      const target = fault.isAskedWithoutTarget === true ? undefined : TARGET;
      return await tells(fault.code, site.left, 'right', target);
    } finally {
      if (packets !== undefined) await end(packets, 'SIGINT');
      await fault.mend();
    }
  };

  test('says of a tunnel that is well what shows it', async () => {
    const { proofs, unseen } = await isWell(site.left, 'right', TARGET);
    const text = proofs.join('\n');
    assert.match(text, /up since/);
    assert.match(text, /203\.0\.113\.1 is reached through wan via 198\.51\.100\.2/);
    assert.match(text, /packets for 10\.2\.0\.2 go to sp[0-9a-f]{8}/);
    assert.match(text, /the MTU of the tunnel, passes in one piece/);
    assert.match(text, /no firewall of this host stops packets of the tunnel/);
    assert.match(text, /has carried .* out and .* in/);
    assert.deepEqual(unseen, []);
    const { stdout, status } = await site.left.run(['why', 'right']);
    assert.equal(status, 0);
    assert.match(stdout, /default\/right main is up for .*: nothing is wrong with it/);
  });

  for (const fault of FAULTS) {
    test(`names ${fault.what}, until it is mended`, async () => {
      const { message, hint, evidence } = await askDuring(fault);
      assert.match(message, fault.message);
      assert.match(hint, fault.hint);
      if (fault.evidence !== undefined) assert.match(evidence.join('\n'), fault.evidence);
      await isWell(site.left, 'right', TARGET);
    });
  }

  test('names what comes from addresses that were not agreed, until it is mended', async () => {
    const hostb = site.lab.host('hostb');
    const shown = await gwb.mustExec('ip', ['xfrm', 'state', 'list', 'src', PEER, 'dst', OURS]);
    const reqid = Number(/reqid (\d+)/.exec(shown)?.[1]);
    await gwb.ip([
      `xfrm policy add src 10.9.0.0/24 dst 10.1.0.0/24 dir out ${template(PEER, OURS, reqid)}`,
      'route add 10.9.0.0/24 dev lan',
    ]);
    await hostb.ip(['address add 10.9.0.2/24 dev eth0']);
    const packets = ping(hostb, '-I', '10.9.0.2', '10.1.0.2');
    const { evidence } = await tells('path/no-inbound-policy', site.left, 'right');
    assert.match(evidence.join('\n'), /XfrmInNoPols of this host grew by \d+ while we looked/);
    await end(packets, 'SIGINT');
    await hostb.ip(['address delete 10.9.0.2/24 dev eth0']);
    await gwb.ip([
      'route delete 10.9.0.0/24 dev lan',
      'xfrm policy delete src 10.9.0.0/24 dst 10.1.0.0/24 dir out',
    ]);
    await isWell(site.left, 'right', TARGET);
  });

  test('names hosts behind us that send no answers, until they do', async () => {
    const hosta = site.lab.host('hosta');
    await hosta.ip(['route delete 0.0.0.0/0 via 10.1.0.1']);
    await renegotiate();
    assert.equal((await site.lab.host('hostb').ping('10.1.0.2', { count: 5 })).received, 0);
    const { hint } = await tells('path/nothing-goes-out', site.left, 'right');
    assert.match(hint, /hosts in 10\.1\.0\.0\/24 send their answers to this gateway/);
    await hosta.ip(['route add 0.0.0.0/0 via 10.1.0.1']);
    assert.equal((await hosta.ping(TARGET)).received, 3);
    await isWell(site.left, 'right', TARGET);
  });

  test('tells what it can of a target that is not behind the tunnel', async () => {
    const { status, unseen } = await why(site.left, 'right', '192.0.2.7');
    assert.equal(status, 0);
    assert.match(unseen.join('\n'), /192\.0\.2\.7 is in none of the networks/);
  });

  test('tells from the last report what it can where no agent runs', async () => {
    await site.left.endAgent('SIGKILL');
    const { status, stdout, stderr } = await site.left.run(['why', 'right']);
    assert.equal(status, 1);
    assert.match(stderr, /no agent runs on this host: nothing was looked at/);
    assert.match(stdout, /default\/right main is up for/);
    await site.left.startAgent();
    await isWell(site.left, 'right', TARGET);
  });
});
