// The data planes of the kernel, each pinned: traffic encrypted, the MTU exact, and a connection that is
// removed takes nothing of the others with it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Packet, segmentLimitOf } from '../capture.ts';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import type { Host } from '../host.ts';
import { leftovers } from '../leftovers.ts';
import { probe } from '../path-mtu.ts';
import { startPingStream } from '../ping-stream.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, INNER_PREFIXES, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';
import { transfer } from '../transfer.ts';
import { until } from '../until.ts';
import { isWell, tells } from '../why.ts';

const UNDERLAY_MTU = 1_500;

/** IPv4 and TCP headers without options. */
const TCP_HEADERS = 40;

const TRANSFER_BYTES = 1_000_000;

const LOWER = { name: 'lower', network: '10.2.0.0/25', address: '10.2.0.2' } as const;
const UPPER = { name: 'upper', network: '10.2.0.128/25', address: '10.2.0.130' } as const;
const BOTH = [LOWER, UPPER] as const;

type Half = (typeof BOTH)[number];

function strangersConfiguration(): string {
  const connections = BOTH.map(
    ({ name, network }) => `
  ${name} {
    version = 2
    local_addrs = 203.0.113.1
    remote_addrs = 198.51.100.1
    proposals = aes256gcm16-prfsha384-ecp384
    local {
      auth = psk
      id = ${name}.right.example
    }
    remote {
      auth = psk
      id = left.example
    }
    children {
      networks {
        local_ts = ${network}
        remote_ts = 10.1.0.0/24
        esp_proposals = aes256gcm16-ecp384
      }
    }
  }`,
  );
  return `connections {${connections.join('')}\n}\nsecrets {\n  ike-all {\n    secret = "${KEY}"\n  }\n}\n`;
}

function declarations(pinned: string, halves: readonly Half[]): string {
  const connections = halves.map(({ name, network }) =>
    connection({
      name,
      networks: network,
      tunnel: `{local: {id: left.example}, remote: {address: 203.0.113.1, id: ${name}.right.example}}`,
    }),
  );
  return (
    LEFT_SITE.replace('  networks: [10.1', `  dataPlane: ${pinned}\n  networks: [10.1`) +
    connections.join('')
  );
}

/** All that the kernel holds for a gateway, in one process. */
async function kernelState(host: Host): Promise<string> {
  const commands = [
    'ip xfrm state',
    'ip xfrm policy',
    'ip -d link',
    'ip rule',
    'ip route show table all',
    'nft list ruleset',
  ];
  return host.mustExec('sh', ['-ec', commands.join('\n')]);
}

// A VTI finds its packets by the outer addresses, so that there is one of them for a pair.
const PLANES = [
  { pinned: 'xfrm-interface', halves: BOTH },
  { pinned: 'policy', halves: BOTH },
  { pinned: 'vti', halves: [UPPER] },
] as const;

