// Two charons with a cable between them, and any number of real IKE and Child SAs on it.
//
// ESP is done in user space: the figures do not depend on what the machine's kernel can do.

import type { ConnectionInput } from '@sallyport/vici';
import type { Charon } from '../packages/vici/lab/charon.ts';
import { startPair } from '../packages/vici/lab/pair.ts';

/** Initiations at once: more only wait for each other in the daemons. */
const WINDOW = 8;

const [HERE, THERE] = [
  { address: '10.0.0.1', network: '10.1.0.0/24' },
  { address: '10.0.0.2', network: '10.2.0.0/24' },
];
const PEER = 'peer.example';

export interface TwoSites extends AsyncDisposable {
  readonly here: Charon;
  readonly there: Charon;
}

/** `here` can make as many SAs with `there` as it wants. */
export async function startTwoSites(): Promise<TwoSites> {
  const [here, there] = await startPair();
  await using peer = there.client();
  await peer.unloadConn('site');
  await peer.loadConn('any', {
    ...CONNECTION,
    local_addrs: [THERE.address],
    remote_addrs: [HERE.address],
    local: { auth: 'psk', id: PEER },
    remote: { auth: 'psk' },
    children: { net: { ...CHILD, local_ts: [THERE.network], remote_ts: [HERE.network] } },
  });
  return {
    ...{ here, there },
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    },
  };
}

/** `count` IKE SAs with one Child SA each. */
export async function establish(here: Charon, count: number): Promise<void> {
  await using client = here.client();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) {
      const name = `site-${number}`;
      await client.loadConn(name, siteConnection(number));
      await client.initiate({ ike: name, child: 'net', timeoutMs: 30_000 });
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
}

const CONNECTION = {
  version: 2,
  // The cheapest key exchange: what is measured is the list, not how it came to be.
  proposals: ['aes256-sha256-ecp256'],
  encap: true,
  mobike: false,
} as const satisfies ConnectionInput;

const CHILD = { esp_proposals: ['aes256-sha256'] } as const;

/** Each has one UDP port for itself: a network each would need an address and a route each. */
function siteConnection(number: number): ConnectionInput {
  return {
    ...CONNECTION,
    local_addrs: [HERE.address],
    remote_addrs: [THERE.address],
    local: { auth: 'psk', id: `site-${number}.example` },
    remote: { auth: 'psk', id: PEER },
    children: {
      net: {
        ...CHILD,
        local_ts: [`${HERE.network}[udp/${20_000 + number}]`],
        remote_ts: [THERE.network],
      },
    },
  };
}
