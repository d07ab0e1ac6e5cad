/** The programs that a host without anything of ours sees, and those that see it off again. */
import { describe, expect, it } from 'vitest';
import { KernelDriver } from './driver.ts';
import { type KernelDesired, NOTHING_DESIRED, type ObservedKernel } from './state.ts';
import { desiredOf } from './testing/desired.ts';
import { FakeCommands } from './testing/fake-commands.ts';
import { EMPTY_KERNEL, reached } from './testing/model-kernel.ts';

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

describe('what is run', () => {
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
