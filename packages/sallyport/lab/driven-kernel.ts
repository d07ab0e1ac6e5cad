// The kernel driver on the namespace that this process runs in.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatChange } from '../src/drivers/driver.ts';
import { KernelDriver } from '../src/drivers/kernel/driver.ts';
import type { KernelDesired } from '../src/drivers/kernel/state.ts';
import { type CommandRunner, systemCommands } from '../src/platform/linux/command.ts';
import { SysctlFiles } from '../src/platform/linux/sysctl-files.ts';

const { signal } = new AbortController();

export class DrivenKernel implements AsyncDisposable {
  readonly driver: KernelDriver;
  readonly #directory: string;

  private constructor(directory: string, commands: CommandRunner) {
    this.#directory = directory;
    const sysctls = new SysctlFiles(join(directory, 'sysctls.json'));
    this.driver = new KernelDriver({ commands, sysctls });
  }

  static async create(commands: CommandRunner = systemCommands): Promise<DrivenKernel> {
    return new DrivenKernel(await mkdtemp(join(tmpdir(), 'sallyport-kernel-')), commands);
  }

  /** Lines of what differs. */
  async differences(desired: KernelDesired): Promise<string[]> {
    return this.driver.diff(await this.driver.observe(signal), desired).map(formatChange);
  }

  /** What was changed, and what could not be. */
  async try(desired: KernelDesired): Promise<{ changes: string[]; errors: string[] }> {
    const changes = this.driver.diff(await this.driver.observe(signal), desired);
    const { failed } = await this.driver.apply(changes, signal);
    return { changes: changes.map(formatChange), errors: failed.map(({ error }) => error) };
  }

  /** What was changed to move flows, without a look at anything else. */
  async shift(desired: KernelDesired): Promise<string[]> {
    const changes = await this.driver.diffFlows(desired, signal);
    const { failed } = await this.driver.apply(changes, signal);
    assert.deepEqual(failed, []);
    return changes.map(formatChange);
  }

  /** What was changed. */
  async apply(desired: KernelDesired): Promise<string[]> {
    const { changes, errors } = await this.try(desired);
    assert.deepEqual(errors, []);
    return changes;
  }

  cleanUp(): Promise<void> {
    return this.driver.cleanUp(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cleanUp();
    await rm(this.#directory, { recursive: true });
  }
}
