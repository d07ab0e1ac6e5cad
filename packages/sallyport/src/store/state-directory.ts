/** Where things lie. One pair of directories is one installation; tests and several hosts use several. */
import { join } from 'node:path';

export interface Directories {
  /** Survives a reboot: declarations, plan, salt. */
  readonly state: string;
  /** Gone with a reboot, as the daemon is: socket, report, memory of what was loaded. */
  readonly run: string;
}

/** The environment variables SALLYPORT_STATE_DIR and SALLYPORT_RUN_DIR, else the system's places. */
export function directoriesFrom(env: Readonly<Record<string, string | undefined>>): Directories {
  const place = (name: string, usual: string): string => {
    const given = env[name];
    // An empty path would mean wherever the program happens to be called.
    return given === undefined || given === '' ? usual : given;
  };
  return {
    state: place('SALLYPORT_STATE_DIR', '/var/lib/sallyport'),
    run: place('SALLYPORT_RUN_DIR', '/run/sallyport'),
  };
}

/** Of one IKE daemon: a shard has a run directory of its own. */
export function directoriesOf(directories: Directories, shard: string | undefined): Directories {
  if (shard === undefined) return directories;
  return { ...directories, run: join(pathsOf(directories).shards, shard) };
}

export function pathsOf({ state, run }: Directories): {
  readonly objects: string;
  readonly plan: string;
  readonly lastGoodPlan: string;
  readonly salt: string;
  readonly authorities: string;
  readonly issued: string;
  readonly sysctls: string;
  readonly journal: string;
  readonly history: string;
  readonly drain: string;
  readonly applyLock: string;
  readonly agentLock: string;
  readonly memory: string;
  readonly reflected: string;
  readonly keepalived: string;
  readonly shards: string;
  readonly report: string;
  readonly controlSocket: string;
} {
  return {
    objects: join(state, 'objects.json'),
    plan: join(state, 'plan.json'),
    lastGoodPlan: join(state, 'agent', 'plan.json'),
    salt: join(state, 'salt'),
    authorities: join(state, 'pki'),
    issued: join(state, 'issued'),
    sysctls: join(state, 'agent', 'sysctls.json'),
    journal: join(state, 'agent', 'events'),
    history: join(state, 'agent', 'history.json'),
    drain: join(state, 'agent', 'drain.json'),
    applyLock: join(state, 'apply.lock'),
    agentLock: join(run, 'agent.lock'),
    memory: join(run, 'loaded.json'),
    reflected: join(run, 'reflected.json'),
    keepalived: join(run, 'keepalived'),
    shards: join(run, 'shards'),
    report: join(run, 'report.json'),
    controlSocket: join(run, 'agent.sock'),
  };
}
