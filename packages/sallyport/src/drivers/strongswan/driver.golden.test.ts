/** Every message that loads a tunnel, as it crosses the socket: secrets in load-shared and load-key alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ViciClient } from '@sallyport/vici';
import { expect, it } from 'vitest';
import { StrongswanDriver } from './driver.ts';
import { MemoryFile } from './memory-file.ts';
import { FakeCharon } from './testing/fake-charon.ts';
import { KEY, PRIVATE_KEY, secretMaterial } from './testing/secrets.ts';
import { certificateTunnel, pskTunnel } from './testing/tunnels.ts';

it('what is loaded of a tunnel with a pre-shared key and of one with certificates', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'strongswan-golden-'));
  await using charon = await FakeCharon.listen();
  const client = new ViciClient({ socket: charon.socket });
  try {
    const driver = new StrongswanDriver({
      client,
      secrets: { read: (use) => Promise.resolve(secretMaterial(use)) },
      memory: new MemoryFile(join(directory, 'loaded.json')),
    });
    const { signal } = new AbortController();
    const tunnels = [pskTunnel, certificateTunnel];
    await driver.apply(driver.diff(await driver.observe(signal), { tunnels }), signal);
    const loads = charon.messages.filter(({ command }) => command.startsWith('load-'));
    await expect(`${JSON.stringify(loads, undefined, 2)}\n`).toMatchFileSnapshot(
      'testdata/loads.json',
    );
    const holding = loads.filter((load) =>
      [KEY, PRIVATE_KEY].some((secret) => JSON.stringify(load).includes(secret)),
    );
    expect(holding.map(({ command }) => command)).toEqual(['load-shared', 'load-key']);
  } finally {
    await client.close();
    await rm(directory, { recursive: true });
  }
});
