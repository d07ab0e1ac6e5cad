/**
 * Kernel driver: tunnel interfaces, routes, rules, sysctls and the firewall of one host.
 * All of it is in the host's own network namespace; interfaces of a shard are made in the namespace of
 * its SAs and moved here: they go on looking for SAs there, and packets in clear stay here.
 *
 * How it is driven: `ip -json` and `nft -j` to observe, `ip -batch` and one `nft -f` transaction to
 * apply: a thousand tunnels cost a handful of processes.
 * What we own: links named `sp…` of type xfrm, vti, vti6 or vxlan whose alias begins with `sallyport`, with
 * their addresses; addresses of the TUN device that our charon makes for ESP in user space; routes, rules, neighbours
 * and nexthop objects of protocol 83; the table `inet sallyport`.
 * Routes of table 8305 are of our zebra, which gives them its own protocol number and keeps them. Sysctls carry
 * no mark: what a shared one was before we changed it is kept by `SysctlFiles` and put back by `cleanUp`.
 * Order: see `diff.ts`. A failed step is reported and the others go on; the next round tries again.
 * Supported standards and manuals: RFC 4301, RFC 3704, RFC 6691, RFC 7348; ip-link(8),
 * ip-address(8), ip-neighbour(8), ip-nexthop(8), ip-route(8), ip-rule(8), nft(8), Linux Documentation/networking/ip-sysctl.
 */
import { messageOf } from '../../lib/message-of.ts';
import type { Family } from '../../lib/prefix.ts';
import type { Problem } from '../../lib/problem.ts';
import { rememberingLast } from '../../lib/remembering.ts';
import { type HostPlan, OWNER, USERSPACE_DEVICE } from '../../plan/host-plan.ts';
import { CommandError, type CommandRunner, outputOf } from '../../platform/linux/command.ts';
import { isSysctlKey, type SysctlFiles } from '../../platform/linux/sysctl-files.ts';
import type { ForwardedReport } from '../../status/drain-report.ts';
import type { ApplyReport, Driver, FailedChange } from '../driver.ts';
import { askIp } from './ask.ts';
import { runBatch } from './batch.ts';
import { canonicalDesired } from './canonical.ts';
import { parseCounted } from './counted.ts';
import { diffKernel } from './diff.ts';
import { diffNexthops } from './diff-nexthops.ts';
import { nodeState } from './node-state.ts';
import { parseLinks, parseNetworkNamespaces, parseRoutes, parseRules } from './parse.ts';
import { parseFirewall } from './parse-firewall.ts';
import { parseNeighbors, parseNexthops } from './parse-nexthops.ts';
import {
  type KernelChange,
  type KernelDesired,
  type KernelStep,
  NOTHING_DESIRED,
  type ObservedKernel,
  type ObservedRoute,
} from './state.ts';

export interface KernelDriverOptions {
  readonly commands: CommandRunner;
  readonly sysctls: Pick<SysctlFiles, 'read' | 'write' | 'restore'>;
}

/**
 * Of a nexthop group that is to be resilient: a newer kernel without them; Linux 5.3 to 5.12, which know fewer
 * attributes (lib/nlattr.c, net/ipv4/nexthop.c); an old ip-nexthop(8).
 */
const REFUSES_TYPE = /group type|"type"|not supported|unsupported|unknown attribute/i;

const OURS = `protocol ${OWNER.routeProtocol}`;
const NEXTHOPS = `nexthop show ${OURS}`;

/** IFNAMSIZ of <linux/if.h> less the closing zero. */
const LONGEST_NAME = 15;

