// A peer that has room for one tunnel, and two gateways of Sallyport: the tunnel is with whoever holds the address that the
// peer knows. Times are said, not judged.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { KEY } from '../declarations/left-site.ts';
import { ONE_TUNNEL } from '../declarations/one-tunnel.ts';
import { powerOff, type Undo } from '../faults.ts';
import { measureOutages } from '../outage.ts';
import { projectDirectory } from '../paths.ts';
import { Sallyport } from '../sallyport.ts';
import type { Sniffer } from '../sniffer.ts';
import { Stranger } from '../stranger.ts';
import {
  CLIENT,
  createOneTunnel,
  HELD,
  ONE_TUNNEL_PREFIXES,
  type OneTunnelHost,
  SERVER,
} from '../topologies/one-tunnel.ts';
import type { Lab } from '../topology.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';

describe('a peer with one tunnel', () => {
  let lab: Lab<OneTunnelHost>;
  let peer: Stranger;
  let gateways: readonly [Sallyport, Sallyport];
  let untouched: Untouched;
  let sniffer: Sniffer;

  before(async () => {
    lab = await createOneTunnel();
    gateways = [new Sallyport(lab.host('first')), new Sallyport(lab.host('second'))];
    untouched = await Untouched.of(gateways.map(({ host }) => host));
    sniffer = await lab.host('router').sniff('eth0', { innerPrefixes: ONE_TUNNEL_PREFIXES });
    const configFile = join(projectDirectory, 'lab', 'sites', 'one-tunnel-peer.conf');
    peer = new Stranger(lab.host('peer'), { configFile, dataPlane });
    await peer.start();
    for (const gateway of gateways) {
      const file = await gateway.declare('site', ONE_TUNNEL, { key: KEY });
      await gateway.startAgent();
      await gateway.mustRun(['apply', '-f', file, '--host', gateway.host.name]);
    }
  });
  after(async () => {
    await lab.close();
  });

  const holds = async ({ host }: Sallyport): Promise<boolean> => {
    const addresses = await host.mustExec('ip', ['-oneline', 'address', 'show', 'dev', 'eth0']);
    return Object.values(HELD).every((address) => addresses.includes(` ${address}/`));
  };
  /** The holder first. */
  const inOrder = async (): Promise<readonly [Sallyport, Sallyport]> => {
    const [first, second] = gateways;
    return until(
      'one alone holds the addresses',
      async () => {
        const held = [await holds(first), await holds(second)];
        if (held[0] === held[1]) return undefined;
        return held[0] === true ? ([first, second] as const) : ([second, first] as const);
      },
      30_000,
    );
  };
  /** A holder that comes back may have the addresses for a moment, until it finds out that its SAs are dead. */
  const untilOneWaits = (): Promise<Sallyport> =>
    until(
      'one holds the addresses, and the other one waits',
      async () => {
        const [, waiting] = await inOrder();
        return (await waiting.tunnel('site')).state === 'standby' ? waiting : undefined;
      },
      60_000,
    );
  const untilAnswered = (): Promise<unknown> =>
    until(
      'the server answers',
      async () =>
        (await lab.host('client').ping(SERVER, { count: 1, waitSeconds: 1 })).received === 1,
      90_000,
    );
  /** IKE SAs that the peer has. */
  const sasOfPeer = async (): Promise<number> =>
    ((await peer.swanctl(['--list-sas'])).match(/ESTABLISHED/g) ?? []).length;
  /** How often the addresses have come to one of them. */
  const moves = async (): Promise<number> => {
    const events = await Promise.all(gateways.map((gateway) => gateway.mustRun(['events'])));
    return (events.join('').match(/ AddressTaken /g) ?? []).length;
  };
  const flows = (): Parameters<typeof measureOutages>[0] => {
    const [client, server] = [lab.host('client'), lab.host('server')];
    return {
      outbound: { from: client, to: server, address: SERVER, interface: 'eth0' },
      inbound: { from: server, to: client, address: CLIENT, interface: 'eth0' },
    };
  };

  test('is reached by the holder of its address, while the other gateway waits and is well', async () => {
    await untilAnswered();
    const [holder, standby] = await inOrder();
    await holder.untilUp('site');
    assert.equal((await standby.tunnel('site')).state, 'standby');
    const { status, stdout } = await standby.run(['status']);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /waits +10\.9\.0\.[12] holds 10\.9\.0\.254/);
    assert.match(stdout, /this one is ready: its tunnels come up with the addresses/);
    const established = await standby.condition('connection', 'site', 'Established');
    assert.deepEqual([established.status, established.reason], ['Unknown', 'Standby']);
    assert.doesNotMatch(await standby.swanctl(['--list-sas']), /site/);
    assert.equal(await sasOfPeer(), 1);
  });

  test('keeps nobody moving while it is dead, and is reached again when it comes back', async (context) => {
    await (await inOrder())[0].untilUp('site');
    const before = await moves();
    await peer.stop();
    const says = async (gateway: Sallyport, words: RegExp): Promise<boolean> =>
      words.test((await gateway.run(['status'])).stdout);
    await until(
      'both have tried, and one keeps the addresses',
      async () => {
        const [holder, standby] = await inOrder();
        return (
          (await says(holder, /HELD HERE .* as a last resort/)) &&
          (await says(standby, /nothing got through its tunnels when it held the addresses/))
        );
      },
      120_000,
    );
    const tried = (await moves()) - before;
    // To the other one, and back where that one says goodbye as well.
    assert.ok(tried === 1 || tried === 2, `${String(tried)} moves`);
    await peer.start();
    await untilAnswered();
    const all = (await moves()) - before;
    context.diagnostic(`${String(all)} moves`);
    // The other one may have had its next turn, a minute after its first.
    assert.ok(all <= 4, 'the addresses wander');
    assert.equal(await sasOfPeer(), 1);
  });

  test('is reached by the other one when the holder is drained', async (context) => {
    const [holder, standby] = await inOrder();
    const outages = await measureOutages(flows(), () =>
      Promise.resolve(async () => {
        const words = await holder.mustRun(['gateway', 'drain', 'edge']);
        assert.match(words, /and it may be stopped\n$/);
        // Not before the other one carries what it carried.
        assert.equal((await standby.tunnel('site')).state, 'up');
      }),
    );
    context.diagnostic(JSON.stringify(outages));
    assert.ok(await holds(standby));
    assert.equal(await sasOfPeer(), 1);
    await holder.mustRun(['gateway', 'undrain', 'edge']);
    await untilAnswered();
  });

  test('is reached by the other one when the holder loses its power, which finds that out', async (context) => {
    const [holder, standby] = await inOrder();
    let powerOn: Undo = () => Promise.resolve();
    const outages = await measureOutages(flows(), () =>
      Promise.resolve(async () => {
        powerOn = await powerOff(holder.host, ['eth0']);
      }),
    );
    context.diagnostic(JSON.stringify(outages));
    assert.ok(outages.outbound.lost > 0, 'the fault did not meet the traffic');
    assert.deepEqual([outages.outbound.isFlowing, outages.inbound.isFlowing], [true, true]);
    assert.ok(await holds(standby));
    // INITIAL_CONTACT: what it had of the host before is gone.
    assert.equal(await sasOfPeer(), 1);
    await powerOn();
    await untilOneWaits();
    await untilAnswered();
  });

  test('is reached by the other one when the holder is unplugged, which gives up its SAs', async (context) => {
    const [holder, standby] = await inOrder();
    const link = lab.link(holder.host.name);
    const outages = await measureOutages(flows(), () => Promise.resolve(() => link.cut()));
    context.diagnostic(JSON.stringify(outages));
    assert.deepEqual([outages.outbound.isFlowing, outages.inbound.isFlowing], [true, true]);
    assert.ok(await holds(standby));
    await link.restore();
    const waiting = await untilOneWaits();
    assert.doesNotMatch(await waiting.swanctl(['--list-sas']), /site/);
    await untilAnswered();
  });

  test('leaves nothing behind, and lets nothing out in clear', async () => {
    await untouched.restore(gateways);
    assert.deepEqual((await sniffer.stop()).clear, []);
  });
});
