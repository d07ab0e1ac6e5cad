/** What a plan would change on this host, seen from daemon and kernel as they are now. Reads only. */
import { ViciClient } from '@sallyport/vici';
import type { Change } from '../drivers/driver.ts';
import { KernelDriver } from '../drivers/kernel/driver.ts';
import { diffStrongswan } from '../drivers/strongswan/diff.ts';
import { StrongswanDriver } from '../drivers/strongswan/driver.ts';
import { MemoryFile } from '../drivers/strongswan/memory-file.ts';
import { NO_ORIGINS } from '../drivers/strongswan/origins.ts';
import type { ObservedStrongswan } from '../drivers/strongswan/state.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { systemCommands } from '../platform/linux/command.ts';
import { SysctlFiles } from '../platform/linux/sysctl-files.ts';
import { type Directories, pathsOf } from '../store/state-directory.ts';
import { engineInUse } from './engine-in-use.ts';
import { StoredSecrets } from './secret-source.ts';

/** A daemon that does not run holds nothing. */
const NOTHING_LOADED: ObservedStrongswan = {
  version: '',
  daemonSince: '',
  connections: new Map(),
  shared: new Set(),
  keys: new Map(),
  sas: [],
  origins: NO_ORIGINS,
};

/** Its plugins are chosen at start: user-space ESP, or another release's settings, take a new process. */
const ENGINE_RESTART: Change = {
  driver: 'strongswan',
  action: 'replace',
  subject: 'the IKE daemon, which ends every tunnel of this host',
  impact: 'cut',
};

export async function previewChanges(
  plan: HostPlan,
  directories: Directories,
  signal: AbortSignal,
): Promise<Change[]> {
  const paths = pathsOf(directories);
  const kernel = new KernelDriver({
    commands: systemCommands,
    sysctls: new SysctlFiles(paths.sysctls),
  });
  const kernelChanges = kernel.diff(await kernel.observe(signal), plan);
  const engine = await engineInUse(directories);
  if (await engine.wouldRestart(plan.engine.userspace, signal)) {
    return [...kernelChanges, ENGINE_RESTART, ...diffStrongswan(NOTHING_LOADED, plan)];
  }
  if (!(await engine.answers(signal)))
    return [...kernelChanges, ...diffStrongswan(NOTHING_LOADED, plan)];
  const client = new ViciClient({ socket: engine.socket });
  try {
    const driver = new StrongswanDriver({
      client,
      secrets: new StoredSecrets(paths.objects),
      memory: new MemoryFile(paths.memory),
    });
    return [...kernelChanges, ...driver.diff(await driver.observe(signal), plan)];
  } finally {
    await client.close();
  }
}
