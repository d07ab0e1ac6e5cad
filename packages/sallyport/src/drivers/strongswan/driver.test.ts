import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ViciClient } from '@sallyport/vici';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { StrongswanDriver } from './driver.ts';
import { MemoryFile } from './memory-file.ts';
import { peerHash, sharedIdOf } from './render.ts';
import { NO_ORIGINS } from './sas/origins.ts';
import type { ObservedStrongswan } from './state.ts';
import { FakeCharon } from './testing/fake-charon.ts';
import { KEY, LIST, secretMaterial } from './testing/secrets.ts';
import { certificateTunnel, listedTunnel, pskTunnel } from './testing/tunnels.ts';

const { signal } = new AbortController();

let directory: string;
let charon: FakeCharon;
let client: ViciClient;
let driver: StrongswanDriver;

function makeDriver(read = secretMaterial): StrongswanDriver {
  return new StrongswanDriver({
    client,
    secrets: { read: (use) => Promise.resolve().then(() => read(use)) },
    memory: new MemoryFile(join(directory, 'loaded.json')),
  });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strongswan-driver-'));
  charon = await FakeCharon.listen();
  client = new ViciClient({ socket: charon.socket });
  driver = makeDriver();
});

afterEach(async () => {
  await client.close();
  await charon[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function reach(...tunnels: readonly TunnelPlan[]): Promise<string[]> {
  const changes = driver.diff(await driver.observe(signal), { tunnels });
  const { failed } = await driver.apply(changes, signal);
  return failed.map(({ error }) => error);
}

async function differences(...tunnels: readonly TunnelPlan[]): Promise<number> {
  return driver.diff(await driver.observe(signal), { tunnels }).length;
}

describe('StrongswanDriver', () => {
  it('reaches the plan in one round, credentials first, and then has nothing to do', async () => {
    expect(await reach(pskTunnel, certificateTunnel)).toEqual([]);
    expect(charon.changes).toEqual([
      `load-shared ${sharedIdOf(pskTunnel)}`,
      'load-cert',
      'load-cert',
      'load-cert',
      'load-key',
      'load-conn sp.default.partner-a.main',
      'load-conn sp.default.partner-b.main',
    ]);
    expect(await differences(pskTunnel, certificateTunnel)).toBe(0);
  });

  it('loads our certificate with its chain up to the root', async () => {
    await reach(certificateTunnel);
    expect(charon.certificates.slice(1).map(String)).toEqual(['intermediate', 'root']);
  });

  it('gives a pre-shared key to the identity of the other side alone', async () => {
    await reach(pskTunnel);
    const loaded = charon.shared.get(sharedIdOf(pskTunnel));
    expect(loaded?.list('owners')).toEqual(['198.51.100.20']);
    expect(loaded?.text('data')).toBe(KEY);
  });

  it('pins the authority of the other side', async () => {
    await reach(certificateTunnel);
    const remote = charon.connections
      .get(certificateTunnel.name)
      ?.section(certificateTunnel.name)
      ?.section('remote');
    expect(remote?.list('cacerts')).toEqual(['ca']);
  });

  it('loads only what was changed', async () => {
    await reach(pskTunnel, certificateTunnel);
    charon.forgetChanges();
    await reach({ ...pskTunnel, livenessDelaySeconds: 33 }, certificateTunnel);
    expect(charon.changes).toEqual(['load-conn sp.default.partner-a.main']);
  });

  it('reads back which certificates the daemon holds, also those of peers', async () => {
    await reach(certificateTunnel);
    const file = new URL('../../platform/testdata/secrets/gateway.der', import.meta.url);
    charon.certificates.push(await readFile(file));
    const { certificates } = await driver.observe(signal);
    expect(
      [...certificates.values()].map(({ facts, hasPrivateKey }) => [
        facts?.altNames[0],
        hasPrivateKey,
      ]),
    ).toEqual([
      [undefined, true],
      [undefined, false],
      [undefined, false],
      ['DNS:gw.example', false],
    ]);
    const before = await driver.observe(signal);
    const look = { loaded: 'all', sas: 'all' } as const;
    const again = await driver.observe(signal, look, before);
    expect(again.certificates).toBe(before.certificates);
    charon.keys.clear();
    const keyless = await driver.observe(signal, look, before);
    expect([...keyless.certificates.values()].some((one) => one.hasPrivateKey)).toBe(false);
  });

  it('sees that a certificate of ours is gone, and loads it again', async () => {
    await reach(certificateTunnel);
    charon.certificates.length = 0;
    charon.forgetChanges();
    expect(await differences(certificateTunnel)).toBe(1);
    expect(await reach(certificateTunnel)).toEqual([]);
    expect(charon.changes).toEqual(['load-cert', 'load-cert', 'load-cert', 'load-key']);
    expect(await differences(certificateTunnel)).toBe(0);
  });

  it('loads everything again after the daemon was restarted', async () => {
    await reach(pskTunnel);
    charon.restart('Nov 21 06:00:00 2026');
    expect(await reach(pskTunnel)).toEqual([]);
    expect(charon.connections.size).toBe(1);
    expect(await differences(pskTunnel)).toBe(0);
  });

  it('sees in the daemon itself what is loaded, and forgets only keys with its memory', async () => {
    await reach(pskTunnel, certificateTunnel);
    await writeFile(join(directory, 'loaded.json'), '{"daemonSince":');
    expect(await differences(pskTunnel)).toBe(1);
    expect(await differences(pskTunnel, certificateTunnel)).toBe(1);
  });

  it('keeps no secret in its memory', async () => {
    await reach(pskTunnel, certificateTunnel);
    const memory = await readFile(join(directory, 'loaded.json'), 'utf8');
    expect(memory).not.toMatch(/pre-shared key|private key/);
  });

  it('reports a connection that the daemon refuses, and loads the others', async () => {
    charon.refused.add(pskTunnel.name);
    expect(await reach(pskTunnel, certificateTunnel)).toEqual([
      expect.stringContaining('invalid value for: proposals, config discarded'),
    ]);
    expect([...charon.connections.keys()]).toEqual([certificateTunnel.name]);
    expect(await differences(pskTunnel, certificateTunnel)).toBe(1);
  });

  it('reports a secret that cannot be read, in words without its content', async () => {
    driver = makeDriver((use) => {
      throw new Error(`Secret ${use.name}: no such file`);
    });
    expect(await reach(pskTunnel)).toEqual(['Secret a-psk: no such file']);
    expect([...charon.connections.keys()]).toEqual([pskTunnel.name]);
  });

  it('gives a revocation list, which counts from that moment, and gives it again to the next daemon', async () => {
    expect(await reach(listedTunnel)).toEqual([]);
    const commands = charon.messages.map(({ command }) => command);
    const [loaded, flushed] = ['load-cert', 'flush-certs'].map((one) => commands.lastIndexOf(one));
    expect(loaded).toBeLessThan(flushed ?? -1);
    expect(commands.indexOf('load-conn')).toBeGreaterThan(flushed ?? -1);
    expect(charon.revocationLists).toEqual([LIST]);
    expect(await differences(listedTunnel)).toBe(0);
    // VICI cannot take it back.
    expect(await differences(certificateTunnel)).toBe(0);
    charon.restart('Nov 21 06:00:00 2026');
    expect(await reach(listedTunnel)).toEqual([]);
    expect(charon.revocationLists).toEqual([LIST]);
  });

  it('says that the daemon keeps a newer list, and that the file holds another one', async () => {
    charon.dropsLists = true;
    expect(await reach(listedTunnel)).toEqual([
      'the daemon has a newer list of CN=site, and keeps it: apply that one',
    ]);
    driver = makeDriver((use) => {
      const material = secretMaterial(use);
      const revocationLists = new Map([['of another', Buffer.from('renewed')]]);
      return material.form === 'authority' ? { ...material, revocationLists } : material;
    });
    charon.dropsLists = false;
    expect(await reach(listedTunnel)).toEqual([
      'Secret default/peer-ca: holds another list than was applied, which the daemon has now',
    ]);
    expect(charon.revocationLists).toEqual([Buffer.from('renewed')]);
  });

  it('reports a secret of another form', async () => {
    driver = makeDriver(() => ({ form: 'authority', authorities: [], revocationLists: new Map() }));
    expect(await reach(pskTunnel)).toEqual([
      'Secret default/a-psk: holds authority, psk is needed',
    ]);
  });

  it('removes what is not wanted, ends its SAs, and touches nothing of others', async () => {
    await reach(pskTunnel, certificateTunnel);
    await client.loadConn('theirs', { version: 2 });
    charon.sas.push({ name: pskTunnel.name, uniqueId: '4' }, { name: 'theirs', uniqueId: '5' });
    charon.forgetChanges();
    expect(await reach(certificateTunnel)).toEqual([]);
    expect(charon.changes).toEqual([
      'unload-conn sp.default.partner-a.main',
      'terminate 4',
      `unload-shared ${sharedIdOf(pskTunnel)}`,
    ]);
    await driver.cleanUp(signal);
    expect([...charon.connections.keys()]).toEqual(['theirs']);
    expect(charon.sas.map(({ uniqueId }) => uniqueId)).toEqual(['5']);
    expect(charon.keys.size).toBe(0);
  });

  it('ends in the next round an SA that it could not end with its connection', async () => {
    await reach(pskTunnel);
    charon.sas.push({ name: pskTunnel.name, uniqueId: '4' });
    charon.refusesToTerminate = true;
    expect(await reach()).toEqual([expect.stringContaining('terminate')]);
    expect([...charon.connections.keys()]).toEqual([]);
    charon.refusesToTerminate = false;
    expect(await reach()).toEqual([]);
    expect([charon.sas.length, await differences()]).toEqual([0, 0]);
  });

  it('is content with an SA that ended by itself before it could end it', async () => {
    await reach(pskTunnel);
    charon.sas.push({ name: pskTunnel.name, uniqueId: '4' });
    const changes = driver.diff(await driver.observe(signal), { tunnels: [] });
    charon.sas.length = 0;
    expect((await driver.apply(changes, signal)).failed).toEqual([]);
  });

  it('keeps a private key that another Secret holds, too', async () => {
    const { auth } = certificateTunnel;
    const renewed: TunnelPlan = {
      ...certificateTunnel,
      auth: { ...auth, secret: { ...auth.secret, fingerprint: 'renewed' } },
    };
    await reach(certificateTunnel);
    expect(await reach(renewed)).toEqual([]);
    expect([charon.keys.size, await differences(renewed)]).toEqual([1, 0]);
  });

  it('reports a peer authority that is a pre-shared key, and loads the others', async () => {
    driver = makeDriver((use) =>
      secretMaterial({ ...use, name: use.name === 'peer-ca' ? 'a-psk' : use.name }),
    );
    expect(await reach(pskTunnel, certificateTunnel)).toEqual([
      'Secret default/peer-ca: holds psk, a certificate of an authority is needed',
    ]);
    expect([...charon.connections.keys()]).toEqual([pskTunnel.name]);
  });

  it('cleans up without any memory', async () => {
    await reach(pskTunnel);
    charon.sas.push({ name: pskTunnel.name, uniqueId: '4' });
    await rm(join(directory, 'loaded.json'));
    await driver.cleanUp(signal);
    expect([charon.connections.size, charon.shared.size, charon.sas.length]).toEqual([0, 0, 0]);
  });

  it('says of a plan what libipsec cannot do', () => {
    const tunnel: TunnelPlan = { ...pskTunnel, dataPlane: 'userspace', start: 'trap' };
    expect(driver.check({ tunnels: [tunnel, pskTunnel] })).toEqual([
      expect.objectContaining({
        code: 'strongswan/trap-in-userspace',
        hint: 'use start: initiate',
      }),
    ]);
  });
});

describe('rememberSas', () => {
  const sa = {
    name: pskTunnel.name,
    uniqueId: '4',
    children: [{ name: 'v4', uniqueId: '7' }],
  };

  it('notes of each SA with what it was made, across restarts of the agent', async () => {
    await reach(pskTunnel);
    charon.sas.push(sa);
    const tunnels = [pskTunnel];
    const first = await driver.rememberSas(await driver.observe(signal), tunnels, new Set());
    driver = makeDriver();
    const changed = { ...pskTunnel, livenessDelaySeconds: 33 };
    const later = await driver.rememberSas(await driver.observe(signal), [changed], new Set());
    expect(later.origins).toEqual(first.origins);
    expect(later.origins.children.size).toBe(1);
  });

  it('lets SAs stand whose connection is loaded as planned, without any memory', async () => {
    await reach(pskTunnel);
    await rm(join(directory, 'loaded.json'));
    charon.sas.push(sa);
    const before = await driver.observe(signal);
    const { origins } = await driver.rememberSas(before, [pskTunnel], new Set());
    expect(origins.ike.get('4')).toBe(peerHash(pskTunnel));
  });

  it('knows the daemon again after the clock was set', async () => {
    charon.sas.push(sa);
    await driver.rememberSas(await driver.observe(signal), [pskTunnel], new Set());
    const hour = 3_600_000;
    charon.since = new Date(Date.parse(charon.since) + hour).toString();
    vi.setSystemTime(Date.now() + hour);
    try {
      expect((await driver.observe(signal)).origins.ike.size).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('forgets SAs that are gone', async () => {
    charon.sas.push(sa);
    await driver.rememberSas(await driver.observe(signal), [pskTunnel], new Set());
    charon.sas.length = 0;
    const observed = await driver.observe(signal);
    const { origins } = await driver.rememberSas(observed, [pskTunnel], new Set());
    expect(origins).toEqual(NO_ORIGINS);
    expect((await driver.observe(signal)).origins).toEqual(NO_ORIGINS);
  });
});

function restarted(): Promise<void> {
  charon.restart('Nov 21 06:00:00 2026');
  return Promise.resolve();
}

/** Until the client has seen it. */
async function replaced(): Promise<void> {
  const renewed = Promise.withResolvers<undefined>();
  const stop = client.onReset((life) => {
    if (life === 2) renewed.resolve(undefined);
  });
  await charon.replace();
  await renewed.promise;
  stop();
}

describe('a look at some tunnels', () => {
  const other: TunnelPlan = { ...pskTunnel, name: 'sp.default.other.main' };
  const look = { loaded: new Set([pskTunnel.name]), sas: new Set([pskTunnel.name]) };

  beforeEach(async () => {
    await reach(pskTunnel, other);
    for (const { name } of [pskTunnel, other]) charon.sas.push({ name, uniqueId: name });
  });

  it('leaves the others as they were found before', async () => {
    const before = await driver.observe(signal);
    charon.connections.clear();
    charon.sas.length = 0;
    const observed = await driver.observe(signal, look, before);
    expect([...observed.connections.keys()]).toEqual([other.name]);
    expect(observed.sas.map(({ name }) => name)).toEqual([other.name]);
  });

  it('finds nothing of the others where nobody has looked before', async () => {
    const observed = await driver.observe(signal, look);
    expect([...observed.connections.keys()]).toEqual([pskTunnel.name]);
    const desired = { tunnels: [pskTunnel, other], differing: look.loaded };
    expect(driver.diff(observed, desired)).toEqual([]);
  });

  it('names what is to be removed of them, and of no other', async () => {
    const observed = await driver.observe(signal, look);
    const changes = driver.diff(observed, { tunnels: [], differing: look.loaded });
    expect(changes.map(({ subject }) => subject)).toEqual([
      `IKE connection ${pskTunnel.name}`,
      `pre-shared key of ${pskTunnel.name}`,
    ]);
  });

  it.each([
    ['that started at another time', restarted],
    ['that came within a second', replaced],
  ])('takes no connection for known that a daemon had before one %s', async (_, restart) => {
    const before = await driver.observe(signal);
    await restart();
    const { connections, sas } = await driver.observe(signal, { sas: new Set() }, before);
    expect({ connections: connections.size, sas: sas.length }).toEqual({ connections: 0, sas: 0 });
  });

  it('lists all at once where many are asked for', async () => {
    charon.forgetChanges();
    const many = new Set(Array.from({ length: 100 }, (_, number) => `sp.default.${number}.main`));
    const { sas } = await driver.observe(signal, { sas: many });
    expect(sas).toEqual([]);
    expect(charon.messages.filter(({ command }) => command === 'list-sas')).toHaveLength(1);
  });
});

describe('a daemon that answers with nonsense', () => {
  const nonsense = fc.oneof(
    fc.string(),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 5, minLength: 1 }), fc.string(), { maxKeys: 3 }),
  );
  const key = fc.constantFrom('conns', 'keys', 'uptime', 'success', 'errmsg', 'version', 'x');
  const reply = fc.dictionary(key, nonsense, { maxKeys: 4 });

  it.each(['version', 'stats', 'list-conns', 'get-shared', 'get-keys', 'list-sas'])(
    'to %s is an error at most, and takes no connection for ours',
    async (command) => {
      await fc.assert(
        fc.asyncProperty(reply, async (message) => {
          charon.answer(command, () => message);
          const observed = await driver.observe(signal).catch((error: unknown) => error);
          if (observed instanceof Error) return;
          const { connections } = observed as ObservedStrongswan;
          expect([...connections.keys()].every((name) => name.startsWith('sp.'))).toBe(true);
        }),
        { numRuns: 30 },
      );
    },
  );

  it.each(['load-shared', 'load-cert', 'load-key', 'load-conn'])(
    'to %s fails what needed it, and the rest goes on',
    async (command) => {
      charon.answer(command, () => ({ success: 'no', errmsg: 'out of memory' }));
      const failed = await reach(pskTunnel, certificateTunnel);
      expect(failed.length).toBeGreaterThan(0);
      for (const error of failed) expect(error).toContain('out of memory');
      const all = charon.changes.map((line) => line.split(' ')[0]);
      expect(all.filter((name) => name === 'load-conn')).toHaveLength(2);
      expect(await differences(pskTunnel, certificateTunnel)).toBe(failed.length);
    },
  );
});
