/** One IKE daemon: kept running, loaded as planned, its tunnels kept up, and all of it read back. */
import { type IkeSa, ViciTimeout } from '@sallyport/vici';
import { findUnknown } from '../../drivers/kernel/sas/left-ipsec.ts';
import type { KernelIpsec } from '../../drivers/kernel/sas/parse-states.ts';
import { findNarrowed } from '../../drivers/strongswan/causes/narrowed.ts';
import { certificatesInUse } from '../../drivers/strongswan/certificates.ts';
import { concernedNames, concernedTunnels } from '../../drivers/strongswan/concerned.ts';
import type { StrongswanDriver } from '../../drivers/strongswan/driver.ts';
import type { Engine } from '../../drivers/strongswan/engine.ts';
import { EngineError } from '../../drivers/strongswan/engine-error.ts';
import {
  readTunnel,
  standingChildren,
  type TunnelReading,
  unreadTunnel,
} from '../../drivers/strongswan/parse.ts';
import { revokedPeer } from '../../drivers/strongswan/revoked.ts';
import { findLost } from '../../drivers/strongswan/sas/lost.ts';
import { NOTHING_TOLD } from '../../drivers/strongswan/sas/origins.ts';
import { saDifferences } from '../../drivers/strongswan/sas/sa-differences.ts';
import { isOutdated, isSettled } from '../../drivers/strongswan/sas/tunnel-view.ts';
import {
  needsDaemon,
  type ObservedStrongswan,
  type StrongswanChange,
  type StrongswanLook,
} from '../../drivers/strongswan/state.ts';
import type { HostPlan, TunnelPlan } from '../../plan/host-plan.ts';
import type { Difference, EngineState, TunnelReport } from '../../status/host-report.ts';
import { Converger, type Teller } from '../converge.ts';
import type { DriftWatch } from '../drift-watch.ts';
import type { Extent } from '../extent.ts';
import { boundLevel, type LevelResult, toProblem } from '../level.ts';
import type { Log } from '../log.ts';
import type { TunnelHistory } from '../record/tunnel-history.ts';
import type { Failures } from './failures.ts';
import { type Leftovers, spisOf } from './leftovers.ts';
import { loadedToLookAt } from './loaded-look.ts';
import type { SaNews } from './sa-news.ts';
import type { KernelFindings, TunnelKeeper } from './tunnel-keeper.ts';

export interface EngineLevelOptions {
  readonly engine: Pick<Engine, 'socket' | 'ensure' | 'answers'>;
  readonly strongswan: StrongswanDriver;
  /** SAs and policies of the kernel. */
  readonly observeIpsec: (signal: AbortSignal) => Promise<KernelIpsec>;
  readonly leftovers: Pick<Leftovers, 'daemonStarted' | 'clean'>;
  readonly keeper: TunnelKeeper;
  readonly news: SaNews;
  readonly drift: DriftWatch;
  /** Name of the network namespace; absent: the host's own daemon. */
  readonly shard?: string;
  readonly failures: Failures;
  readonly history: TunnelHistory;
  readonly log: Log;
}

export interface EngineLevelResult extends LevelResult {
  readonly tunnels: readonly TunnelReport[];
  readonly engineState: EngineState;
  /** Absent where the daemon does not run, or could not be asked. */
  readonly engineVersion?: string;
  /** Something was initiated or ended: look again soon. */
  readonly isMoving: boolean;
}

/** Causes that concern the daemon, and with it every tunnel. */
const DAEMON_CODES = ['engine/not-running', 'engine/no-answer'] as const;

type DaemonCode = (typeof DAEMON_CODES)[number];

/** What came of the wish for a daemon. */
type Ensured = { readonly problems: LevelResult['problems'] } & (
  | { readonly state: 'running'; readonly code?: undefined }
  | { readonly state: 'silent'; readonly code?: 'engine/no-answer' }
  | { readonly state: 'stopped'; readonly code: 'engine/not-running' }
);

