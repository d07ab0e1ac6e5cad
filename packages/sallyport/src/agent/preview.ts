/** What a plan would change on this host. Reads only. */
import { ViciClient } from '@sallyport/vici';
import type { Change } from '../drivers/driver.ts';
import { diffFrr } from '../drivers/frr/diff.ts';
import { Frr } from '../drivers/frr/frr.ts';
import { NO_CONFIG } from '../drivers/frr/state.ts';
import { KeepalivedDriver } from '../drivers/keepalived/driver.ts';
import { KernelDriver } from '../drivers/kernel/driver.ts';
import { kernelPart } from '../drivers/kernel/state.ts';
import { diffStrongswan } from '../drivers/strongswan/diff.ts';
import { StrongswanDriver } from '../drivers/strongswan/driver.ts';
import { MemoryFile } from '../drivers/strongswan/memory-file.ts';
import { type Names, NOTHING_LOADED, needsDaemon } from '../drivers/strongswan/state.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { differingTunnels, isSame } from '../plan/same-tunnels.ts';
import { systemCommands } from '../platform/linux/command.ts';
import { SysctlFiles } from '../platform/linux/sysctl-files.ts';
import { readPlanFile } from '../store/plan-file.ts';
import { type Directories, directoriesOf, pathsOf } from '../store/state-directory.ts';
import { askState } from './control.ts';
import { StoredSecrets } from './secret-source.ts';
import { engineInUse } from './shard/engine-in-use.ts';
import { foundShards } from './shard/found-shards.ts';
import { partOf } from './shard/shard.ts';

export interface PreviewOptions {
  readonly directories: Directories;
  /**
   * What the running agent has proven in its last round is not looked at again: only what differs between that
   * plan and the new one. Else daemon and kernel are looked at as they are now.
   */
  readonly trustsAgent: boolean;
}

export async function previewChanges(
  plan: HostPlan,
  { directories, trustsAgent }: PreviewOptions,
  signal: AbortSignal,
): Promise<Change[]> {
  const { shards: shardsDirectory } = pathsOf(directories);
  const proven = trustsAgent ? await planInEffect(directories) : undefined;
  const names = proven === undefined ? 'all' : differingTunnels(proven, plan);
  const shards = new Set([undefined, ...plan.tunnels.map(({ shard }) => shard)]);
  const [kernel, routing, vrrp, found, ...daemons] = await Promise.all([
    previewKernel(proven, plan, directories, signal),
    previewRouting(proven, plan, directories, signal),
    previewVrrp(proven, plan, directories, signal),
    foundShards(shardsDirectory),
    ...[...shards].map((shard) =>
      previewDaemon(partOf(plan, shard), names, shard, directories, signal),
    ),
  ]);
  const gone = found.filter((shard) => !shards.has(shard));
  const ends = gone.map((shard) => engineChange('remove', shard));
  return [...kernel, ...daemons.flat(), ...ends, ...routing, ...vrrp];
}

/** Undefined where no agent vouches for the stored plan. */
async function planInEffect(directories: Directories): Promise<HostPlan | undefined> {
  const paths = pathsOf(directories);
  const state = await askState(paths.controlSocket);
  if (state?.revisionInEffect === undefined) return undefined;
  const plan = await readPlanFile(paths.plan).catch(() => undefined);
  return plan?.revision === state.revisionInEffect ? plan : undefined;
}

async function previewKernel(
  proven: HostPlan | undefined,
  plan: HostPlan,
  directories: Directories,
  signal: AbortSignal,
): Promise<Change[]> {
  if (proven !== undefined && isSame(kernelPart(proven), kernelPart(plan))) return [];
  const sysctls = new SysctlFiles(pathsOf(directories).sysctls);
  const kernel = new KernelDriver({ commands: systemCommands, sysctls });
  return kernel.diff(await kernel.observe(signal), plan);
}

async function previewRouting(
  proven: HostPlan | undefined,
  { bgp }: HostPlan,
  directories: Directories,
  signal: AbortSignal,
): Promise<Change[]> {
  if (proven !== undefined && isSame(proven.bgp ?? {}, bgp ?? {})) return [];
  const desired = bgp === undefined ? {} : { bgp };
  const secrets = new StoredSecrets(pathsOf(directories));
  const frr = new Frr({
    ...{ runDirectory: directories.run, commands: systemCommands, secrets, onEnd: () => undefined },
  });
  try {
    if (!(await frr.isRunning(signal))) return diffFrr(NO_CONFIG, desired);
    return frr.driver.diff(await frr.driver.observe(signal), desired);
  } finally {
    frr.close();
  }
}

async function previewVrrp(
  proven: HostPlan | undefined,
  { vrrp = [] }: HostPlan,
  directories: Directories,
  signal: AbortSignal,
): Promise<Change[]> {
  if (proven !== undefined && isSame(proven.vrrp ?? [], vrrp)) return [];
  const directory = pathsOf(directories).keepalived;
  const driver = new KeepalivedDriver({ directory, commands: systemCommands });
  return driver.diff(await driver.observe(signal), vrrp);
}

async function previewDaemon(
  part: HostPlan,
  names: Names,
  shard: string | undefined,
  directories: Directories,
  signal: AbortSignal,
): Promise<Change[]> {
  const engine = await engineInUse(directories, shard);
  if (needsDaemon(part) && (await engine.wouldRestart(part.engine.userspace, signal)))
    return [engineChange('replace', shard), ...diffStrongswan(NOTHING_LOADED, part)];
  if (!(await engine.answers(signal))) return diffStrongswan(NOTHING_LOADED, part);
  const client = new ViciClient({ socket: engine.socket });
  try {
    const driver = new StrongswanDriver({
      client,
      secrets: new StoredSecrets(pathsOf(directories)),
      memory: new MemoryFile(pathsOf(directoriesOf(directories, shard)).memory),
    });
    const observed = await driver.observe(signal, { loaded: names, sas: names });
    return driver.diff(observed, { ...part, differing: names });
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
