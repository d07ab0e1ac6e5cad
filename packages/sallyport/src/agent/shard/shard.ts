/**
 * One IKE daemon of the host with all that serves it. The host's own is in the host's network namespace
 * and has no name; every other one is in the namespace that it is named after.
 */
import type { ViciClient } from '@sallyport/vici';
import type { StrongswanDriver } from '../../drivers/strongswan/driver.ts';
import type { Engine } from '../../drivers/strongswan/engine.ts';
import { duplicateIn } from '../../drivers/strongswan/sas/duplicate.ts';
import { failuresOf } from '../../lib/failures-of.ts';
import { messageOf } from '../../lib/message-of.ts';
import type { HostPlan, TunnelPlan } from '../../plan/host-plan.ts';
import type { EngineReport, EngineState, HostProblem } from '../../status/host-report.ts';
import type { TrailStep } from '../../status/why/explanation.ts';
import { ALL, type Extent, TOLD } from '../extent.ts';
import type { IpsecListener } from '../kernel-monitor.ts';
import type { Log } from '../log.ts';
import type { TunnelHistory } from '../record/tunnel-history.ts';
import { type DaemonEventsOptions, followDaemonEvents } from './daemon-events.ts';
import type { EngineLevel, EngineLevelResult } from './engine-level.ts';
import type { Failures, LogLine } from './failures.ts';
import type { NamespaceWatch } from './namespace-watch.ts';
import type { RollGuard } from './roll-guard.ts';
import type { SaNews } from './sa-news.ts';
import type { TunnelKeeper } from './tunnel-keeper.ts';

