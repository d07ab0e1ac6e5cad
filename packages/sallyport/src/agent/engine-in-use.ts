/** The IKE daemon of this host: ours, or the one that the running agent was told to use. */
import { Engine } from '../drivers/strongswan/engine.ts';
import { systemCommands } from '../platform/linux/command.ts';
import { type Directories, pathsOf } from '../store/state-directory.ts';
import { askReport } from './control.ts';

export async function engineInUse(directories: Directories): Promise<Engine> {
  const engine = (await askReport(pathsOf(directories).controlSocket))?.engine;
  return new Engine({
    runDirectory: directories.run,
    commands: systemCommands,
    ...(engine?.external === true ? { externalSocket: engine.socket } : {}),
  });
}