interface Found {
  readonly plan: HostPlan;
  readonly observed: ObservedStrongswan;
}

const RUNNING: Ensured = { state: 'running', problems: [] };

export class EngineLevel {
  readonly #options: EngineLevelOptions;
  readonly #converger: Converger;
  /** Child SAs whose states or policies were missing in the last round. */
  #suspects: ReadonlySet<string> = new Set();
  /** What was found in the last round, and under which plan; absent where that is not known. */
  #last: Found | undefined;
  /** Child SAs of which the daemon has said since then that they were made with what is loaded. */
  #current = new Set<string>();

  constructor(options: EngineLevelOptions) {
    this.#options = options;
    this.#converger = new Converger({ driver: 'strongswan', ...options });
  }

  /** `child`: unique id of a Child SA that was made with what is loaded, by the word of the daemon. */
  noteCurrent(child: string): void {
    this.#current.add(child);
  }

  /** What `extent` leaves out is as it was found last. */
  async round(plan: HostPlan, extent: Extent, signal: AbortSignal): Promise<EngineLevelResult> {
    const { failures, news } = this.#options;
    const last = this.#last;
    this.#last = undefined;
    if (extent.sas || last === undefined) news.noteAll();
    const loaded = loadedToLookAt(plan, extent, last?.plan);
    const look = { ...(loaded === undefined ? {} : { loaded }), sas: news.take() };
    failures.keepOnly(new Set(plan.tunnels.map(({ name }) => name)));
    const isNeeded = needsDaemon(plan);
    const daemon = await this.#ensure(plan, isNeeded, boundLevel(signal));
    for (const code of DAEMON_CODES) if (code !== daemon.code) failures.forgetCode(code);
    if (daemon.state === 'stopped') return this.#withoutDaemon(plan, isNeeded, daemon.problems);
    if (daemon.state === 'silent') return this.#unread(plan, daemon.code, daemon.problems);
    try {
      return await this.#reach(plan, look, last?.observed, boundLevel(signal));
    } catch (error) {
      const isSilent = error instanceof ViciTimeout;
      const code = isSilent ? 'engine/no-answer' : undefined;
      return this.#unread(plan, code, [toProblem(code ?? 'strongswan/failed', error)]);
    }
  }

