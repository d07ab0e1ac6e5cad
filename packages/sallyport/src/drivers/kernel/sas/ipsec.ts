/**
 * SAs and policies as the kernel has them, to be compared with what the IKE daemon believes: they can be
 * flushed, expire, or be left by a daemon that was killed, without its knowing. iproute2 has no JSON for them.
 */
import type { CommandRunner } from '../../../platform/linux/command.ts';
import { outputOf } from '../../../platform/linux/command.ts';
import { type KernelIpsec, parsePackets, parsePolicies, parseStates } from './parse-states.ts';

export async function observeIpsec(
  commands: CommandRunner,
  signal: AbortSignal,
): Promise<KernelIpsec> {
  const [states, policies] = await Promise.all([
    // Without the keys, which nobody here has to see.
    outputOf(commands, 'ip', ['xfrm', 'state', 'list', 'nokeys'], { signal }),
    // The index of a policy shows among its statistics only.
    outputOf(commands, 'ip', ['-statistics', 'xfrm', 'policy', 'list', 'nosock'], { signal }),
  ]);
  return { states: parseStates(states), policies: parsePolicies(policies) };
}

/** Packets that each SA has carried, by `nameOfState`. */
export async function observePackets(
  commands: CommandRunner,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const args = ['-statistics', 'xfrm', 'state', 'list', 'nokeys'];
  return parsePackets(await outputOf(commands, 'ip', args, { signal }));
}

/** Takes them out of the kernel. What is gone by then, or expires meanwhile, is no failure. */
export async function removeIpsec(
  commands: CommandRunner,
  { states, policies }: KernelIpsec,
  signal: AbortSignal,
): Promise<void> {
  const lines = [
    ...policies.map(
      ({ direction, index, interfaceId, mark }) =>
        `xfrm policy delete dir ${direction} index ${index}${markWords(mark)}${interfaceId === 0 ? '' : ` if_id ${interfaceId}`}`,
    ),
    ...states.map(
      ({ source, destination, protocol, spi, mark }) =>
        `xfrm state delete src ${source} dst ${destination} proto ${protocol} spi 0x${spi}${markWords(mark)}`,
    ),
  ];
  if (lines.length === 0) return;
  const input = `${lines.join('\n')}\n`;
  await commands.run('ip', ['-force', '-batch', '-'], { input, signal });
}

function markWords(mark: string | undefined): string {
  return mark === undefined ? '' : ` mark ${mark.replace('/', ' mask ')}`;
}
