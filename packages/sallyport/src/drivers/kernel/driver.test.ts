import { describe, expect, it } from 'vitest';
import { withoutGateways } from '../../plan/node-plan.ts';
import { CommandError } from '../../platform/linux/command.ts';
import { toChange } from './change.ts';
import { KernelDriver } from './driver.ts';
import {
  type KernelChange,
  type KernelDesired,
  type KernelStep,
  NOTHING_DESIRED,
} from './state.ts';
import { interfaces } from './testing/desired.ts';
import { type Answer, FakeCommands } from './testing/fake-commands.ts';

const { signal } = new AbortController();

class FakeSysctls {
  readonly written: string[] = [];
  isRestored = false;

  asked: readonly string[] = [];

  read(interfaces: readonly string[]): Promise<Map<string, string>> {
    this.asked = interfaces;
    return Promise.resolve(new Map<string, string>());
  }
  write({ key, value }: { readonly key: string; readonly value: string }): Promise<void> {
    if (key.endsWith('rp_filter')) return Promise.reject(new Error('read-only file system'));
    this.written.push(`${key}=${value}`);
    return Promise.resolve();
  }
  restore(): Promise<void> {
    this.isRestored = true;
    return Promise.resolve();
  }
}

function make(): { driver: KernelDriver; commands: FakeCommands; sysctls: FakeSysctls } {
  const commands = new FakeCommands().on(/^nft -j list/, {
    code: 1,
    stderr: 'Error: No such file or directory\nlist table inet sallyport',
  });
  const sysctls = new FakeSysctls();
  return { driver: new KernelDriver({ commands, sysctls }), commands, sysctls };
}

