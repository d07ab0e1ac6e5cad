import { describe, expect, it } from 'vitest';
import type { CommandRunner } from '../../platform/linux/command.ts';
import type { SecretMaterial } from '../../platform/secret-material.ts';
import { SecretValue } from '../../platform/secret-value.ts';
import { FrrDriver } from './driver.ts';
import { answer, FakeVty } from './testing/fake-vty.ts';
import { peer, secondPeer, tunnelPlan } from './testing/plans.ts';
import { VtySocket } from './vty-socket.ts';

const { signal } = new AbortController();
const noCommands: CommandRunner = {
  run: () => Promise.resolve({ code: 0, stdout: '', stderr: '' }),
};

function psk(text: string): SecretMaterial {
  return { form: 'psk', psk: new SecretValue(Buffer.from(text)) };
}

function driverAt(path: string, material: SecretMaterial, commands = noCommands): FrrDriver {
  const vty = new VtySocket({ daemon: 'bgpd', path });
  return new FrrDriver({
    engine: { vty: { zebra: vty, bfdd: vty, bgpd: vty }, stop: () => Promise.resolve() },
    secrets: { read: () => Promise.resolve(material) },
    commands,
  });
}

describe('a password', () => {
  it('is typed, and nowhere else to be found', async () => {
    await using fake = await FakeVty.listen();
    const driver = driverAt(fake.path, psk('s3cret'));
    const observed = await driver.observe(signal);
    const report = await driver.apply(driver.diff(observed, { bgp: tunnelPlan }), signal);
    expect(report.failed).toEqual([]);
    expect(fake.lines).toContain('neighbor 169.254.10.1 password s3cret');
    expect(JSON.stringify([report, observed])).not.toContain('s3cret');
  });

  it.each([
    ['has a blank', psk('two words')],
    ['is empty', psk('')],
    ['is longer than the kernel takes', psk('x'.repeat(81))],
    ['would end the line', psk('a\nno router bgp 65001')],
    ['has other letters than ASCII', psk('größe')],
    ['is none at all', { form: 'authority', authorities: [], revocationLists: new Map() } as const],
  ])('that %s leaves the neighbour alone', async (_what, material) => {
    await using fake = await FakeVty.listen();
    const driver = driverAt(fake.path, material);
    const changes = driver.diff(await driver.observe(signal), { bgp: tunnelPlan });
    const { failed } = await driver.apply(changes, signal);
    expect(failed.map(({ change }) => change.subject)).toEqual(['BGP neighbor 169.254.10.1']);
    expect(failed[0]?.error).toMatch(/^Secret default\/bgp: /);
    expect(fake.lines.filter((line) => line.includes('neighbor 169.254.10.1'))).toEqual([]);
  });
});

it('says what lacks where the kernel cannot sign', async () => {
  await using fake = await FakeVty.listen((line) =>
    line.includes('password') ? answer('% Error while applying TCP-Sig to session(s)\n', 13) : '',
  );
  const driver = driverAt(fake.path, psk('s3cret'));
  const changes = driver.diff(await driver.observe(signal), { bgp: tunnelPlan });
  const { failed } = await driver.apply(changes, signal);
  expect(failed.map(({ error }) => error)).toEqual([
    'bgpd: neighbor 169.254.10.1 password: % Error while applying TCP-Sig to session(s); this kernel cannot sign TCP (CONFIG_TCP_MD5SIG)',
  ]);
});

describe('what the host itself sends from', () => {
  it.each([
    ['which no interface has', '[]', []],
    ['which it has', '["10.20.0.11/24"]', ['ip protocol bgp route-map sp-from-10.20.0.11']],
  ])('an address %s', async (_what, addresses, typed) => {
    const brief = `{"eth0":{"status":"up","addresses":${addresses}}}`;
    await using fake = await FakeVty.listen((line) =>
      line === 'show interface brief json' ? brief : '',
    );
    const driver = driverAt(fake.path, psk('s3cret'));
    const changes = driver.diff(await driver.observe(signal), { bgp: tunnelPlan });
    await driver.apply(changes, signal);
    expect(fake.lines.filter((line) => line.includes('protocol bgp'))).toEqual(typed);
  });
});

describe('policies', () => {
  it('go in one transaction, and nothing else does', async () => {
    await using fake = await FakeVty.listen();
    const driver = driverAt(fake.path, psk('s3cret'));
    const changes = driver.diff(await driver.observe(signal), { bgp: tunnelPlan });
    fake.lines.length = 0;
    await driver.apply(changes, signal);
    const batches = fake.lines.join('\n').split('XFRR_');
    expect(batches).toHaveLength(3);
    expect(batches[1]).toContain('ip prefix-list sp-refuse');
    expect(batches[1]).toContain('route-map sp-169.254.10.1-v4-in deny 10');
    expect(batches[1]).not.toContain('exit');
    expect(batches[2]).toContain('router bgp 65001');
  });

  it('are typed one by one where FRR refuses one of them, and the rest goes on', async () => {
    await using fake = await FakeVty.listen((line) =>
      line === 'route-map sp-169.254.10.1-v4-in deny 10' ? Buffer.from('% no\0\0\0\x02') : '',
    );
    const driver = driverAt(fake.path, psk('s3cret'));
    const changes = driver.diff(await driver.observe(signal), { bgp: tunnelPlan });
    const { done, failed } = await driver.apply(changes, signal);
    expect(failed.map(({ error }) => error)).toEqual([
      'bgpd: route-map sp-169.254.10.1-v4-in deny 10: % no',
    ]);
    expect(done).toHaveLength(changes.length - 1);
  });

  it('are so many at once that an answer comes in time', async () => {
    await using fake = await FakeVty.listen();
    const driver = driverAt(fake.path, psk('s3cret'));
    const neighbors = Array.from({ length: 60 }, (_, index) => ({
      ...secondPeer,
      address: `169.254.1.${String(index)}`,
    }));
    const changes = driver.diff(await driver.observe(signal), {
      bgp: { ...tunnelPlan, neighbors },
    });
    await driver.apply(changes, signal);
    const starts = fake.lines.filter((line) => line === 'XFRR_start_configuration');
    expect(starts.length).toBeGreaterThan(1);
    expect(starts.length).toBeLessThan(8);
  });
});

it('warns of BFD by another port', () => {
  const driver = driverAt('/nowhere', psk(''));
  expect(driver.check({})).toEqual([]);
  expect(driver.check({ bgp: { ...tunnelPlan, neighbors: [peer, secondPeer] } })).toEqual([]);
  const strict = { ...peer, reach: 'connected' } as const;
  expect(driver.check({ bgp: { ...tunnelPlan, neighbors: [strict] } })).toMatchObject([
    { code: 'frr/bfd-multihop', severity: 'warning' },
  ]);
});

it('flushes what a killed zebra has left, and asks first', async () => {
  const lines: string[] = [];
  const commands: CommandRunner = {
    run: (file, args) => {
      lines.push([file, ...args].join(' '));
      const stdout = args.includes('-4') && args.includes('show') ? '10.0.0.0/8 dev a\n' : '';
      const code = args.includes('-6') ? 2 : 0;
      return Promise.resolve({ code, stdout, stderr: 'FIB table does not exist' });
    },
  };
  await driverAt('/nowhere', psk(''), commands).cleanUp(signal);
  expect(lines).toEqual([
    'ip -4 route show table 8305 protocol bgp',
    'ip -4 route flush table 8305 protocol bgp',
    'ip -6 route show table 8305 protocol bgp',
  ]);
});
