/** Puts the agent together from its parts, and takes everything of ours away again. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { Frr } from '../drivers/frr/frr.ts';
import { KeepalivedDriver } from '../drivers/keepalived/driver.ts';
import { KernelDriver } from '../drivers/kernel/driver.ts';
import { failuresOf } from '../lib/failures-of.ts';
import { messageOf } from '../lib/message-of.ts';
import { removeUnfinished, writeFileAtomic } from '../platform/atomic-file.ts';
import { readBootId } from '../platform/linux/boot-id.ts';
import { systemCommands } from '../platform/linux/command.ts';
import { SysctlFiles } from '../platform/linux/sysctl-files.ts';
import type { HostReport } from '../status/host-report.ts';
import { Journal } from '../store/journal.ts';
import { type Lock, LockedError, takeLock } from '../store/lock.ts';
import { type Directories, directoriesOf, pathsOf } from '../store/state-directory.ts';
import { Agent } from './agent.ts';
import { CertificateKeeper } from './certificates/keeper.ts';
import { replan } from './certificates/replan.ts';
import { parseReport } from './control.ts';
import { Drain } from './drain.ts';
import { DriftWatch } from './drift-watch.ts';
import { Drill } from './drill.ts';
import { KernelLevel } from './kernel-level.ts';
import type { Log } from './log.ts';
import { PlanSource } from './plan-source.ts';
import { Probes } from './probes/probes.ts';
import { Reconciler } from './reconciler.ts';
import { EventRecorder } from './record/event-recorder.ts';
import { HistoryFile } from './record/history-file.ts';
import { ReportMemory, withNothingInEffect } from './record/report-memory.ts';
import { TunnelHistory } from './record/tunnel-history.ts';
import { Reflections } from './reflections.ts';
import { RoutingLevel } from './routing-level.ts';
import { StoredSecrets } from './secret-source.ts';
import { SecretWatch } from './secret-watch.ts';
import { foundShards } from './shard/found-shards.ts';
import { makeShard } from './shard/make-shard.ts';
import { Shards } from './shard/shards.ts';
import { VrrpLevel } from './vrrp-level.ts';
import { gatherEvidence } from './why/evidence-source.ts';
import { Explainer } from './why/explainer.ts';

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
    super(`another Sallyport agent already runs on this host (${holder}): stop it first`);
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
    const parts = await assemble(options, last, {
      onEnd: () => {
        agent.lookSoon();
      },
      onReflected: () => {
        agent.moveFlows();
        agent.lookSoon();
      },
    });
    await parts.history.restore();
    await parts.reflections.restore();
    const certificates = new CertificateKeeper({
      ...{ directories, log, replan, view: () => agent.view, clock: () => performance.now() },
    });
    const probes = new Probes({
      ...{ log, last: last?.health?.probes },
      onChange: ({ tunnel, host, target, state, reason }) => {
        log.info({ tunnel, target, state }, reason);
        if (host !== undefined) agent.moveFlows();
        agent.lookSoon();
      },
    });
    const drain = new Drain(paths.drain, () => new Date());
    await drain.restore();
    const drill = new Drill(() => {
      log.warn({}, 'a drill was not ended by who began it: its tunnels come back');
      agent.lookSoon();
    });
    const agent: Agent = new Agent({
      ...{ ...parts, drain, drill },
      probes,
      certificates,
      recorder: new EventRecorder(new Journal(paths.journal), last),
      host: hostname(),
      version,
      source: new PlanSource(paths.plan, paths.lastGoodPlan),
      tunnelsBefore: tunnelsJustBefore(last, new Date()),
      reportMemory: new ReportMemory(last),
      reportPath: paths.report,
      controlSocket: paths.controlSocket,
      log,
    });
    try {
      await Promise.all([agent.run(signal), certificates.run(signal)]);
    } finally {
      parts.frr.close();
      parts.vrrp.close();
    }
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
  const last = await lastReport(paths.report);
  // Where the last agent was told to use a daemon of somebody else, that one holds what is ours.
  const external =
    options.externalSocket ?? last?.engines.find((engine) => engine.external)?.socket;
  const { shards, kernel, frr, keepalived } = await assemble({
    ...options,
    ...(external === undefined ? {} : { externalSocket: external }),
  });
  const faults = await failuresOf([
    async () => {
      if (last === undefined) return;
      await writeFileAtomic(paths.report, `${JSON.stringify(withNothingInEffect(last))}\n`);
    },
  ]);
  // The way back of their deaths: sessions say goodbye while their tunnels stand.
  faults.push(
    ...(await failuresOf([() => keepalived.cleanUp(signal), () => frr.driver.cleanUp(signal)])),
  );
  faults.push(...(await shards.remove(signal)));
  faults.push(...(await failuresOf([() => kernel.cleanUp(signal)])));
  await lock.release();
  if (faults.length > 0) {
    throw new Error(`not everything was removed: ${faults.map(messageOf).join('; ')}`, {
      cause: faults[0],
    });
  }
}

/** A tunnel that was down then may be up for long: routes would move twice for nothing. */
const JUST_BEFORE_MILLISECONDS = 60_000;

