/** The IKE daemons of this host: ours, or for its own tunnels the one that the running agent was told to use. */
import { Engine } from '../../drivers/strongswan/engine.ts';
import { systemCommands } from '../../platform/linux/command.ts';
import { type Directories, directoriesOf, pathsOf } from '../../store/state-directory.ts';
import { askState } from '../control.ts';

/** `shard` absent: the host's own daemon. */
export async function engineInUse(directories: Directories, shard?: string): Promise<Engine> {
  const runDirectory = directoriesOf(directories, shard).run;
  if (shard !== undefined)
    return new Engine({ runDirectory, commands: systemCommands, networkNamespace: shard });
  const engines = (await askState(pathsOf(directories).controlSocket))?.engines;
  const external = engines?.find((engine) => engine.external);
  return new Engine({
    runDirectory,
    commands: systemCommands,
    ...(external === undefined ? {} : { externalSocket: external.socket }),
  });
}