export class KernelDriver implements Driver<KernelDesired, ObservedKernel, KernelChange> {
  readonly name = 'kernel';
  readonly #commands: CommandRunner;
  readonly #sysctls: KernelDriverOptions['sysctls'];
  #hasResilientGroups = true;
  /** In most rounds they are what they were: then the list is the same, too. */
  readonly #joinRoutes = rememberingLast(
    (v4: readonly ObservedRoute[], v6: readonly ObservedRoute[]) => [...v4, ...v6],
  );
  readonly #parseRoutes = {
    4: rememberingLast((text: string) => parseRoutes(text, 4)),
    6: rememberingLast((text: string) => parseRoutes(text, 6)),
  };

  constructor({ commands, sysctls }: KernelDriverOptions) {
    this.#commands = commands;
    this.#sysctls = sysctls;
  }

  check(desired: KernelDesired): Problem[] {
    const names = desired.interfaces.map(({ name }) => name);
    return [
      ...names
        .filter((name) => name.length > LONGEST_NAME)
        .map((name) =>
          problem(
            'kernel/interface-name',
            name,
            `Linux takes interface names of at most ${LONGEST_NAME} characters`,
          ),
        ),
      ...names
        .filter((name) => !name.startsWith(OWNER.interfacePrefix))
        .map((name) =>
          problem(
            'kernel/interface-name',
            name,
            `names of our interfaces begin with ${OWNER.interfacePrefix}`,
          ),
        ),
      ...desired.sysctls
        .filter(({ key }) => !isSysctlKey(key, [...names, USERSPACE_DEVICE]))
        .map(({ key }) =>
          problem('kernel/sysctl', key, 'this sysctl is not one that is read back'),
        ),
    ];
  }

  async observe(signal: AbortSignal): Promise<ObservedKernel> {
    const ofFamily = async (family: Family) => {
      const lines = [`route show table all ${OURS}`, 'rule show'];
      const [routes = '', rules = ''] = await askIp(
        this.#commands,
        { options: [`-${family}`], lines },
        signal,
      );
      return { routes: this.#parseRoutes[family](routes), rules: parseRules(rules, family) };
    };
    const [namespaceList, lists, firewall, v4, v6] = await Promise.all([
      // Prints nothing where there are none: it cannot be told from the others in one output.
      outputOf(this.#commands, 'ip', ['-json', 'netns', 'list'], { signal }),
      this.#ask(['address show', 'neighbor show nud permanent', NEXTHOPS], signal),
      this.#observeFirewall(signal),
      ofFamily(4),
      ofFamily(6),
    ]);
    const [linkList = '', neighborList = '', nexthopList = ''] = lists;
    const namespaces = parseNetworkNamespaces(namespaceList);
    const links = parseLinks(linkList, namespaces);
    return {
      ...links,
      networkNamespaces: new Set(namespaces.keys()),
      routes: this.#joinRoutes(v4.routes, v6.routes),
      rules: [...v4.rules, ...v6.rules],
      neighbors: parseNeighbors(neighborList),
      nexthops: parseNexthops(nexthopList),
      hasResilientGroups: this.#hasResilientGroups,
      sysctls: await this.#sysctls.read([
        ...links.interfaces.map(({ name }) => name),
        ...(links.engineDevice === undefined ? [] : [USERSPACE_DEVICE]),
      ]),
      ...(firewall === undefined ? {} : { firewall }),
    };
  }

  diff(observed: ObservedKernel, desired: KernelDesired): KernelChange[] {
    return diffKernel(observed, desired);
  }

  /**
   * Changes that only move flows between hops that are there. Without a look at routes, which may be many: what a
   * probe finds out takes effect at once.
   */
  async diffFlows(desired: KernelDesired, signal: AbortSignal): Promise<KernelChange[]> {
    const { node } = canonicalDesired(desired);
    if (node === undefined) return [];
    const [linkList = '', nexthopList = ''] = await this.#ask(['address show', NEXTHOPS], signal);
    const nexthops = parseNexthops(nexthopList);
    const { subnets } = parseLinks(linkList);
    const wanted = nodeState(node, {
      subnets,
      hasResilientGroups: this.#hasResilientGroups,
    });
    const { add } = diffNexthops({ nexthops, neighbors: wanted.neighbors }, wanted);
    return add.filter(
      ({ action, step }) => step.type === 'nexthop-replace' && action === 'replace',
    );
  }

  async apply(
    changes: readonly KernelChange[],
    signal: AbortSignal,
  ): Promise<ApplyReport<KernelChange>> {
    const failed: FailedChange<KernelChange>[] = [];
    for (const { kind, changes: group } of groupSteps(changes)) {
      if (kind === 'nexthop-removal' && failed.some(({ change }) => isByNexthop(change))) {
        // Routes that still go by them would go with them.
        const error = 'kept, since what is to stand for it failed';
        for (const change of group) failed.push({ change, error });
        continue;
      }
      const errors =
        kind === 'other'
          ? await this.#applyEach(group, signal)
          : await runBatch(this.#commands, group, {
              family: kind === 'rule4' ? 4 : kind === 'rule6' ? 6 : undefined,
              signal,
            });
      this.#noteRefusedGroups(errors);
      for (const [change, error] of errors) failed.push({ change, error });
    }
    const hasFailed = new Set(failed.map(({ change }) => change));
    return { done: changes.filter((change) => !hasFailed.has(change)), failed };
  }

  /** What the host has forwarded since `firewall.counted` is in effect. */
  async counted(plan: HostPlan, signal: AbortSignal): Promise<ForwardedReport[] | undefined> {
    const args = ['-j', 'list', 'counters', 'table', 'inet', OWNER.nftTable];
    return parseCounted(await outputOf(this.#commands, 'nft', args, { signal }), plan);
  }

  async cleanUp(signal: AbortSignal): Promise<void> {
    const observed = await this.observe(signal);
    const report = await this.apply(this.diff(observed, NOTHING_DESIRED), signal);
    await this.#sysctls.restore();
    const [first] = report.failed;
    if (first !== undefined) {
      throw new Error(`${report.failed.length} removals failed, first: ${first.error}`);
    }
  }

  async #observeFirewall(signal: AbortSignal): Promise<string | undefined> {
    const args = ['-j', 'list', 'table', 'inet', OWNER.nftTable];
    try {
      const result = await this.#commands.run('nft', args, { signal });
      if (result.code === 0) return parseFirewall(result.stdout);
      if (result.stderr.includes('No such file or directory')) return undefined;
      return `unreadable: ${result.stderr.trim()}`;
    } catch (cause) {
      // nft 1.0.6 dies while it prints a table with flags: such a table is none of ours as it stands.
      if (signal.aborted || !(cause instanceof CommandError || cause instanceof SyntaxError)) {
        throw cause;
      }
      return `unreadable: ${cause.message}`;
    }
  }

  /** The last one is about nexthop objects: neither programs nor kernels before Linux 5.3 have any. */
  #ask(lines: readonly string[], signal: AbortSignal): Promise<string[]> {
    return askIp(this.#commands, { options: ['-details'], lines, optional: 1 }, signal);
  }

  /** What stands for a refused group comes in the next round, which finds out that it is missing. */
  #noteRefusedGroups(errors: ReadonlyMap<KernelChange, string>): void {
    for (const [{ step }, error] of errors)
      if (step.type === 'nexthop-replace' && step.nexthop.includes(' type resilient '))
        if (REFUSES_TYPE.test(error)) this.#hasResilientGroups = false;
  }

  /** Errors by change. */
  async #applyEach(
    changes: readonly KernelChange[],
    signal: AbortSignal,
  ): Promise<Map<KernelChange, string>> {
    const errors = new Map<KernelChange, string>();
    for (const change of changes) {
      try {
        await this.#applyStep(change.step, signal);
      } catch (cause) {
        errors.set(change, messageOf(cause));
      }
    }
    return errors;
  }

  async #applyStep(step: KernelStep, signal: AbortSignal): Promise<void> {
    if (step.type === 'sysctl') await this.#sysctls.write(step.sysctl);
    else if (step.type === 'refuse') throw new Error(step.reason);
    else if (step.type === 'firewall') {
      // Declared first, so that the delete never fails. All of it is one transaction; cut off in
      // its middle it has an open brace, and nft refuses it as a whole.
      const table = `table inet ${OWNER.nftTable}`;
      const input = `${table} {}\ndelete ${table}\n${step.script}`;
      await outputOf(this.#commands, 'nft', ['-f', '-'], { input, signal });
    }
  }
}

