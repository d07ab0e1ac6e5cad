// Why a tunnel with BGP carries nothing: what a person is told where the session is down or tells nothing.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import type { Sallyport } from '../sallyport.ts';
import { REMOTE_AS } from '../sites/remote-site.ts';
import { type ClusterLab, createCluster, leakedPackets, SERVER } from '../topologies/cluster.ts';
import { type RemoteSite, startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';
import { type Finding, isWell, why } from '../why.ts';

describe('why, of a tunnel with BGP', () => {
  let lab: ClusterLab;
  let remote: RemoteSite;
  let gateway: Sallyport;
  let other: Sallyport;
  let untouched: Untouched;

  before(async () => {
    lab = await createCluster();
    untouched = await Untouched.in(lab);
    remote = await startRemoteSite(lab, dataPlane);
    [gateway, other] = await startSallyportCluster(lab, remote);
  });
  after(async () => {
    await lab.close();
  });

  /** The first finding, once it is this one. */
  const untilTold = async (code: string): Promise<Finding> => {
    let told: Finding | undefined;
    await until(
      code,
      async () => {
        [told] = (await why(gateway, 'site')).findings;
        return told?.code === code;
      },
      60_000,
    );
    assert.ok(told !== undefined);
    return told;
  };

  test('finds nothing wrong where prefixes are told and packets pass', async () => {
    const { proofs } = await isWell(gateway, 'site', SERVER.ipv4);
    assert.match(proofs.join('\n'), /BGP with 169\.254\.10\.1 is established/);
    assert.match(proofs.join('\n'), /packets for 10\.50\.1\.2 go to (?:sp[0-9a-f]{8}|ipsec0)$/m);
  });

  test('tells of a session in which only our own prefix comes back', async () => {
    await configure(['address-family ipv4 unicast', 'no network 10.50.0.0/16']);
    await configure(['address-family ipv6 unicast', 'no network fd50::/48']);
    const { message, hint } = await untilTold('path/bgp-refused');
    assert.match(message, /none of the 1 prefixes/);
    assert.match(hint, /our own networks are never taken/);
  });

  test('tells of a session that is down', async () => {
    const [peer] = remote.peers;
    await peer.routing.kill('bgpd');
    const { message, evidence } = await untilTold('path/bgp-down');
    assert.match(message, new RegExp(`BGP with .* \\(AS ${String(REMOTE_AS)}\\) inside it is not`));
    assert.match(evidence.join('\n'), /it ended \d+ s ago/);
  });

  test('leaves nothing behind, and lets nothing out in clear', async () => {
    await untouched.restore([gateway, other]);
    assert.equal(await leakedPackets(lab), 0);
  });

  /** Lines below `router bgp` of the first peer. */
  async function configure(lines: readonly string[]): Promise<void> {
    await remote.peers[0].routing.configure(`router bgp ${String(REMOTE_AS)}`, ...lines);
  }
});
