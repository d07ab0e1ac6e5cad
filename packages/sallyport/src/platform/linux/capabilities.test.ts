import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeCommands } from '../../drivers/kernel/testing/fake-commands.ts';
import type { DataPlane } from '../../model/gateway.ts';
import { detectCapabilities, detectUnderlayMtu } from './capabilities.ts';
import { CommandError } from './command.ts';

const { signal } = new AbortController();
const TUN = '/dev/net/tun';
const PLUGIN = '/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so';

/** What kernels without a part of it answered: the pattern of the trial, and the words. */
const NO_ESP = [/xfrm state add/, 'Error: Requested AEAD algorithm not found.\n'] as const;
const NO_XFRM = [/link add .* type xfrm/, 'Error: Unknown device type.\n'] as const;
const NO_VTI = [/link add .* type vti/, 'RTNETLINK answers: Operation not supported\n'] as const;
const NO_NAMESPACE = [/^unshare/, 'unshare: unshare failed: Operation not permitted\n'] as const;

const ESP_REASON =
  'the kernel has no ESP with AES-GCM (Error: Requested AEAD algorithm not found.)';
const NAMESPACE_REASON =
  'the kernel has no ESP with AES-GCM (unshare: unshare failed: Operation not permitted)';

interface Case {
  readonly host: string;
  readonly refusals: readonly (readonly [RegExp, string])[];
  readonly absent: readonly string[];
  readonly available: readonly DataPlane[];
  readonly missing: Readonly<Partial<Record<DataPlane, string>>>;
}

describe('detectCapabilities', () => {
  it.each<Case>([
    {
      host: 'with everything, the best first',
      refusals: [],
      absent: [],
      available: ['xfrm-interface', 'vti', 'policy', 'userspace'],
      missing: {},
    },
    {
      host: 'without XFRM interfaces',
      refusals: [NO_XFRM],
      absent: [],
      available: ['vti', 'policy', 'userspace'],
      missing: {
        'xfrm-interface': 'the kernel has no XFRM interfaces (Error: Unknown device type.)',
      },
    },
    {
      host: 'without VTI and without a TUN device',
      refusals: [NO_VTI],
      absent: [TUN],
      available: ['xfrm-interface', 'policy'],
      missing: {
        vti: 'the kernel has no VTI (RTNETLINK answers: Operation not supported)',
        userspace: `${TUN} is missing`,
      },
    },
    {
      host: 'whose interfaces are of no use, because it has no ESP',
      refusals: [NO_ESP],
      absent: [],
      available: ['userspace'],
      missing: { 'xfrm-interface': ESP_REASON, vti: ESP_REASON, policy: ESP_REASON },
    },
    {
      host: 'that can do nothing at all',
      refusals: [NO_NAMESPACE],
      absent: [PLUGIN],
      available: [],
      missing: {
        'xfrm-interface': NAMESPACE_REASON,
        vti: NAMESPACE_REASON,
        policy: NAMESPACE_REASON,
        userspace: `${PLUGIN} is missing`,
      },
    },
  ])('tells of a host $host', async ({ refusals, absent, available, missing }) => {
    const commands = new FakeCommands();
    for (const [pattern, stderr] of refusals) commands.on(pattern, { code: 2, stderr });
    const detected = await detectCapabilities(commands, signal, (path) =>
      Promise.resolve(!absent.includes(path)),
    );
    expect(detected.available).toEqual(available);
    expect(Object.fromEntries(detected.missing)).toEqual(missing);
  });

  it('names the exit code where the trial said nothing', async () => {
    const commands = new FakeCommands().on(/type vti/, { code: 139 });
    const { missing } = await detectCapabilities(commands, signal);
    expect(missing.get('vti')).toBe('the kernel has no VTI (exit code 139)');
  });

  it('tries in namespaces of their own, never in that of the host', async () => {
    const commands = new FakeCommands();
    await detectCapabilities(commands, signal);
    expect(commands.calls).toHaveLength(5);
    for (const { line } of commands.calls) expect(line).toMatch(/^unshare --net -- (?:ip|tc) /);
  });

  it.each([
    { lacks: 'ifb', pattern: /type ifb/ },
    { lacks: 'a queue or a filter', pattern: /tc -batch/ },
  ])('can hold no packets on a kernel that lacks $lacks', async ({ pattern }) => {
    expect((await detectCapabilities(new FakeCommands(), signal)).canHoldPackets).toBe(true);
    const commands = new FakeCommands().on(pattern, { code: 1, stderr: 'unknown' });
    expect((await detectCapabilities(commands, signal)).canHoldPackets).toBe(false);
  });

  it('does not take a missing program for a missing data plane', async () => {
    const commands = new FakeCommands().on(
      /^unshare/,
      new CommandError('unshare', [], 'spawn unshare ENOENT'),
    );
    await expect(detectCapabilities(commands, signal)).rejects.toThrow('spawn unshare ENOENT');
  });
});

describe('detectUnderlayMtu', () => {
  /** iproute2 6.1: `wan0` of 1400 bytes, `wan1` of 1300, and an address on lo. */
  const commands = new FakeCommands().on(/^ip -json address show$/, {
    stdout: readFileSync(join(import.meta.dirname, 'testdata', 'ip-6.1-address.json'), 'utf8'),
  });

  it.each([
    { what: 'of the link that holds the address', addresses: ['192.0.2.1'], mtu: 1400 },
    { what: 'for any spelling', addresses: ['2001:DB8:0::1'], mtu: 1300 },
    { what: 'the smallest of all', addresses: ['192.0.2.1', '192.0.2.9'], mtu: 1300 },
    { what: 'of none for an address on lo', addresses: ['198.51.100.7'], mtu: undefined },
    { what: 'of none for a foreign address', addresses: ['203.0.113.1'], mtu: undefined },
    { what: 'of none without addresses', addresses: [], mtu: undefined },
  ])('takes the MTU $what', async ({ addresses, mtu }) => {
    expect(await detectUnderlayMtu(commands, addresses, signal)).toBe(mtu);
  });

  it('skips what is not a link', async () => {
    const odd = new FakeCommands().on(/^ip/, {
      stdout: '[{}, {"mtu":1500}, {"mtu":1400,"addr_info":[null,{}]}]',
    });
    expect(await detectUnderlayMtu(odd, ['192.0.2.1'], signal)).toBeUndefined();
  });
});
