/**
 * keepalived driver: virtual addresses of this host's gateways, by VRRP version 3.
 *
 * How it is driven: one configuration file for a keepalived of our own, read anew at SIGHUP, which keeps the state of
 * what has not changed; a file for each virtual router that says how fit this host is (`usability.ts`), which
 * keepalived follows by itself; its JSON dump and the addresses of the interfaces to read back.
 * What we own: everything in our directory, the process whose pid it names, the nftables table that guards it
 * (`guard.ts`), and the addresses that it was told.
 * They carry no mark of the kernel's (keepalived 2.2 sets no address protocol): a memory says which they are.
 * Failure: the agent may end at any time; the files stay, and with them who holds what. A keepalived that was killed leaves its addresses
 * behind while another host takes them, so it is started again at once, and removes them before it speaks.
 * Limits: version 3 knows no authentication (RFC 5798 §9): who can send in the name of another gateway can take its part.
 * IPv4 and IPv6 move each for itself.
 * Supported standards and manuals: RFC 5798; keepalived(8), keepalived.conf(5), version 2.2.7 or later.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../lib/message-of.ts';
import type { Problem } from '../../lib/problem.ts';
import type { VrrpPlan } from '../../plan/vrrp-plan.ts';
import { writeFileAtomic } from '../../platform/atomic-file.ts';
import { type CommandRunner, outputOf } from '../../platform/linux/command.ts';
import type { VrrpReport } from '../../status/vrrp-report.ts';
import type { ApplyReport, Driver } from '../driver.ts';
import { KeepalivedDaemon } from './daemon.ts';
import { diffKeepalived } from './diff.ts';
import { GUARD_TABLE, type ObservedGuard, parseGuard, REMOVE_GUARD, renderGuard } from './guard.ts';
import { MemoryFile } from './memory-file.ts';
import { parseInterfaces, parseRefusals } from './parse.ts';
import { renderKeepalived } from './render.ts';
import { type Fitness, reportRouter, routerProblems, UNPROVEN } from './report.ts';
import {
  heldAddresses,
  type KeepalivedChange,
  type KeepalivedDesired,
  type KeepalivedMemory,
  muteBecause,
  type ObservedKeepalived,
  withLength,
} from './state.ts';
import { formatUsability, parseUsability, stepTowards, type Usability } from './usability.ts';

export interface KeepalivedDriverOptions {
  /** Of mode 0700, of this driver alone, in the run directory. */
  readonly directory: string;
  readonly commands: CommandRunner;
}

/** Until keepalived has taken a configuration, or dropped addresses. */
const TAKEN_MILLISECONDS = 5_000;
const POLL_MILLISECONDS = 20;

