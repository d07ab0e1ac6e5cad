/** The programs that a host without anything of ours sees, and those that see it off again. */
import { describe, expect, it } from 'vitest';
import type { InsideAddressPlan } from '../../plan/host-plan.ts';
import { KernelDriver } from './driver.ts';
import { type KernelDesired, NOTHING_DESIRED, type ObservedKernel } from './state.ts';
import { desiredOf } from './testing/desired.ts';
import { FakeCommands } from './testing/fake-commands.ts';
import { EMPTY_KERNEL, reached } from './testing/model-kernel.ts';
import { encapsulatedNode, plainNode } from './testing/nodes.ts';

const { signal } = new AbortController();

/** Sysctls go past the programs. The script of nft has goldens of its own. */
async function transcript(observed: ObservedKernel, desired: KernelDesired): Promise<string> {
  const commands = new FakeCommands();
  const lines: string[] = [];
  const driver = new KernelDriver({
    commands,
    sysctls: {
      read: () => Promise.resolve(new Map<string, string>()),
      write: ({ key, value }) => {
        commands.calls.push({ line: `write /proc/sys/${key}`, input: `${value}\n` });
        return Promise.resolve();
      },
      restore: () => Promise.resolve(),
    },
  });
  const { failed } = await driver.apply(driver.diff(observed, desired), signal);
  expect(failed).toEqual([]);
  for (const { line, input } of commands.calls) {
    const shown = line.startsWith('nft ') ? input.split('\n', 3).join('\n').trim() : input.trim();
    lines.push(`$ ${line}`, ...shown.split('\n').map((text) => `  ${text}`));
  }
  return `${lines.join('\n')}\n`;
}

function withAddresses(...addresses: InsideAddressPlan[]): KernelDesired {
  const interfaces = desiredOf('dual-stack inside, IPv4 outside').interfaces;
  return {
    ...NOTHING_DESIRED,
    interfaces: interfaces.map((link) => ({ ...link, addresses })),
  };
}

describe('what is run', () => {
  it.each([
    ['plain', plainNode],
    ['encapsulated', encapsulatedNode],
  ])('to lead a node to its gateways, and back: %s', async (name, desired) => {
    const there = await transcript(EMPTY_KERNEL, desired);
    const back = await transcript(reached(desired), NOTHING_DESIRED);
    await expect(`${there}\n# and back\n${back}`).toMatchFileSnapshot(
      `testdata/apply-node-${name}.txt`,
    );
  });

  it('to give an interface its addresses, and to take one away', async () => {
    const desired = withAddresses({ local: '169.254.10.2/30' }, { local: 'fd00::1/126' });
    const other = withAddresses(
      { local: '169.254.10.1/30' },
      { local: 'fd09::1/128', peer: 'fd09::2' },
    );
    const there = await transcript(EMPTY_KERNEL, desired);
    const from = await transcript(reached(desired), other);
    await expect(`${there}\n# and to others\n${from}`).toMatchFileSnapshot(
      'testdata/apply-inside-addresses.txt',
    );
  });

  it('to give the TUN device of charon its addresses, and to take one away', async () => {
    const desired = desiredOf('BGP in user space, where all tunnels share a device');
    const engineDevice = { index: '17', isUp: true, addresses: ['169.254.99.2/30'] };
    const there = await transcript({ ...EMPTY_KERNEL, engineDevice }, desired);
    await expect(there).toMatchFileSnapshot('testdata/apply-engine-device.txt');
  });

  it.each([
    'dual-stack inside, IPv4 outside',
    'four family combinations',
    'VTI, pinned',
    'policies, the best this kernel has',
    'user space, where the kernel has no ESP',
  ] as const)('to reach and to leave: %s', async (world) => {
    const desired = desiredOf(world);
    const there = await transcript(EMPTY_KERNEL, desired);
    const back = await transcript(reached(desired), NOTHING_DESIRED);
    const name = world.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    await expect(`${there}\n# and back\n${back}`).toMatchFileSnapshot(`testdata/apply-${name}.txt`);
  });
});
