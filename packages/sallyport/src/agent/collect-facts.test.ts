import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeDaemon } from '@sallyport/vici/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Facts } from '../model/facts.ts';
import { twoSites, vary } from '../model/testing.ts';
import { canSignTcp } from '../platform/linux/tcp-md5.ts';
import { report } from '../status/testing/reports.ts';
import { toParsed } from '../store/object-store.ts';
import { storedFrom } from '../store/testing/stored.ts';
import { collectHostFacts, collectOfflineFacts } from './collect-facts.ts';
import { serveControl } from './control.ts';
import { FakeSystem } from './testing/fake-system.ts';

const KEY = 'correct horse battery staple';
const { signal } = new AbortController();

let system: FakeSystem;

beforeEach(async () => {
  system = await FakeSystem.start();
  await writeFile(join(system.directory, 'a.psk'), KEY);
  await chmod(join(system.directory, 'a.psk'), 0o600);
});
afterEach(async () => {
  await system[Symbol.asyncDispose]();
});

const objects = (): ReturnType<typeof toParsed>[] =>
  storedFrom(twoSites, join(system.directory, 'site.yaml')).map(toParsed);

function collect(host = 'gw1'): Promise<Facts> {
  return collectHostFacts(objects(), host, system.directories, signal);
}

/** The running agent uses this daemon. */
async function useDaemon(socket: string): Promise<AsyncDisposable> {
  const engines = report.engines.map((engine) => ({ ...engine, external: true, socket }));
  const server = await serveControl(system.paths.controlSocket, {
    report: () => Promise.resolve({ ...report, engines }),
    last: () => undefined,
    why: () => Promise.reject(new Error('nobody asks')),
    work: () => Promise.reject(new Error('nobody asks')),
  });
  return {
    [Symbol.asyncDispose]: () => {
      server.close();
      return Promise.resolve();
    },
  };
}

describe('collectHostFacts', () => {
  it('tells what the kernel can do; the rest is what is usual', async () => {
    const { hosts } = await collect();
    expect(hosts).toEqual([
      {
        host: 'gw1',
        dataPlanes: expect.arrayContaining(['xfrm-interface', 'vti', 'policy']) as unknown,
        underlayMtuBytes: 1500,
        canHoldPackets: true,
      },
    ]);
  });

  it('takes the MTU of the link with the outer address of this very host', async () => {
    const links = [
      { ifname: 'eth0', mtu: 1400, addr_info: [{ local: '192.0.2.10' }] },
      { ifname: 'eth1', mtu: 9000, addr_info: [{ local: '10.10.0.1' }] },
    ];
    await system.program('ip', `echo '${JSON.stringify(links)}'`);
    expect((await collect()).hosts[0]?.underlayMtuBytes).toBe(1400);
    expect((await collect('gw2')).hosts[0]?.underlayMtuBytes).toBe(1500);
  });

  it('asks whether TCP can be signed only where a connection has a password for it', async () => {
    const routing = 'routing: {bgp: {asn: 65020, accept: [10.20.0.0/16], password: a-psk}}';
    const world = vary(twoSites, [
      "routing: {static: {networks: [10.20.0.0/16, 'fd20::/48']}}",
      routing,
    ]);
    const signed = storedFrom(world, join(system.directory, 'site.yaml')).map(toParsed);
    const { hosts } = await collectHostFacts(signed, 'gw1', system.directories, signal);
    expect(hosts[0]?.canSignTcp).toBe(await canSignTcp());
    expect((await collect('gw1')).hosts[0]).not.toHaveProperty('canSignTcp');
  });

  it('asks the daemon that the running agent uses for its algorithms', async () => {
    await using daemon = await FakeDaemon.listen();
    daemon
      .on('version', () => ({ daemon: 'charon', version: '5.9.8' }))
      .on('get-algorithms', () => ({
        encryption: { AES_CBC: 'aes' },
        ke: { CURVE_25519: 'curve25519' },
      }));
    await using _agent = await useDaemon(daemon.socket);
    expect((await collect()).hosts[0]?.algorithms).toEqual(['AES_CBC', 'CURVE_25519']);
    await daemon.until(() => daemon.connections === 0);
  });

  it('fails where the kernel cannot be asked', async () => {
    await system.program('ip', 'echo "Cannot open netlink socket" >&2; exit 1');
    await expect(collect()).rejects.toThrow('Cannot open netlink socket');
  });
});

describe('fingerprints of secrets', () => {
  const fingerprint = (facts: Facts): string | undefined => facts.secrets[0]?.fingerprint;

  it('stay the same on one host while the key does, and tell nothing of it', async () => {
    const first = fingerprint(await collect());
    expect(first).toMatch(/^[0-9a-f]{16,}$/u);
    expect(fingerprint(await collect())).toBe(first);
    await writeFile(join(system.directory, 'a.psk'), `${KEY}!`);
    expect(fingerprint(await collect())).not.toBe(first);
    expect((await stat(system.paths.salt)).mode & 0o777).toBe(0o600);
  });

  it('are other ones with every other salt: each host, each look from elsewhere', async () => {
    const here = fingerprint(await collect());
    const there = [await collectOfflineFacts(objects()), await collectOfflineFacts(objects())];
    expect(new Set([here, ...there.map(fingerprint)]).size).toBe(3);
  });

  it('are made with a new salt where the old one is damaged', async () => {
    await collect();
    await writeFile(system.paths.salt, 'ff');
    await collect();
    expect(await readFile(system.paths.salt, 'utf8')).toMatch(/^[0-9a-f]{64}$/u);
  });
});
