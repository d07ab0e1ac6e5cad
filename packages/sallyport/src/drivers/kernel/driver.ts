/**
 * Kernel driver: tunnel interfaces, routes, rules, sysctls and the firewall of one host.
 *
 * How it is driven: `ip -json` and `nft -j` to observe, `ip -batch` and one `nft -f` transaction to
 * apply: a thousand tunnels cost a handful of processes.
 * What we own: interfaces named `sp…` whose alias begins with `sallyport`; routes and rules of
 * protocol 83; the table `inet sallyport`. Sysctls carry no mark: what a shared one was before we
 * changed it is kept by the caller's `SysctlMemory` and put back by `cleanUp`.
 * Order: see `diff.ts`. A failed step is reported and the others go on; the next round tries again.
 * Supported standards and manuals: RFC 4301, RFC 3704, RFC 6691; ip-link(8), ip-route(8),
 * ip-rule(8), nft(8), Linux Documentation/networking/ip-sysctl.
 */
import type { Problem } from '../../lib/problem.ts';
import { OWNER } from '../../plan/host-plan.ts';
import { CommandError, type CommandRunner, outputOf } from '../../platform/linux/command.ts';
import type { SysctlFiles } from '../../platform/linux/sysctl-files.ts';
import type { ApplyReport, Driver, FailedChange } from '../driver.ts';
import { diffKernel } from './diff.ts';
import { parseFirewall, parseInterfaces, parseRoutes, parseRules } from './parse.ts';
import {
  formatRule,
  renderInterfaceAdd,
  renderInterfaceDelete,
  renderInterfaceSet,
  renderRouteDelete,
  renderRouteReplace,
} from './render.ts';
import {
  FAMILIES,
  type KernelChange,
  type KernelDesired,
  type KernelStep,
  NOTHING_DESIRED,
  type ObservedKernel,
} from './state.ts';

export interface KernelDriverOptions {
  readonly commands: CommandRunner;
  readonly sysctls: SysctlFiles;
}

export class KernelDriver implements Driver<KernelDesired, ObservedKernel, KernelChange> {
  readonly name = 'kernel';
  readonly #commands: CommandRunner;
  readonly #sysctls: SysctlFiles;

  constructor({ commands, sysctls }: KernelDriverOptions) {
    this.#commands = commands;
    this.#sysctls = sysctls;
  }

  check(desired: KernelDesired): Problem[] {
    return desired.interfaces
      .filter(({ name }) => name.length > 15)
      .map(({ name }) => ({
        code: 'kernel/interface-name',
        severity: 'error',
        message: 'Linux takes interface names of at most 15 characters',
        value: name,
      }));
  }

  async observe(signal: AbortSignal): Promise<ObservedKernel> {
    const ip = (args: readonly string[]): Promise<string> =>
      outputOf(this.#commands, 'ip', args, { signal });
    const links = parseInterfaces(await ip(['-json', '-details', 'link', 'show']));
    const protocol = String(OWNER.routeProtocol);
    const routes = [];
    const rules = [];
    for (const family of FAMILIES) {
      const list = ['-json', `-${family}`];
      routes.push(
        ...parseRoutes(
          await ip([...list, 'route', 'show', 'table', 'all', 'protocol', protocol]),
          family,
        ),
      );
      rules.push(...parseRules(await ip([...list, 'rule', 'show']), family));
    }
    const firewall = await this.#observeFirewall(signal);
    return {
      interfaces: links,
      routes,
      rules,
      sysctls: await this.#sysctls.read(links.map(({ name }) => name)),
      ...(firewall === undefined ? {} : { firewall }),
    };
  }

  diff(observed: ObservedKernel, desired: KernelDesired): KernelChange[] {
    return diffKernel(observed, desired);
  }

  async apply(
    changes: readonly KernelChange[],
    signal: AbortSignal,
  ): Promise<ApplyReport<KernelChange>> {
    const failed: FailedChange<KernelChange>[] = [];
    for (const group of groupSteps(changes)) {
      const errors = await this.#applyGroup(group, signal);
      for (const [change, error] of errors) failed.push({ change, error });
    }
    const isFailed = new Set(failed.map(({ change }) => change));
    return { done: changes.filter((change) => !isFailed.has(change)), failed };
  }

  async cleanUp(signal: AbortSignal): Promise<void> {
    const observed = await this.observe(signal);
    const report = await this.apply(this.diff(observed, NOTHING_DESIRED), signal);
    await this.#sysctls.restore();
    const [first] = report.failed;
    if (first !== undefined)
      throw new Error(`${report.failed.length} removals failed, first: ${first.error}`);
  }

  async #observeFirewall(signal: AbortSignal): Promise<string | undefined> {
    const args = ['-j', 'list', 'table', 'inet', OWNER.nftTable];
    const result = await this.#commands.run('nft', args, { signal });
    if (result.code === 0) return parseFirewall(result.stdout);
    if (result.stderr.includes('No such file or directory')) return undefined;
    throw new CommandError('nft', args, result.stderr, result.code);
  }

