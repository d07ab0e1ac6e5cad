/**
 * SAs as the kernel has them, to be compared with what the IKE daemon believes: states can be flushed or
 * expire without its knowing. iproute2 has no JSON for them.
 */
import type { CommandRunner } from '../../platform/linux/command.ts';
import { outputOf } from '../../platform/linux/command.ts';
import { parseSpis } from './parse-states.ts';

/** SPIs of all installed SAs, both directions, as the daemon writes them: eight hex digits. */
export async function observeSpis(
  commands: CommandRunner,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  // Without the keys, which nobody here has to see.
  return parseSpis(await outputOf(commands, 'ip', ['xfrm', 'state', 'list', 'nokeys'], { signal }));
}