for (const { pinned, halves } of PLANES) {
  describe(`the data plane ${pinned}`, () => {
    let lab: Lab<TwoSitesHost>;
    let left: Sallyport;
    let file: string;

    before(async () => {
      lab = await createTwoSites();
      await lab.host('hostb').ip(['address add 10.2.0.130/24 dev eth0']);
      const configFile = await lab.host('gwb').write('site.conf', strangersConfiguration());
      await new Stranger(lab.host('gwb'), { configFile, dataPlane }).start();
      left = new Sallyport(lab.host('gwa'));
      await left.startAgent();
      file = await left.declare('site', declarations(pinned, halves), { key: KEY });
      await left.mustRun(['apply', '-f', file]);
      await left.untilUp(...halves.map(({ name }) => name));
    });
    after(async () => {
      await lab.close();
    });

    test('comes up as pinned, and every packet is encrypted', async () => {
      assert.equal((await left.tunnel('upper')).dataPlane, pinned);
      const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
      for (const { address } of halves) {
        assert.equal((await lab.host('hosta').ping(address)).received, 3, address);
      }
      const { esp, espInUdp, clear } = await sniffer.stop();
      assert.deepEqual([esp, espInUdp, clear], [6 * halves.length, 0, []]);
    });

    test('passes a packet of its MTU whole, and answers a larger one with ICMP', async () => {
      const hosta = lab.host('hosta');
      const { mtuBytes } = await left.tunnel('upper');
      const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
      assert.deepEqual(await probe(hosta, UPPER.address, mtuBytes), { kind: 'passed' });
      const refused = await probe(hosta, UPPER.address, UNDERLAY_MTU);
      assert.ok(refused.kind === 'too-big', refused.kind);
      assert.equal(refused.from, '10.1.0.1');
      // Without an interface it is the kernel that says what fits, and no UDP header is kept free.
      if (pinned === 'policy') assert.ok(refused.mtuBytes >= mtuBytes);
      else assert.equal(refused.mtuBytes, mtuBytes);
      const limit = refused.mtuBytes;
      assert.deepEqual(await probe(hosta, UPPER.address, limit), { kind: 'passed' });
      assert.deepEqual(await probe(hosta, UPPER.address, limit + 1), refused);
      assertWhole(await sniffer.packets());
      assert.deepEqual((await sniffer.stop()).clear, []);
    });

    test('carries TCP in full segments, whose size it tells both ends', async () => {
      const { mtuBytes } = await left.tunnel('upper');
      const hostb = lab.host('hostb');
      const outside = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
      const inside = await hostb.sniff('eth0', { innerPrefixes: [] });
      const near = await lab.host('hosta').sniff('eth0', { innerPrefixes: [] });
      assert.ok(await transfer(lab.host('hosta'), hostb, UPPER.address, TRANSFER_BYTES));
      const limitsAt = async (sniffer: typeof inside, source: string): Promise<Set<number>> => {
        const packets = (await sniffer.packets()).filter((packet) => packet.source === source);
        return new Set(packets.map(segmentLimitOf).filter((limit) => limit !== undefined));
      };
      const clamped = new Set([mtuBytes - TCP_HEADERS]);
      assert.deepEqual(await limitsAt(inside, '10.1.0.2'), clamped);
      assert.deepEqual(await limitsAt(near, UPPER.address), clamped);
      const packets = await outside.packets();
      assertWhole(packets);
      // ESP without UDP around a packet of the MTU.
      assert.equal(Math.max(...packets.map(({ bytes }) => bytes)), mtuBytes + UNDERLAY_MTU - 1_446);
      assert.deepEqual((await outside.stop()).clear, []);
    });

    test('is explained, well and with a fault', async () => {
      for (const { name, address } of halves) {
        const { proofs } = await isWell(left, name, address);
        assert.match(proofs.join('\n'), /no firewall of this host stops packets of the tunnel/);
      }
      const { interface: device = 'wan' } = await left.tunnel('upper');
      await lab.host('gwa').masquerade(device);
      await tells('path/source-translated', left, 'upper', UPPER.address);
      await lab.host('gwa').mustExec('nft', ['-f', '-'], {
        input: 'delete table ip lab_nat\ndelete table ip6 lab_nat\n',
      });
      await isWell(left, 'upper', UPPER.address);
    });

    if (halves.length === 2) {
      test('gives up one of two connections without harm to the other', async () => {
        const gwa = lab.host('gwa');
        const { interface: device = LOWER.network } = await left.tunnel('lower');
        const marks = [LOWER.network, 'default.lower', device];
        const seenIn = (text: string): string[] => marks.filter((mark) => text.includes(mark));
        const everything = async (): Promise<string> =>
          (await kernelState(gwa)) + (await left.swanctl(['--list-conns']));
        assert.deepEqual(seenIn(await everything()), marks);

        const stream = await startPingStream(lab.host('hosta'), UPPER.address, 0.02);
        await left.mustRun(['delete', 'connection', 'lower']);
        await until(
          'nothing of it is left in kernel and daemon',
          async () => seenIn(await everything()).length === 0,
          20_000,
        );
        const { received, lost } = await stream.stop();
        assert.deepEqual(lost, []);
        assert.ok(received > 10);
        const state = await kernelState(gwa);
        assert.equal(state.match(/^src \S+ dst \S+\n\tproto esp/gm)?.length, 2);
        const sas = await left.swanctl(['--list-sas', '--raw']);
        assert.equal(sas.match(/^list-sa event/gm)?.length, 1);
        const { tunnels } = await left.report();
        assert.deepEqual(
          tunnels.map((tunnel) => tunnel.connection),
          ['upper'],
        );
      });
    }

    test('leaves nothing behind', async () => {
      await left.mustRun(['delete', '-f', file]);
      await left.endAgent('SIGTERM');
      await left.mustRun(['agent', '--teardown']);
      assert.deepEqual(await leftovers(lab.host('gwa')), []);
      assert.equal(await lab.host('gwa').mustExec('ip', ['xfrm', 'state']), '');
    });
  });
}

/** No packet was larger than the wire or came in pieces. */
function assertWhole(packets: readonly Packet[]): void {
  assert.ok(packets.length > 0);
  const odd = packets.filter(({ bytes, isFragment }) => isFragment || bytes > UNDERLAY_MTU);
  assert.deepEqual(odd, []);
}