  /** Errors by change. */
  async #applyGroup(group: StepGroup, signal: AbortSignal): Promise<Map<KernelChange, string>> {
    const errors = new Map<KernelChange, string>();
    const [first] = group.changes;
    if (first === undefined) return errors;
    if (group.by === 'ip') return this.#applyBatch(group, signal);
    for (const change of group.changes) {
      try {
        if (change.step.type === 'sysctl') await this.#sysctls.write(change.step.sysctl);
        if (change.step.type === 'firewall') await this.#applyFirewall(change.step.script, signal);
      } catch (error) {
        errors.set(change, error instanceof Error ? error.message : String(error));
      }
    }
    return errors;
  }

  async #applyFirewall(script: string, signal: AbortSignal): Promise<void> {
    // Declared first, so that the delete never fails; all of it is one transaction.
    const table = `table inet ${OWNER.nftTable}`;
    await outputOf(this.#commands, 'nft', ['-f', '-'], {
      input: `${table} {}\ndelete ${table}\n${script}`,
      signal,
    });
  }

  /** `ip -force -batch -` goes on after a failed line and names it: `Command failed -:3`. */
  async #applyBatch(group: StepGroup, signal: AbortSignal): Promise<Map<KernelChange, string>> {
    const lines = group.changes.flatMap((change) =>
      batchLines(change.step).map((line) => ({ line, change })),
    );
    const input = `${lines.map(({ line }) => line).join('\n')}\n`;
    const family = group.family === undefined ? [] : [`-${group.family}`];
    const result = await this.#commands.run('ip', [...family, '-force', '-batch', '-'], {
      input,
      signal,
    });
    const errors = new Map<KernelChange, string>();
    let message = '';
    for (const text of result.stderr.split('\n')) {
      const number = /^Command failed -:(\d+)/.exec(text)?.[1];
      const entry = number === undefined ? undefined : lines[Number(number) - 1];
      if (entry === undefined) {
        message = text.trim() || message;
        continue;
      }
      if (!isGone(entry.change.step, message))
        errors.set(entry.change, `ip ${entry.line}: ${message}`);
    }
    if (result.code !== 0 && errors.size === 0 && !/Command failed -:/.test(result.stderr)) {
      for (const change of group.changes) errors.set(change, `ip -batch: ${result.stderr.trim()}`);
    }
    return errors;
  }
}

interface StepGroup {
  readonly by: 'ip' | 'other';
  /** `ip rule` takes the family as an option of the program. */
  readonly family?: 4 | 6;
  readonly changes: KernelChange[];
}

/** Neighbouring steps that one process can do. */
function groupSteps(changes: readonly KernelChange[]): StepGroup[] {
  const groups: StepGroup[] = [];
  for (const change of changes) {
    const { step } = change;
    const by = step.type === 'sysctl' || step.type === 'firewall' ? 'other' : 'ip';
    const family =
      step.type === 'rule-add' || step.type === 'rule-delete' ? step.rule.family : undefined;
    const last = groups.at(-1);
    if (last?.by === by && last.family === family) last.changes.push(change);
    else groups.push({ by, changes: [change], ...(family === undefined ? {} : { family }) });
  }
  return groups;
}

function batchLines(step: KernelStep): string[] {
  switch (step.type) {
    case 'interface-add':
      return renderInterfaceAdd(step.interface);
    case 'interface-set':
      return renderInterfaceSet(step.interface);
    case 'interface-delete':
      return [renderInterfaceDelete(step.name)];
    case 'route-replace':
      return [renderRouteReplace(step.route)];
    case 'route-delete':
      return [renderRouteDelete(step.route)];
    case 'rule-add':
      return [`rule add ${formatRule(step.rule)}`];
    case 'rule-delete':
      return [`rule delete ${formatRule(step.rule)}`];
    case 'sysctl':
    case 'firewall':
      return [];
  }
}

/** A removal that finds nothing has reached its aim: routes go with their interface. */
function isGone(step: KernelStep, message: string): boolean {
  return (
    /-delete$/.test(step.type) && /No such process|Cannot find device|No such file/.test(message)
  );
}
