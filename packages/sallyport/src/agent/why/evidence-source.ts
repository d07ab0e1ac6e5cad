/** Where `why` looks: at the host, and for tunnels of a shard also into its network namespace. */
import { setTimeout as delay } from 'node:timers/promises';
import { gatherPathEvidence } from '../../drivers/kernel/path/evidence.ts';
import type { PathSources } from '../../drivers/kernel/path/routes.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { type CommandRunner, limitedCommands } from '../../platform/linux/command.ts';
import { commandsIn } from '../../platform/linux/network-namespace.ts';
import { readProcFile } from '../../platform/linux/proc-files.ts';
import type { Evidence } from '../../status/why/evidence.ts';

/** Bytes that a program may print about the host: a firewall of many thousand rules. */
const MAX_EVIDENCE = 16 * 1024 * 1024;

/** Evidence by name of the tunnel. */
export async function gatherEvidence(
  question: { readonly tunnels: readonly TunnelPlan[]; readonly target?: string },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Evidence>> {
  const commands = limitedCommands(MAX_EVIDENCE);
  const sources = {
    commands,
    readFile: readProcFile,
    pause: (milliseconds: number): Promise<void> => delay(milliseconds),
  };
  const found = new Map<string, Evidence>();
  for (const [shard, tunnels] of Map.groupBy(question.tunnels, (tunnel) => tunnel.shard)) {
    const outside = shard === undefined ? {} : { outside: sourcesIn(shard, commands) };
    const part = { ...question, tunnels };
    const evidence = await gatherPathEvidence({ ...sources, ...outside }, part, signal);
    for (const [name, one] of evidence) found.set(name, one);
  }
  return found;
}

function sourcesIn(shard: string, commands: CommandRunner): NonNullable<PathSources['outside']> {
  const inside = commandsIn(shard, commands);
  return {
    name: shard,
    commands: inside,
    readFile: async (path) => {
      const { code, stdout } = await inside.run('cat', [path]);
      return code === 0 ? stdout.trim() : undefined;
    },
  };
}