function isByNexthop({ step }: KernelChange): boolean {
  return (
    step.type === 'nexthop-replace' ||
    (step.type === 'route-replace' && step.route.nexthop !== undefined)
  );
}

function problem(code: string, value: string, message: string): Problem {
  return { code, severity: 'error', message, value };
}

/** Steps of one kind can share processes. */
type StepKind = 'link' | 'nexthop' | 'nexthop-removal' | 'route' | 'rule4' | 'rule6' | 'other';

function kindOf(step: KernelStep): StepKind {
  switch (step.type) {
    case 'interface-add':
    case 'interface-set':
    case 'interface-delete':
    case 'device-set':
      return 'link';
    case 'neighbor-replace':
    case 'nexthop-replace':
      return 'nexthop';
    case 'neighbor-delete':
    case 'nexthop-delete':
      return 'nexthop-removal';
    case 'route-replace':
    case 'route-delete':
      return 'route';
    case 'rule-add':
    case 'rule-delete':
      // `ip rule` takes the family as an option of the program.
      return step.rule.family === 4 ? 'rule4' : 'rule6';
    case 'sysctl':
    case 'firewall':
    case 'refuse':
      return 'other';
  }
}

/** Neighbours of one kind, in order. */
function groupSteps(
  changes: readonly KernelChange[],
): { readonly kind: StepKind; readonly changes: KernelChange[] }[] {
  const groups: { kind: StepKind; changes: KernelChange[] }[] = [];
  for (const change of changes) {
    const kind = kindOf(change.step);
    const last = groups.at(-1);
    if (last?.kind === kind) last.changes.push(change);
    else groups.push({ kind, changes: [change] });
  }
  return groups;
}
