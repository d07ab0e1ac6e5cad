/** What a plan would change on this host, seen from daemon and kernel as they are now. Reads only. */
import { ViciClient } from '@sallyport/vici';
import type { Change } from '../drivers/driver.ts';
import { KernelDriver } from '../drivers/kernel/driver.ts';
import { diffStrongswan } from '../drivers/strongswan/diff.ts';
import { StrongswanDriver } from '../drivers/strongswan/driver.ts';
import { MemoryFile } from '../drivers/strongswan/memory-file.ts';
import { NO_ORIGINS } from '../drivers/strongswan/sas/origins.ts';
import type { ObservedStrongswan } from '../drivers/strongswan/state.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { systemCommands } from '../platform/linux/command.ts';
import { SysctlFiles } from '../platform/linux/sysctl-files.ts';
import { type Directories, directoriesOf, pathsOf } from '../store/state-directory.ts';
import { StoredSecrets } from './secret-source.ts';
import { engineInUse } from './shard/engine-in-use.ts';
import { foundShards } from './shard/found-shards.ts';
import { partOf } from './shard/shard.ts';

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
  const changes: Change[] = kernel.diff(await kernel.observe(signal), plan);
  const shards = new Set([undefined, ...plan.tunnels.map(({ shard }) => shard)]);
  for (const shard of shards)
    changes.push(...(await previewDaemon(partOf(plan, shard), shard, directories, signal)));
  const gone = (await foundShards(paths.shards)).filter((shard) => !shards.has(shard));
  return [...changes, ...gone.map((shard) => engineChange('remove', shard))];
}

async function previewDaemon(
  part: HostPlan,
  shard: string | undefined,
  directories: Directories,
  signal: AbortSignal,
): Promise<Change[]> {
  const engine = await engineInUse(directories, shard);
  if (await engine.wouldRestart(part.engine.userspace, signal))
    return [engineChange('replace', shard), ...diffStrongswan(NOTHING_LOADED, part)];
  if (!(await engine.answers(signal))) return diffStrongswan(NOTHING_LOADED, part);
  const client = new ViciClient({ socket: engine.socket });
  try {
    const driver = new StrongswanDriver({
      client,
      secrets: new StoredSecrets(pathsOf(directories).objects),
      memory: new MemoryFile(pathsOf(directoriesOf(directories, shard)).memory),
    });
    return driver.diff(await driver.observe(signal), part);
  } finally {
    await client.close();
  }
}

/** Its plugins are chosen at start: user-space ESP, or another release's settings, take a new process. */
function engineChange(action: 'replace' | 'remove', shard: string | undefined): Change {
  const place = shard === undefined ? 'host' : `shard ${shard}`;
  const subject = `the IKE daemon, which ends every tunnel of this ${place}`;
  return { driver: 'strongswan', action, subject, impact: 'cut' };
}
