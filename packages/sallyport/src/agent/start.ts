/** Puts the agent together from its parts, and takes everything of ours away again. */

import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { ViciClient } from '@sallyport/vici';
import { KernelDriver } from '../drivers/kernel/driver.ts';
import { InboundHold } from '../drivers/kernel/inbound-hold.ts';
import { gatherPathEvidence } from '../drivers/kernel/path-evidence.ts';
import { observeSpis } from '../drivers/kernel/xfrm-states.ts';
import { StrongswanDriver } from '../drivers/strongswan/driver.ts';
import { Engine } from '../drivers/strongswan/engine.ts';
import { MemoryFile } from '../drivers/strongswan/memory-file.ts';
import { messageOf } from '../lib/message-of.ts';
import { readBootId } from '../platform/linux/boot-id.ts';
import { limitedCommands, systemCommands } from '../platform/linux/command.ts';
import { readProcFile } from '../platform/linux/proc-files.ts';
import { SysctlFiles } from '../platform/linux/sysctl-files.ts';
import type { HostReport } from '../status/host-report.ts';
import { Journal } from '../store/journal.ts';
import { type Lock, LockedError, takeLock } from '../store/lock.ts';
import { type Directories, pathsOf } from '../store/state-directory.ts';
import { Agent } from './agent.ts';
import { parseReport } from './control.ts';
import { DriftWatch } from './drift-watch.ts';
import { EngineLevel } from './engine-level.ts';
import { EventRecorder } from './event-recorder.ts';
import { Explainer } from './explainer.ts';
import { Failures } from './failures.ts';
import { HistoryFile } from './history-file.ts';
import { KernelLevel } from './kernel-level.ts';
import type { Log } from './log.ts';
import { PlanSource } from './plan-source.ts';
import { Reconciler } from './reconciler.ts';
import { ReportMemory } from './report-memory.ts';
import { RollGuard } from './roll-guard.ts';
import { StoredSecrets } from './secret-source.ts';
import { SecretWatch } from './secret-watch.ts';
import { TunnelHistory } from './tunnel-history.ts';
import { TunnelKeeper } from './tunnel-keeper.ts';

/** Bytes that a program may print about the host: a firewall of many thousand rules. */
const MAX_EVIDENCE = 16 * 1024 * 1024;

export interface StartOptions {
  readonly directories: Directories;
  /** VICI address of a daemon that Sallyport shall use and not own. */
  readonly externalSocket?: string;
  readonly version: string;
  readonly log: Log;
  /** Initiations under way at once. */
  readonly window: number;
}

/** The sentence for the second agent on a host. */
export class AgentRunningError extends Error {
  constructor(holder: string) {
    super(`another Sallyport agent already runs on this host (${holder})`);
    this.name = 'AgentRunningError';
  }
}

/** A holder that was killed needs an instant to let go. */
const LOCK_MILLISECONDS = 2_000;

/** Runs until the signal fires. Throws {@link AgentRunningError} where another agent runs. */
export async function runAgent(options: StartOptions, signal: AbortSignal): Promise<void> {
  const { directories, log, version } = options;
  const paths = pathsOf(directories);
  const lock = await lockAgent(paths.agentLock);
  try {
    const last = await lastReport(paths.report);
    const parts = assemble(options, last);
    await parts.history.restore();
    const agent = new Agent({
      ...parts,
      recorder: new EventRecorder(new Journal(paths.journal), last),
      host: hostname(),
      version,
      source: new PlanSource(paths.plan, paths.lastGoodPlan),
      reportMemory: new ReportMemory(last),
      reportPath: paths.report,
      controlSocket: paths.controlSocket,
      log,
    });
    await agent.run(signal);
  } finally {
    await lock.release();
  }
}

/**
 * Removes everything that carries our mark from daemon and kernel, and nothing else. Finds it without any
 * memory, but for two things that carry no mark: private keys in a daemon that is not ours, and what
 * shared sysctls were before. Does all it can, and throws what failed.
 */