/** What a value must not hold to stay one, in quotes, and a name to be that of a file. */
const UNSAFE = /["\\/\s!#$~@{}]|\p{Cc}/u;

export class KeepalivedDriver
  implements Driver<KeepalivedDesired, ObservedKeepalived, KeepalivedChange>
{
  readonly name = 'keepalived';
  readonly #directory: string;
  readonly #commands: CommandRunner;
  readonly #daemon: KeepalivedDaemon;
  readonly #memory: MemoryFile;
  readonly #fitness = new Map<string, Fitness>();

  constructor({ directory, commands }: KeepalivedDriverOptions) {
    this.#directory = directory;
    this.#commands = commands;
    this.#daemon = new KeepalivedDaemon(directory, commands);
    this.#memory = new MemoryFile(join(directory, 'loaded.json'));
  }

  check(desired: KeepalivedDesired): Problem[] {
    return desired
      .flatMap(({ name, interface: device }) => [name, device])
      .filter((value) => UNSAFE.test(value))
      .map((value) => ({
        code: 'keepalived/name',
        severity: 'error',
        message: 'keepalived cannot have this in a name',
        value,
      }));
  }

  async observe(signal: AbortSignal): Promise<ObservedKeepalived> {
    const memory = await this.#memory.read();
    const routers = await this.#daemon.routers(signal);
    // After it: a master has added its addresses by then.
    const [interfaces, guard] = await Promise.all([this.#interfaces(signal), this.#guard(signal)]);
    return {
      ...{ memory, interfaces },
      ...(routers === undefined ? {} : { routers }),
      ...(guard === undefined ? {} : { guard }),
    };
  }

  diff(observed: ObservedKeepalived, desired: KeepalivedDesired): KeepalivedChange[] {
    return diffKeepalived(observed, desired, this.#render(desired));
  }

  async apply(
    changes: readonly KeepalivedChange[],
    signal: AbortSignal,
  ): Promise<ApplyReport<KeepalivedChange>> {
    const desired = changes[0]?.desired;
    if (desired === undefined) return { done: [], failed: [] };
    try {
      if (desired.length === 0) await this.cleanUp(signal);
      else await this.#configure(desired, signal);
      return { done: changes, failed: [] };
    } catch (error) {
      return {
        done: [],
        failed: changes.map((change) => ({ change, error: messageOf(error) })),
      };
    }
  }

  async cleanUp(signal: AbortSignal): Promise<void> {
    const { routers } = await this.#memory.read();
    await this.#daemon.stop(signal);
    await this.#removeLeft(routers, signal);
    // A host that never had virtual addresses may have no nftables that work.
    if ((await this.#guard(signal)) !== undefined) await this.#load(REMOVE_GUARD, signal);
    await rm(this.#directory, { recursive: true, force: true });
    this.#fitness.clear();
  }

  /**
   * Tells how fit this host is for a virtual router. It holds until it is told otherwise, whatever becomes of
   * the agent; a host that was never told is the last resort. Resolves once the addresses may move.
   */
  async setUsability(
    router: VrrpPlan,
    usability: Usability,
    reason: string,
    signal: AbortSignal,
  ): Promise<void> {
    this.#fitness.set(router.name, { usability, reason });
    const interfaces = await this.#interfaces(signal);
    // keepalived goes on as master when its own address is gone, and tells nobody.
    const isMute = muteBecause(router, interfaces) !== undefined;
    const wanted = isMute ? 'unusable' : usability;
    const path = this.#usabilityPath(router.name);
    const current = parseUsability(await readFile(path, 'utf8').catch(() => ''));
    const isHolder = heldAddresses(router, interfaces).length > 0;
    const next = stepTowards(wanted, current, isHolder);
    if (next !== current) await writeFileAtomic(path, formatUsability(next));
    if (next === wanted) return;
    await this.#until(
      async () => heldAddresses(router, await this.#interfaces(signal)).length === 0,
      signal,
    );
    await writeFileAtomic(path, formatUsability(wanted));
  }

  /** Those of their addresses that are on this host. */
  async held(routers: KeepalivedDesired, signal: AbortSignal): Promise<string[]> {
    const interfaces = await this.#interfaces(signal);
    return routers.flatMap((router) => heldAddresses(router, interfaces));
  }

  /** What is really there, and what others on the LAN do wrong. */
  async report(
    routers: KeepalivedDesired,
    signal: AbortSignal,
  ): Promise<{ readonly routers: VrrpReport[]; readonly problems: Problem[] }> {
    const [observed, log] = await Promise.all([this.observe(signal), this.#daemon.log()]);
    return {
      routers: routers.map((router) =>
        reportRouter(router, observed, this.#fitness.get(router.name) ?? UNPROVEN),
      ),
      problems: routerProblems(routers, observed, parseRefusals(log), Date.now()),
    };
  }

  /** True once keepalived has ended: it wants to be applied again, without delay. At once false where none runs. */
  untilGone(signal: AbortSignal): Promise<boolean> {
    return this.#daemon.untilGone(signal);
  }

  async #configure(desired: KeepalivedDesired, signal: AbortSignal): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const before = await this.#memory.read();
    const names = new Set(desired.map(({ name }) => name));
    const gone = before.routers.filter(({ name }) => !names.has(name));
    // Before it holds any address: what is killed from now on is found again.
    await this.#memory.write({ routers: [...desired, ...gone], config: '' });
    await this.#initUsability(names);
    await this.#load(renderGuard(desired).script, signal);
    if ((await this.#daemon.find(signal)) === undefined)
      await this.#removeLeft(before.routers, signal);
    const memory: KeepalivedMemory = { routers: desired, config: this.#render(desired) };
    await this.#daemon.configure(memory.config, signal);
    const isTaken = await this.#until(async () => {
      const observed = await this.observe(signal);
      return this.diff({ ...observed, memory }, desired).length === 0;
    }, signal);
    if (!isTaken)
      throw new Error(`keepalived did not take its configuration; see ${this.#daemon.logPath}`);
    await this.#memory.write(memory);
  }

  /** A file for each virtual router, and no other: keepalived takes a missing one for good. */
  async #initUsability(names: ReadonlySet<string>): Promise<void> {
    const directory = join(this.#directory, 'usability');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const present = new Set(await readdir(directory));
    for (const name of present) if (!names.has(name)) await rm(join(directory, name));
    for (const name of names) {
      if (!present.has(name))
        await writeFileAtomic(this.#usabilityPath(name), formatUsability(UNPROVEN.usability));
    }
  }

  /** What a keepalived that was killed has left. */
  async #removeLeft(routers: readonly VrrpPlan[], signal: AbortSignal): Promise<void> {
    const interfaces = await this.#interfaces(signal);
    for (const router of routers) {
      for (const address of heldAddresses(router, interfaces)) {
        const args = ['address', 'delete', withLength(address), 'dev', router.interface];
        await outputOf(this.#commands, 'ip', args, { signal });
      }
    }
  }

  async #interfaces(signal: AbortSignal): Promise<ObservedKeepalived['interfaces']> {
    return parseInterfaces(
      await outputOf(this.#commands, 'ip', ['-json', 'address', 'show'], { signal }),
    );
  }

  async #guard(signal: AbortSignal): Promise<ObservedGuard | undefined> {
    const args = ['-j', 'list', 'table', ...GUARD_TABLE.split(' ')];
    const { code, stdout } = await this.#commands.run('nft', args, { signal });
    return code === 0 ? parseGuard(stdout) : undefined;
  }

  async #load(script: string, signal: AbortSignal): Promise<void> {
    await outputOf(this.#commands, 'nft', ['-f', '-'], { input: script, signal });
  }

  /** Whether it came true in time. */
  async #until(condition: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + TAKEN_MILLISECONDS;
    while (!(await condition())) {
      if (performance.now() > deadline) return false;
      await delay(POLL_MILLISECONDS, undefined, { signal });
    }
    return true;
  }

  #render(desired: KeepalivedDesired): string {
    return renderKeepalived(desired, (name) => this.#usabilityPath(name));
  }

  #usabilityPath(name: string): string {
    return join(this.#directory, 'usability', name);
  }
}