describe('apply', () => {
  it('takes one process for all links, one for all routes, one for the rules of each family', async () => {
    const { driver, commands } = make();
    const changes = driver.diff(await driver.observe(signal), interfaces);
    commands.calls.length = 0;
    await driver.apply(changes, signal);
    expect(commands.calls.map(({ line }) => line)).toEqual([
      'ip -force -batch -',
      'ip -force -batch -',
      'nft -f -',
      'ip -force -batch -',
      'ip -4 -force -batch -',
      'ip -6 -force -batch -',
    ]);
    expect(commands.calls[2]?.input).toMatch(
      /^table inet sallyport \{\}\ndelete table inet sallyport\ntable inet sallyport \{\n/,
    );
  });

  it('names the change whose line failed, and goes on with the others', async () => {
    const { driver, commands, sysctls } = make();
    const { routes, sysctls: keys } = interfaces;
    const desired: KernelDesired = { ...NOTHING_DESIRED, routes, sysctls: keys };
    const changes = driver.diff(await driver.observe(signal), desired);
    commands.on(/^ip -force -batch/, {
      code: 1,
      stderr: 'RTNETLINK answers: Network is unreachable\nCommand failed -:2\n',
    });
    const { done, failed } = await driver.apply(changes, signal);
    expect(failed.map(({ change, error }) => `${change.subject}: ${error}`)).toEqual([
      'sysctl net/ipv4/conf/sp0a78d801/rp_filter = 2: read-only file system',
      'route fd20::/48 dev sp0a78d801 table 8300: ip route replace protocol 83 fd20::/48 dev sp0a78d801 table 8300: RTNETLINK answers: Network is unreachable',
    ]);
    expect(done.length + failed.length).toBe(changes.length);
    expect(sysctls.written).toContain('net/ipv4/ip_forward=1');
  });

  it('does not finish a link that could not be made: it may be somebody else’s', async () => {
    const { driver, commands } = make();
    const changes = driver.diff(await driver.observe(signal), interfaces);
    commands.on(/^ip -force -batch/, { code: 1, stderr: 'File exists\nCommand failed -:1\n' });
    commands.calls.length = 0;
    await driver.apply(changes, signal);
    expect(commands.calls.filter(({ input }) => input.includes('alias'))).toEqual([]);
  });

  it.each<{ what: string; answer: Answer; error: string }>([
    {
      what: 'did not start',
      answer: new CommandError('ip', ['-batch'], 'spawn ip ENOENT'),
      error: 'ip -batch: spawn ip ENOENT',
    },
    {
      what: 'tried no line',
      answer: { code: 255, stderr: 'Cannot open netlink socket' },
      error: 'ip -batch: Cannot open netlink socket',
    },
    { what: 'said nothing', answer: { code: 1 }, error: 'ip -batch: exit 1' },
  ])('fails every line of a program that $what', async ({ answer, error }) => {
    const { driver, commands } = make();
    const desired: KernelDesired = { ...NOTHING_DESIRED, rules: interfaces.rules };
    const changes = driver.diff(await driver.observe(signal), desired);
    commands.on(/-batch/, answer);
    const { failed } = await driver.apply(changes, signal);
    expect(failed.map((failure) => failure.error)).toEqual(changes.map(() => error));
  });

  it('gives each line of the second process to its own change', async () => {
    const { driver, commands } = make();
    const desired: KernelDesired = {
      ...NOTHING_DESIRED,
      routes: Array.from({ length: 4_000 }, (_, index) => ({
        prefix: `10.${index >> 8}.${index & 255}.0/24`,
        table: 8320,
        type: 'unreachable',
      })),
    };
    const changes = driver.diff(await driver.observe(signal), desired);
    commands.calls.length = 0;
    commands.on(/-batch/, {
      code: 1,
      stderr: 'RTNETLINK answers: No buffer space available\nCommand failed -:1\n',
    });
    const { failed } = await driver.apply(changes, signal);
    const firsts = commands.calls.map(({ input }) => `ip ${input.split('\n', 1)[0]}`);
    expect(firsts.length).toBeGreaterThan(1);
    expect(failed.map(({ error }) => error)).toEqual(
      firsts.map((line) => `${line}: RTNETLINK answers: No buffer space available`),
    );
    expect(
      failed.map(({ change }) => `ip route replace protocol 83 ${change.subject.slice(6)}`),
    ).toEqual(firsts);
  });

  it('says what nft said, and goes on: routes and rules guard as well', async () => {
    const { driver, commands } = make();
    const changes = driver.diff(await driver.observe(signal), interfaces);
    commands.on(/^nft -f/, { code: 1, stderr: '-:3:1-2: Error: Could not process rule\n' });
    const { done, failed } = await driver.apply(changes, signal);
    expect(failed.map(({ change, error }) => `${change.subject}: ${error}`)).toContain(
      'nftables table inet sallyport: nft -f -: -:3:1-2: Error: Could not process rule',
    );
    expect(done.map(({ subject }) => subject)).toContain(
      'rule IPv6 priority 8320 from all lookup 8320',
    );
  });

  it('says what is in the way and touches it with no program', async () => {
    const { driver, commands } = make();
    commands.on(/address show/, {
      stdout: '[{"ifname":"sp0a78d801","linkinfo":{"info_kind":"dummy"}}]',
    });
    const changes = driver.diff(await driver.observe(signal), interfaces);
    commands.calls.length = 0;
    const { failed } = await driver.apply(changes, signal);
    expect(failed.map(({ change, error }) => [change.step.type, error])).toEqual([
      ['refuse', "an interface sp0a78d801 that is not Sallyport's is in the way"],
    ]);
    expect(commands.calls.filter(({ input }) => input.includes('sp0a78d801'))).toEqual([]);
  });

  it('does nothing more once it is told to stop, and says which changes that leaves', async () => {
    const { driver, commands } = make();
    const desired: KernelDesired = { ...NOTHING_DESIRED, routes: interfaces.routes };
    const changes = driver.diff(await driver.observe(signal), desired);
    commands.calls.length = 0;
    const { done, failed } = await driver.apply(changes, AbortSignal.abort());
    expect([done, commands.calls]).toEqual([[], []]);
    expect(failed.map(({ change }) => change)).toEqual(changes);
  });

  it('counts a removal that finds nothing as done', async () => {
    const { driver, commands } = make();
    commands.on(/^ip -4 -json -Numeric route/, {
      stdout: '[{"dst":"10.2.0.0/16","dev":"sp1","table":"8300"}]',
    });
    commands.on(/-batch/, {
      code: 1,
      stderr: 'RTNETLINK answers: No such process\nCommand failed -:1',
    });
    const changes = driver.diff(await driver.observe(signal), NOTHING_DESIRED);
    expect(changes).toHaveLength(1);
    expect((await driver.apply(changes, signal)).failed).toEqual([]);
  });

  it('counts an address as removed that went with the first one of its subnet', async () => {
    const { driver, commands } = make();
    const [link] = interfaces.interfaces;
    if (link?.kind !== 'xfrm') throw new Error('the world has an XFRM interface');
    const desired: KernelDesired = { ...NOTHING_DESIRED, interfaces: [link] };
    const addr_info = [
      { local: '10.0.0.1', prefixlen: 24 },
      { local: '10.0.0.2', prefixlen: 24 },
    ];
    const { name: ifname, alias: ifalias, mtuBytes: mtu, interfaceId } = link;
    const linkinfo = { info_kind: 'xfrm', info_data: { if_id: String(interfaceId) } };
    commands.on(/address show/, {
      stdout: JSON.stringify([{ ifname, ifalias, mtu, flags: ['UP'], linkinfo, addr_info }]),
    });
    const run = commands.run.bind(commands);
    const stderr = 'Error: ipv4: Address not found.\nCommand failed -:3\n';
    commands.run = (file, args, options) =>
      options?.input?.includes('address delete') === true
        ? Promise.resolve({ code: 1, stdout: '', stderr })
        : run(file, args, options);
    const changes = driver.diff(await driver.observe(signal), desired);
    expect(changes.map(({ detail }) => detail)).toEqual(['had 10.0.0.1/24, had 10.0.0.2/24']);
    expect((await driver.apply(changes, signal)).failed).toEqual([]);
  });

  it('counts an addition that finds nothing, such as its link, as failed', async () => {
    const { driver, commands } = make();
    const desired: KernelDesired = { ...NOTHING_DESIRED, routes: interfaces.routes.slice(0, 1) };
    const changes = driver.diff(await driver.observe(signal), desired);
    commands.on(/-batch/, {
      code: 1,
      stderr: 'Cannot find device "sp0a78d801"\nCommand failed -:1\n',
    });
    expect((await driver.apply(changes, signal)).failed.map(({ error }) => error)).toEqual([
      'ip route replace protocol 83 10.20.0.0/16 dev sp0a78d801 table 8300: Cannot find device "sp0a78d801"',
    ]);
  });

  it('does not take the words about one line for those about the next', async () => {
    const { driver, commands } = make();
    commands.on(/^ip -4 -json -Numeric route/, {
      stdout: '[{"dst":"10.2.0.0/16","dev":"sp1"},{"dst":"10.3.0.0/16","dev":"sp1"}]',
    });
    commands.on(/-batch/, {
      code: 1,
      stderr: 'RTNETLINK answers: No such process\nCommand failed -:1\nCommand failed -:2\n',
    });
    const changes = driver.diff(await driver.observe(signal), NOTHING_DESIRED);
    const { done, failed } = await driver.apply(changes, signal);
    expect(done.map(({ subject }) => subject)).toEqual(['route 10.2.0.0/16 dev sp1 table 254']);
    expect(failed.map(({ change }) => change.subject)).toEqual([
      'route 10.3.0.0/16 dev sp1 table 254',
    ]);
  });

  it('cuts thousands of lines into inputs that fit into one write', async () => {
    const { driver, commands } = make();
    const desired: KernelDesired = {
      ...NOTHING_DESIRED,
      routes: Array.from({ length: 4_000 }, (_, index) => ({
        prefix: `10.${index >> 8}.${index & 255}.0/24`,
        table: 8320,
        type: 'unreachable',
      })),
    };
    const changes = driver.diff(await driver.observe(signal), desired);
    commands.calls.length = 0;
    await driver.apply(changes, signal);
    expect(commands.calls.length).toBeGreaterThan(1);
    for (const { input } of commands.calls) expect(input.length).toBeLessThanOrEqual(96 * 1024);
    const lines = commands.calls.map(({ input }) => input).join('');
    expect(lines.split('\n')).toHaveLength(4_001);
  });
});

describe('a node', () => {
  const subnets = [{ ifname: 'eth0', addr_info: [{ local: '10.1.0.1', prefixlen: 24 }] }];
  const node = {
    ways: [
      {
        prefixes: ['10.20.0.0/16'],
        hops: [
          { address: '10.1.0.2', weight: 1 },
          { address: '10.1.0.3', weight: 1 },
        ],
      },
    ],
    sources: [],
  };
  const desired: KernelDesired = { ...NOTHING_DESIRED, node };
  const onLan = (): ReturnType<typeof make> => {
    const made = make();
    made.commands.on(/address show/, { stdout: JSON.stringify(subnets) });
    return made;
  };

  it.each([
    'Error: Invalid group type.',
    'Error: argument "type" is wrong: unknown',
    'RTNETLINK answers: Operation not supported',
    'Error: Unknown attribute type.',
    'Error: Unsupported attribute.',
  ])('gets plain groups after a kernel has said: %s', async (stderr) => {
    const { driver, commands } = onLan();
    const changes = driver.diff(await driver.observe(signal), desired);
    commands.on(/-batch/, { code: 2, stderr: `${stderr}\nCommand failed -:3\n` });
    await driver.apply(changes, signal);
    const group = driver
      .diff(await driver.observe(signal), desired)
      .find(({ subject }) => subject.includes('group'));
    expect(group?.subject).not.toContain('resilient');
  });

  it('keeps resilient groups where one failed for another reason', async () => {
    const { driver, commands } = onLan();
    const changes = driver.diff(await driver.observe(signal), desired);
    commands.on(/-batch/, { code: 2, stderr: 'Error: Invalid nexthop id.\nCommand failed -:3\n' });
    await driver.apply(changes, signal);
    expect((await driver.observe(signal)).hasResilientGroups).toBe(true);
  });

  it('keeps objects that routes still go by where those that follow were refused', async () => {
    const { driver, commands } = onLan();
    const removal = (step: KernelStep): KernelChange =>
      toChange(step, { action: 'remove', subject: 'what went before' });
    const changes = [
      ...driver.diff(await driver.observe(signal), desired),
      removal({ type: 'nexthop-delete', id: 830_400_001 }),
      removal({ type: 'neighbor-delete', key: '169.254.128.1 dev eth0' }),
    ];
    commands.on(/-batch/, {
      code: 2,
      stderr: 'Error: Unknown attribute type.\nCommand failed -:3\n',
    });
    commands.calls.length = 0;
    const { failed } = await driver.apply(changes, signal);
    expect(failed.map(({ change }) => change.step.type)).toEqual(
      expect.arrayContaining(['nexthop-replace', 'nexthop-delete', 'neighbor-delete']),
    );
    expect(commands.calls.filter(({ input }) => input.includes('delete 169'))).toEqual([]);
    expect(commands.calls.filter(({ input }) => input.includes('830400001'))).toEqual([]);
    commands.on(/-batch/, {});
    expect((await driver.apply(changes, signal)).failed).toEqual([]);
  });

  it('compares the same lists once', async () => {
    const { driver } = onLan();
    const [first, second] = [await driver.observe(signal), await driver.observe(signal)];
    expect(second.routes).toBe(first.routes);
    const routeOf = (changes: readonly KernelChange[]): KernelChange | undefined =>
      changes.find(({ step }) => step.type === 'route-replace');
    expect(routeOf(driver.diff(first, desired))).toBeDefined();
    expect(routeOf(driver.diff(second, desired))).toBe(routeOf(driver.diff(first, desired)));
  });

  it('has no nexthop objects where ip does not know them', async () => {
    const { driver, commands } = onLan();
    commands.on(/nexthop show/, { code: 255, stderr: 'Object "nexthop" is unknown' });
    expect((await driver.observe(signal)).nexthops.size).toBe(0);
  });

  it.each([
    ['cannot be seen', { code: 1, stderr: 'Cannot open netlink socket' }],
    ['are not told', { stdout: '[]\n[]' }],
  ])('is not taken for empty where its links %s', async (_what, answer) => {
    const { driver, commands } = onLan();
    commands.on(/address show/, answer);
    await expect(driver.observe(signal)).rejects.toThrow(/^ip -details /);
  });

  it('is looked at by few processes', async () => {
    const { driver, commands } = onLan();
    await driver.observe(signal);
    expect(commands.calls.map(({ line }) => line).sort()).toEqual([
      'ip -4 -json -Numeric -batch -',
      'ip -6 -json -Numeric -batch -',
      'ip -details -json -Numeric -batch -',
      'ip -json netns list',
      'nft -j list table inet sallyport',
    ]);
  });

  it('moves flows without a look at routes, and only between what is there', async () => {
    const { driver, commands } = onLan();
    expect(await driver.diffFlows(desired, signal)).toEqual([]);
    expect(await driver.diffFlows(NOTHING_DESIRED, signal)).toEqual([]);
    const objects = driver
      .diff(await driver.observe(signal), desired)
      .flatMap(({ step }) => (step.type === 'nexthop-replace' ? [step] : []));
    const [one, two, group] = objects;
    commands.on(/nexthop show/, {
      stdout: JSON.stringify([
        { id: one?.id, gateway: '10.1.0.2', dev: 'eth0', protocol: '83' },
        { id: two?.id, gateway: '10.1.0.3', dev: 'eth0', protocol: '83' },
        { id: group?.id, group: [{ id: one?.id }, { id: two?.id }], protocol: '83' },
      ]),
    });
    commands.calls.length = 0;
    const changes = await driver.diffFlows(
      { ...desired, node: withoutGateways(node, ['10.1.0.3']) },
      signal,
    );
    expect(changes.map(({ step }) => step.type)).toContain('nexthop-replace');
    expect(changes.at(-1)?.subject).toMatch(/^nexthop 8302\d+ group \d+,1 type resilient/);
    expect(commands.calls.filter(({ line }) => line.includes('route'))).toEqual([]);
  });
});

describe('observe', () => {
  it.each<{ what: string; answer: Answer }>([
    { what: 'crashes', answer: new CommandError('nft', ['-j'], 'ended by SIGABRT') },
    { what: 'prints no JSON', answer: { stdout: 'table inet' } },
    { what: 'refuses', answer: { code: 1, stderr: 'Error: Operation not permitted' } },
  ])('takes the firewall for another one where nft $what', async ({ answer }) => {
    const { driver, commands } = make();
    commands.on(/^nft -j list/, answer);
    const { firewall } = await driver.observe(signal);
    expect(firewall).toMatch(/^unreadable: /);
  });

  it('asks for the sysctls of our links, and of no others', async () => {
    const { driver, commands, sysctls } = make();
    commands.on(/address show/, {
      stdout: JSON.stringify([
        { ifname: 'eth0' },
        { ifname: 'sp1', ifalias: 'sallyport x', linkinfo: { info_kind: 'xfrm' } },
      ]),
    });
    await driver.observe(signal);
    expect(sysctls.asked).toEqual(['sp1']);
  });

  it('does not take an end of its own for a fault of nft', async () => {
    const { driver, commands } = make();
    const stopping = new AbortController();
    const stopped = new CommandError('nft', ['-j'], 'The operation was aborted');
    const run = commands.run.bind(commands);
    commands.run = (file, args, options) => {
      if (file !== 'nft') return run(file, args, options);
      stopping.abort();
      return Promise.reject(stopped);
    };
    await expect(driver.observe(stopping.signal)).rejects.toBe(stopped);
  });

  it('throws where ip does not work: nothing is known then', async () => {
    const { driver, commands } = make();
    commands.on(/^ip /, { code: 1, stderr: 'Operation not permitted' });
    await expect(driver.observe(signal)).rejects.toThrow('Operation not permitted');
  });
});

describe('cleanUp', () => {
  it('puts shared sysctls back, also where a removal fails, and says so', async () => {
    const { driver, commands, sysctls } = make();
    await driver.cleanUp(signal);
    expect(sysctls.isRestored).toBe(true);
    commands.on(/^ip -4 -json -Numeric rule/, {
      stdout: '[{"priority":8300,"src":"all","table":"8300","protocol":"83"}]',
    });
    commands.on(/-batch/, { code: 1, stderr: 'Operation not permitted\nCommand failed -:1' });
    await expect(driver.cleanUp(signal)).rejects.toThrow(
      '1 removals failed, first: ip rule delete',
    );
  });
});

describe('check', () => {
  it('refuses names and sysctls that could not be found again', () => {
    const { driver } = make();
    const [link] = interfaces.interfaces;
    if (link === undefined) throw new Error('the world has a link');
    const bad: KernelDesired = {
      ...interfaces,
      interfaces: [link, { ...link, name: 'spwaytoolongforlinux' }, { ...link, name: 'eth7' }],
      sysctls: [{ key: 'net/ipv4/tcp_sack', value: '0' }],
    };
    expect(driver.check(bad).map(({ code, value }) => [code, value])).toEqual([
      ['kernel/interface-name', 'spwaytoolongforlinux'],
      ['kernel/interface-name', 'eth7'],
      ['kernel/sysctl', 'net/ipv4/tcp_sack'],
    ]);
  });
});