export interface ShardParts {
  /** Of its network namespace; absent: the host's own daemon. */
  readonly name?: string;
  readonly engine: Pick<Engine, 'socket' | 'isExternal' | 'answers' | 'stop'>;
  readonly client: Pick<ViciClient, 'close' | 'generation'> & DaemonEventsOptions['client'];
  readonly strongswan: Pick<StrongswanDriver, 'cleanUp'>;
  readonly level: Pick<EngineLevel, 'round' | 'noteCurrent'>;
  readonly keeper: Pick<TunnelKeeper, 'attemptFailed' | 'nextAt'>;
  readonly failures: Pick<Failures, 'readLine' | 'readAlert' | 'trailOf' | 'beginLife'>;
  readonly history: Pick<TunnelHistory, 'note' | 'noteEnd'>;
  readonly news: SaNews;
  readonly rollGuard: Pick<RollGuard, 'cleanUp'>;
  /** Tells of what is taken out of its kernel. */
  readonly watch: Pick<NamespaceWatch, 'follow' | 'renew'>;
  /** Whether its network namespace is there: with that goes everything in its kernel. */
  readonly isThere: () => Promise<boolean>;
  /** Removes what is left when the daemon has ended: SAs of one that was killed, files of a shard. */
  readonly cleanAfter: (signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

export interface ShardResult extends EngineLevelResult {
  readonly problems: readonly HostProblem[];
  readonly engine: EngineReport;
}

/** What an event asks the agent for: a round soon, with such a look. */
export type OnChange = (extent: Extent) => void;

export class Shard {
  readonly name: string | undefined;
  readonly #parts: ShardParts;
  readonly #end = new AbortController();
  #tunnels: readonly TunnelPlan[] = [];

  constructor(parts: ShardParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  /** Earliest time at which one of its tunnels may be tried again; undefined where none waits. */
  get nextAt(): number | undefined {
    return this.#parts.keeper.nextAt;
  }

  /** What the daemon has logged of a tunnel's last negotiations. */
  trailOf(tunnel: string): readonly TrailStep[] {
    return this.#parts.failures.trailOf(tunnel);
  }

  /** Brings the daemon to its part of the plan. */
  async round(plan: HostPlan, extent: Extent, signal: AbortSignal): Promise<ShardResult> {
    const part = partOf(plan, this.name);
    this.#tunnels = part.tunnels;
    await this.#goOnWithout(this.#parts.watch.renew());
    const result = await this.#parts.level.round(part, extent, signal);
    const place = { shard: this.name ?? null };
    return {
      ...result,
      differences: result.differences.map((difference) => ({ ...difference, ...place })),
      problems: result.problems.map((problem) => ({ ...problem, ...place })),
      engine: this.report(result.engineState, result.engineVersion),
    };
  }

  /** `version`: of the daemon, where it runs. */
  report(state: EngineState = 'stopped', version?: string): EngineReport {
    const { client, engine } = this.#parts;
    return {
      name: 'strongswan',
      ...(this.name === undefined ? {} : { shard: this.name }),
      socket: engine.socket,
      state,
      external: engine.isExternal,
      life: client.generation,
      ...(version === undefined ? {} : { version }),
    };
  }

  /** Listens to the daemon until the signal fires, or the shard ends. */
  async follow(onChange: OnChange, signal: AbortSignal): Promise<void> {
    const { client, failures, watch, history, news, log } = this.#parts;
    const until = AbortSignal.any([signal, this.#end.signal]);
    const ipsec: IpsecListener = {
      onGone: () => {
        onChange(TOLD);
      },
      onSaEnd: (end) => {
        history.noteEnd(end);
      },
    };
    await this.#goOnWithout(watch.follow(ipsec, until));
    await followDaemonEvents(
      {
        ...{ client, log },
        onChange: (isNew) => {
          if (isNew) {
            failures.beginLife();
            news.beginLife();
          } else news.noteAll();
          onChange(isNew ? ALL : TOLD);
        },
        onDeaf: () => {
          news.deafen();
        },
        onSa: (event) => {
          history.note(event);
          news.noteEvent(event);
          onChange(TOLD);
        },
        onLog: (line) => {
          this.#noteDuplicate(line, onChange);
          this.#noteFailed(failures.readLine(line, this.#tunnels, new Date()), onChange);
        },
        onAlert: (alert, ikeName) => {
          const failed = failures.readAlert(alert, ikeName, this.#tunnels, new Date());
          this.#noteFailed(failed, onChange);
        },
      },
      until,
    );
  }

  /** Ends every hold, also those of an agent that was killed. */
  async releaseHolds(signal: AbortSignal): Promise<void> {
    const { rollGuard, isThere } = this.#parts;
    if (await isThere()) await rollGuard.cleanUp(signal);
  }

  /** Leaves the daemon as it is. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#parts.client.close();
  }

  /** Takes away everything of ours, as far as it can; returns what failed. */
  async remove(signal: AbortSignal): Promise<unknown[]> {
    const { engine, strongswan, cleanAfter } = this.#parts;
    return failuresOf([
      async () => {
        // What our own daemon holds ends with it; of another one we would leave everything behind.
        if (engine.isExternal || (await engine.answers(signal))) await strongswan.cleanUp(signal);
      },
      async () => {
        await engine.stop(signal);
        await cleanAfter(signal);
      },
      () => this.releaseHolds(signal),
      () => this.close(),
    ]);
  }

  /** Without a watch, rounds come by timer. */
  async #goOnWithout(watching: Promise<void>): Promise<void> {
    try {
      await watching;
    } catch (error) {
      const place = this.name === undefined ? {} : { shard: this.name };
      this.#parts.log.warn(
        { ...place, error: messageOf(error) },
        'the kernel of the daemon cannot be watched; going on by timer',
      );
    }
  }

  #noteDuplicate({ ikeName, text }: LogLine, onChange: OnChange): void {
    const child = duplicateIn(text);
    if (child === undefined || ikeName === undefined) return;
    this.#parts.level.noteCurrent(child);
    this.#parts.news.note(ikeName);
    onChange(TOLD);
  }

  #noteFailed(tunnels: readonly string[], onChange: OnChange): void {
    for (const tunnel of tunnels) {
      this.#parts.keeper.attemptFailed(tunnel);
      this.#parts.news.note(tunnel);
    }
    if (tunnels.length > 0) onChange(TOLD);
  }
}

/** What one daemon has to do of a plan. */
export function partOf(plan: HostPlan, shard: string | undefined): HostPlan {
  return {
    ...plan,
    engine: { ...plan.engine, userspace: plan.engine.userspace && shard === undefined },
    tunnels: plan.tunnels.filter((tunnel) => tunnel.shard === shard),
  };
}