export async function teardown(options: StartOptions, signal: AbortSignal): Promise<void> {
  const paths = pathsOf(options.directories);
  const lock = await lockAgent(paths.agentLock);
  const external = options.externalSocket ?? (await lastExternalSocket(paths.report));
  const { engine, client, strongswan, kernel, rollGuard } = assemble({
    ...options,
    ...(external === undefined ? {} : { externalSocket: external }),
  });
  const faults: unknown[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => {
      faults.push(error);
    });
  };
  await attempt(async () => {
    // What our own daemon holds ends with it; of another one we would leave everything behind.
    if (engine.isExternal || (await engine.answers(signal))) await strongswan.cleanUp(signal);
  });
  await attempt(() => engine.stop(signal));
  await attempt(() => rollGuard.cleanUp(signal));
  await attempt(() => kernel.cleanUp(signal));
  await attempt(() => client.close());
  await lock.release();
  if (faults.length > 0) {
    throw new Error(`not everything was removed: ${faults.map(messageOf).join('; ')}`, {
      cause: faults[0],
    });
  }
}

/** Of the daemon that the last agent was told to use; undefined where it had its own. */
async function lastExternalSocket(reportPath: string): Promise<string | undefined> {
  const engine = (await lastReport(reportPath))?.engine;
  return engine?.external === true ? engine.socket : undefined;
}

/** Of the last agent; undefined where none has reported since the host booted. */
async function lastReport(path: string): Promise<HostReport | undefined> {
  return parseReport(await readFile(path, 'utf8').catch(() => ''));
}

async function lockAgent(path: string): Promise<Lock> {
  try {
    return await takeLock(
      path,
      `pid ${process.pid}, since ${new Date().toISOString()}`,
      LOCK_MILLISECONDS,
    );
  } catch (error) {
    throw error instanceof LockedError ? new AgentRunningError(error.holder) : error;
  }
}

function assemble(
  { directories, externalSocket, version, log, window }: StartOptions,
  last?: HostReport,
): {
  engine: Engine;
  client: ViciClient;
  kernel: KernelDriver;
  strongswan: StrongswanDriver;
  keeper: TunnelKeeper;
  reconciler: Reconciler;
  drift: DriftWatch;
  failures: Failures;
  history: TunnelHistory;
  rollGuard: RollGuard;
  secrets: SecretWatch;
  explainer: Explainer;
} {
  const paths = pathsOf(directories);
  const engine = new Engine({
    runDirectory: directories.run,
    commands: systemCommands,
    ...(externalSocket === undefined ? {} : { externalSocket }),
  });
  const client = new ViciClient({ socket: engine.socket });
  const drift = new DriftWatch({
    log,
    life: `${readBootId()} ${version}`,
    last,
    now: () => new Date(),
  });
  const failures = new Failures();
  const history = new TunnelHistory({
    file: new HistoryFile(paths.history),
    log,
    clock: () => performance.now(),
  });
  const rollGuard = new RollGuard({ hold: new InboundHold(systemCommands), log });
  const keeper = new TunnelKeeper({
    client,
    failures,
    log,
    rollGuard,
    window,
    now: () => performance.now(),
    random: Math.random,
  });
  const kernel = new KernelDriver({
    commands: systemCommands,
    sysctls: new SysctlFiles(paths.sysctls),
  });
  const storedSecrets = new StoredSecrets(paths.objects);
  const secrets = new SecretWatch({ secrets: storedSecrets, saltPath: paths.salt });
  const strongswan = new StrongswanDriver({
    client,
    secrets: storedSecrets,
    memory: new MemoryFile(paths.memory),
  });
  const reconciler = new Reconciler({
    kernel: new KernelLevel({ kernel, drift, log }),
    engine: new EngineLevel({
      engine,
      strongswan,
      observeSpis: (signal) => observeSpis(systemCommands, signal),
      keeper,
      drift,
      failures,
      history,
      log,
    }),
  });
  const sources = {
    commands: limitedCommands(MAX_EVIDENCE),
    readFile: readProcFile,
    pause: (milliseconds: number): Promise<void> => delay(milliseconds),
  };
  const explainer = new Explainer({
    gather: (question, signal) => gatherPathEvidence(sources, question, signal),
    trailOf: (tunnel) => failures.trailOf(tunnel),
  });
  return {
    ...{ engine, client, kernel, strongswan, keeper, reconciler },
    ...{ drift, failures, history, rollGuard, secrets, explainer },
  };
}