function tunnelsJustBefore(last: HostReport | undefined, now: Date): HostReport['tunnels'] {
  if (last === undefined) return [];
  const age = now.getTime() - Date.parse(last.observedAt);
  return age < JUST_BEFORE_MILLISECONDS ? last.tunnels : [];
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

interface Listeners {
  /** A daemon has ended that no other one tells of. */
  readonly onEnd: () => void;
  /** The gateways of this node tell something else. */
  readonly onReflected: () => void;
}

const NOBODY: Listeners = { onEnd: () => undefined, onReflected: () => undefined };

async function assemble(
  options: StartOptions,
  last?: HostReport,
  { onEnd, onReflected }: Listeners = NOBODY,
): Promise<{
  kernel: KernelDriver;
  frr: Frr;
  keepalived: KeepalivedDriver;
  vrrp: VrrpLevel;
  shards: Shards;
  reconciler: Reconciler;
  reflections: Reflections;
  drift: DriftWatch;
  history: TunnelHistory;
  secrets: SecretWatch;
  explainer: Explainer;
}> {
  const { directories, version, log } = options;
  const paths = pathsOf(directories);
  const found = await foundShards(paths.shards);
  // Of an agent that was killed; nobody else writes there while we hold its lock.
  for (const shard of [undefined, ...found])
    await removeUnfinished(directoriesOf(directories, shard).run);
  await removeUnfinished(dirname(paths.history));
  const drift = new DriftWatch({
    log,
    life: `${readBootId()} ${version}`,
    last,
    now: () => new Date(),
  });
  const history = new TunnelHistory({
    file: new HistoryFile(paths.history),
    log,
    clock: () => performance.now(),
  });
  const kernel = new KernelDriver({
    commands: systemCommands,
    sysctls: new SysctlFiles(paths.sysctls),
  });
  const shards = new Shards({
    make: (name) => makeShard({ ...options, drift, history }, name),
    found,
    log,
  });
  const frr = new Frr({
    runDirectory: directories.run,
    commands: systemCommands,
    secrets: new StoredSecrets(paths),
    onEnd,
  });
  const keepalived = new KeepalivedDriver({
    directory: paths.keepalived,
    commands: systemCommands,
  });
  const vrrp = new VrrpLevel({
    ...{ driver: keepalived, drift, log, onEnd },
    ...{ now: () => performance.now(), random: Math.random },
  });
  const reflections = new Reflections({
    ...{ frr, path: paths.reflected, log },
    onChange: onReflected,
  });
  const reconciler = new Reconciler({
    reflections,
    kernel: new KernelLevel({ kernel, drift, log }),
    shards,
    routing: new RoutingLevel({ frr, drift, log }),
    vrrp,
  });
  const secrets = new SecretWatch({
    secrets: new StoredSecrets(paths),
    saltPath: paths.salt,
  });
  const explainer = new Explainer({
    gather: gatherEvidence,
    trailOf: (tunnel) => shards.trailOf(tunnel),
  });
  return {
    ...{ kernel, shards, frr, keepalived, vrrp, reconciler, reflections },
    ...{ drift, history, secrets, explainer },
  };
}
