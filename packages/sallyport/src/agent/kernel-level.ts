/** Kernel with the leak guard: the level before any tunnel, so that nothing leaves in clear. */
import { type Driver, formatChange } from '../drivers/driver.ts';
import { concernedTunnel } from '../drivers/kernel/concerned.ts';
import type { KernelDriver } from '../drivers/kernel/driver.ts';
import { prefixesByNexthop } from '../drivers/kernel/node-state.ts';
import type {
  KernelChange,
  KernelDesired,
  ObservedKernel,
  ObservedRoute,
} from '../drivers/kernel/state.ts';
import { messageOf } from '../lib/message-of.ts';
import { type HostPlan, USERSPACE_DEVICE } from '../plan/host-plan.ts';
import type { ForwardedReport } from '../status/drain-report.ts';
import { Converger } from './converge.ts';
import type { DriftWatch } from './drift-watch.ts';
import { boundLevel, type LevelResult, toProblem } from './level.ts';
import type { Log } from './log.ts';

export interface KernelLevelOptions {
  readonly kernel: Driver<KernelDesired, ObservedKernel, KernelChange> &
    Pick<KernelDriver, 'counted' | 'diffFlows'>;
  readonly drift: DriftWatch;
  readonly log: Log;
}

export class KernelLevel {
  readonly #options: KernelLevelOptions;
  readonly #converger: Converger;
  /** As it was found last. */
  #last: LevelResult = { differences: [], problems: [] };
  /** Revision that the kernel was last compared with. */
  #revision: string | undefined;
  /** Routes as they were seen last. */
  #routes: readonly ObservedRoute[] = [];
  /** The plan of the round that is on its way, or a later one. */
  #wanted: HostPlan | undefined;
  /** What is being moved. */
  #move: Promise<void> = Promise.resolve();

  constructor(options: KernelLevelOptions) {
    this.#options = options;
    this.#converger = new Converger({ driver: 'kernel', ...options });
  }

  /** `look: false`: as it was found last, where that was under the same plan. */
  async round(plan: HostPlan, look: boolean, signal: AbortSignal): Promise<LevelResult> {
    // Of another plan it says nothing how the kernel was found.
    if (!look && this.#revision === plan.revision) return this.#last;
    this.#revision = plan.revision;
    this.#wanted = plan;
    // What it has begun is seen then.
    await this.#move.catch(() => undefined);
    this.#last = await this.#reach(plan, boundLevel(signal));
    return this.#last;
  }

  /** Prefixes to which the kernel has a way by a group of hosts, as it was seen last. */
  get installed(): ReadonlySet<string> {
    return prefixesByNexthop(this.#routes);
  }

  /** Of another plan only which next hops carry flows, at once: a round that is on its way goes on with that. */
  moveFlows(plan: HostPlan, signal: AbortSignal): Promise<void> {
    this.#wanted = plan;
    this.#move = this.#moveFlows(plan, signal);
    return this.#move;
  }

  async #moveFlows(plan: HostPlan, signal: AbortSignal): Promise<void> {
    const { kernel, log } = this.#options;
    const changes = await kernel.diffFlows(plan, signal);
    // A round that has begun meanwhile knows more.
    if (changes.length === 0 || this.#wanted !== plan) return;
    const { done, failed } = await kernel.apply(changes, signal);
    for (const change of done) log.info({ driver: 'kernel' }, formatChange(change));
    for (const { change, error } of failed)
      log.warn({ driver: 'kernel', error }, `failed: ${formatChange(change)}`);
  }

  /** Packets of others; undefined where they cannot be counted. */
  async forwarded(plan: HostPlan, signal: AbortSignal): Promise<ForwardedReport[] | undefined> {
    try {
      return await this.#options.kernel.counted(plan, boundLevel(signal));
    } catch (error) {
      this.#options.log.warn({ error: messageOf(error) }, 'forwarded packets cannot be counted');
      return undefined;
    }
  }

  async #reach(plan: HostPlan, signal: AbortSignal): Promise<LevelResult> {
    const { kernel } = this.#options;
    const remaining = (observed: ObservedKernel): KernelChange[] => {
      this.#routes = observed.routes;
      return kernel.diff(observed, this.#wanted ?? plan);
    };
    const tunnelsOf = ({ step }: KernelChange): string[] => {
      const tunnel = concernedTunnel(step, plan);
      return tunnel === undefined ? [] : [tunnel];
    };
    try {
      const { name } = kernel;
      const observed = await kernel.observe(signal);
      const differences = await this.#converger.converge({
        look: { level: name, plan: { ...plan, revision: reachedRevision(plan, observed) } },
        changes: remaining(observed),
        teller: { name, tunnelsOf },
        apply: (changes) => kernel.apply(changes, signal),
        remaining: async () => remaining(await kernel.observe(signal)),
      });
      if (plan.engine.addresses !== undefined && observed.engineDevice === undefined)
        differences.push({
          text: `kernel: ${USERSPACE_DEVICE} is not there: the IKE daemon makes it`,
        });
      return { differences, problems: [] };
    } catch (error) {
      return {
        differences: [{ text: 'kernel: state unknown' }],
        problems: [toProblem('kernel/failed', error)],
      };
    }
  }
}

/** Each charon makes a new device for user-space ESP: to give it its addresses again is recovery. */
function reachedRevision({ revision, engine }: HostPlan, observed: ObservedKernel): string {
  if (!engine.userspace) return revision;
  return `${revision} with ${USERSPACE_DEVICE} ${observed.engineDevice?.index ?? 'missing'}`;
}
