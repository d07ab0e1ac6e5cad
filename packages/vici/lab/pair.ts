// Two charons with a cable between them, ready for a tunnel between 10.1.0.0/24 and 10.2.0.0/24.

import type { ConnectionInput } from '../src/index.ts';
import { Charon, runProgram } from './charon.ts';

/** Starts both; the second one has the connection and both have the pre-shared key. */
export async function startPair(): Promise<[Charon, Charon]> {
  const [here, there] = await Promise.all([Charon.start(), Charon.start()]);
  await layCable(here, there, ['10.0.0.1/24', '10.0.0.2/24']);
  await here.ip('address', 'add', '10.1.0.1/24', 'dev', 'lo');
  await there.ip('address', 'add', '10.2.0.1/24', 'dev', 'lo');
  await using client = here.client();
  await using peer = there.client();
  const secret = { id: 'psk', type: 'IKE', data: Buffer.from('lab'), owners: [] } as const;
  await Promise.all([client.loadShared(secret), peer.loadShared(secret)]);
  await peer.loadConn('site', tunnel('10.0.0.2', '10.0.0.1', 2, 1));
  return [here, there];
}

async function layCable(
  one: Charon,
  other: Charon,
  addresses: readonly [string, string],
): Promise<void> {
  const [first, second] = [String(await one.pid()), String(await other.pid())];
  const near = ['link', 'add', 'wire', 'netns', first, 'type', 'veth'];
  await runProgram('ip', [...near, 'peer', 'name', 'wire', 'netns', second]);
  for (const [charon, address] of [
    [one, addresses[0]],
    [other, addresses[1]],
  ] as const) {
    await charon.ip('address', 'add', address, 'dev', 'wire');
    await charon.ip('link', 'set', 'dev', 'wire', 'up');
  }
}

/** A connection with one child `net` between 10.LOCALNET.0.0/24 and 10.REMOTENET.0.0/24. */
export function tunnel(
  local: string,
  remote: string,
  localNet: number,
  remoteNet: number,
): ConnectionInput {
  return {
    version: 2,
    local_addrs: [local],
    remote_addrs: [remote],
    proposals: ['aes256-sha256-ecp256'],
    encap: true,
    local: { auth: 'psk', id: local },
    remote: { auth: 'psk', id: remote },
    children: {
      net: {
        local_ts: [`10.${String(localNet)}.0.0/24`],
        remote_ts: [`10.${String(remoteNet)}.0.0/24`],
        esp_proposals: ['aes256-sha256-ecp256'],
      },
    },
  };
}