  /** `code`: the cause for each tunnel, where the daemon is known to be gone or not to answer. */
  async #ensure(plan: HostPlan, isNeeded: boolean, signal: AbortSignal): Promise<Ensured> {
    const { engine, leftovers, log } = this.#options;
    try {
      // A daemon without a plan is left alone, and still asked for what it holds of ours.
      if (!isNeeded) {
        const answers = await engine.answers(signal);
        return answers ? RUNNING : { state: 'stopped', code: 'engine/not-running', problems: [] };
      }
      if ((await engine.ensure(plan.engine.userspace, signal)) === 'started') {
        log.info({ socket: engine.socket }, 'IKE daemon started');
        await leftovers.daemonStarted(plan, signal);
      }
      return RUNNING;
    } catch (error) {
      // Anything else says nothing about the daemon, which may run and carry packets.
      if (!(error instanceof EngineError))
        return { state: 'silent', problems: [toProblem('engine/failed', error)] };
      const problems = [toProblem(error.code, error)];
      return error.code === 'engine/no-answer'
        ? { state: 'silent', code: error.code, problems }
        : { state: 'stopped', code: 'engine/not-running', problems };
    }
  }

  #withoutDaemon(
    plan: HostPlan,
    isNeeded: boolean,
    problems: LevelResult['problems'],
  ): EngineLevelResult {
    if (isNeeded) this.#noteAll(plan, 'engine/not-running');
    return {
      tunnels: this.#complete(plan.tunnels.map((tunnel) => readTunnel(tunnel, []))),
      differences: isNeeded ? [{ text: 'IKE daemon: not running' }] : [],
      problems,
      engineState: 'stopped',
      isMoving: false,
    };
  }

  /** The daemon runs, or may run, and what it has could not be read. */
  #unread(
    plan: HostPlan,
    code: 'engine/no-answer' | undefined,
    problems: LevelResult['problems'],
  ): EngineLevelResult {
    if (code !== undefined) this.#noteAll(plan, code);
    return {
      tunnels: this.#complete(plan.tunnels.map(unreadTunnel)),
      differences: [{ text: 'IKE daemon: state unknown' }],
      problems,
      engineState: 'silent',
      isMoving: false,
    };
  }

  #noteAll(plan: HostPlan, code: DaemonCode): void {
    const now = new Date();
    for (const tunnel of plan.tunnels)
      this.#options.failures.note(tunnel, { code, named: [], isSpecific: true }, now);
  }

  #complete(readings: readonly TunnelReading[]): TunnelReport[] {
    const { history, failures } = this.#options;
    const now = new Date();
    return readings.map((reading) =>
      history.complete(reading, failures.causeOf(reading.name), now),
    );
  }

  async #reach(
    plan: HostPlan,
    look: StrongswanLook,
    last: ObservedStrongswan | undefined,
    signal: AbortSignal,
  ): Promise<EngineLevelResult> {
    const { keeper, failures, news } = this.#options;
    const { observed, differences } = await this.#load(plan, look, last, signal);
    news.noteUnsettled(observed.sas);
    const kernel = await this.#compareKernel(plan, observed.sas, look.sas === 'all', signal);
    const { lost } = kernel;
    const known = { origins: observed.origins, lost };
    const byTunnel = Map.groupBy(observed.sas, ({ name }) => name);
    const sasOf = ({ name }: TunnelPlan): readonly IkeSa[] => byTunnel.get(name) ?? [];
    const readings = plan.tunnels.map((tunnel) => {
      const sas = sasOf(tunnel);
      const reading = readTunnel(tunnel, sas, lost);
      if (tunnel.auth.method !== 'certificate') return reading;
      const certificates = certificatesInUse(tunnel.auth, {
        held: observed,
        isOutdated: isOutdated(tunnel, sas, known),
        provenId: reading.ike === undefined ? undefined : reading.remoteId,
      });
      return { ...reading, certificates };
    });
    for (const [index, tunnel] of plan.tunnels.entries()) {
      if (tunnel.auth.method !== 'certificate' || !isOutdated(tunnel, sasOf(tunnel), known))
        continue;
      const remote = readings[index]?.certificates?.remote;
      const revoked = remote === undefined ? undefined : revokedPeer(tunnel.auth, remote, observed);
      // It may see to it that the new SA never comes to an answer: that is not waited for.
      if (revoked !== undefined) failures.note(tunnel, revoked, new Date());
    }
    const actions = await keeper.keep(plan.tunnels, observed, kernel, signal);
    const now = new Date();
    for (const tunnel of plan.tunnels) {
      const sas = sasOf(tunnel);
      if (isSettled(tunnel, sas, known)) {
        const children = standingChildren(tunnel, sas, lost);
        failures.settle(tunnel, findNarrowed(tunnel, children), now);
      }
      if (isOutdated(tunnel, sas, known))
        differences.push({
          text: `IKE daemon: ${tunnel.name} still carries packets as it was configured before`,
          tunnel: tunnel.name,
        });
      differences.push(
        ...saDifferences(tunnel, sas, known).map((line) => ({
          text: `IKE daemon: ${tunnel.name}: ${line}`,
          tunnel: tunnel.name,
        })),
      );
    }
    differences.push(...toLostDifferences(observed.sas, lost));
    this.#last = { plan, observed };
    return {
      tunnels: this.#complete(readings),
      differences,
      problems: [],
      engineState: 'running',
      engineVersion: observed.version,
      isMoving: actions > 0 || kernel.isMoving,
    };
  }

  /** Brings connections and credentials into the daemon, and says what still differs after it. */
  async #load(
    plan: HostPlan,
    look: StrongswanLook,
    last: ObservedStrongswan | undefined,
    signal: AbortSignal,
  ): Promise<{ observed: ObservedStrongswan; differences: Difference[] }> {
    const { strongswan, drift, shard, news } = this.#options;
    const { lineage } = news;
    const told = { lineage, current: this.#current };
    this.#current = new Set();
    const found = await strongswan.observe(signal, look, last);
    const changes = strongswan.diff(found, plan);
    const changing = new Set(
      changes.flatMap(({ step }) => (step.type === 'connection-load' ? [step.tunnel.name] : [])),
    );
    let observed = await strongswan.rememberSas(found, plan.tunnels, changing, told);
    const level = shard === undefined ? 'strongswan' : `strongswan ${shard}`;
    if (holdsNothing(found)) drift.forget(level);
    const differences = await this.#converger.converge({
      look: { level, plan, daemonSince: found.daemonSince, shard: shard ?? null },
      changes,
      teller: tellerOf(plan),
      apply: async () => {
        const report = await strongswan.apply(changes, signal);
        this.#forgetFailures(report.done, plan);
        return report;
      },
      remaining: async () => {
        const names = concernedNames(changes, plan);
        const again = await strongswan.observe(signal, { loaded: names, sas: names }, found);
        observed = await strongswan.rememberSas(again, plan.tunnels, changing, {
          ...NOTHING_TOLD,
          lineage,
        });
        return strongswan.diff(observed, plan);
      },
    });
    lineage.keepOnly(observed.origins);
    return { observed, differences };
  }

  /** What is configured anew is tried anew. */
  #forgetFailures(done: readonly StrongswanChange[], plan: HostPlan): void {
    const { keeper, failures } = this.#options;
    for (const { step } of done) {
      if (step.type === 'list-load')
        for (const name of concernedTunnels(step, plan)) keeper.forgetAttempt(name);
      if (step.type !== 'connection-load' && step.type !== 'shared-load') continue;
      keeper.forgetAttempt(step.tunnel.name);
      failures.forget(step.tunnel.name);
    }
  }

  /**
   * Child SAs that the kernel has lost, and what it has that no daemon knows. Daemon and kernel are asked one
   * after the other, and a rekey may come between: only what is missing in two rounds is lost.
   */
  async #compareKernel(
    plan: HostPlan,
    sas: readonly IkeSa[],
    areAllNew: boolean,
    signal: AbortSignal,
  ): Promise<KernelFindings & { readonly isMoving: boolean }> {
    if (plan.engine.userspace) return { lost: new Set(), left: [], isMoving: false };
    const { observeIpsec, leftovers, news } = this.#options;
    const kernel = await observeIpsec(signal);
    const missing = findLost(sas, kernel);
    const lost = new Set([...missing].filter((id) => this.#suspects.has(id)));
    this.#suspects = missing;
    // An SA that no word has come of yet would look as if nobody knew it.
    const hasMore = areAllNew && (await leftovers.clean(kernel, sas, plan, signal));
    const isMoving = missing.size > 0 || hasMore;
    if (isMoving) news.noteAll();
    return { lost, left: findUnknown(kernel, spisOf(sas)), isMoving };
  }
}

function tellerOf(plan: HostPlan): Teller<StrongswanChange> {
  return { name: 'IKE daemon', tunnelsOf: ({ step }) => concernedTunnels(step, plan) };
}

function toLostDifferences(sas: readonly IkeSa[], lost: ReadonlySet<string>): Difference[] {
  if (lost.size === 0) return [];
  return sas.flatMap(({ name, children }) => {
    const gone = children.filter(({ uniqueId }) => lost.has(uniqueId)).length;
    return gone === 0
      ? []
      : [
          {
            text: `kernel: states or policies of ${gone} Child SAs of ${name} are gone`,
            tunnel: name,
          },
        ];
  });
}

/** As after its start: whatever was loaded before, to load it again is recovery. */
function holdsNothing({ connections, shared, keys, sas }: ObservedStrongswan): boolean {
  return connections.size + shared.size + keys.size + sas.length === 0;
}
