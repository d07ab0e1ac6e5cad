/**
 * SAs and policies of a daemon that was killed: it took its knowledge of them along, and without an
 * interface id nothing would tell them from somebody else's.
 */
import type { CommandRunner } from '../../platform/linux/command.ts';
import { outputOf } from '../../platform/linux/command.ts';
import { parseLinks, parseNetworkNamespaces } from './parse.ts';
import { parsePolicies, parseStates } from './parse-states.ts';

/** Of our interfaces that look up their SAs in that namespace; absent: in this one. */
export async function observeInterfaceIds(
  commands: CommandRunner,
  shard: string | undefined,
  signal: AbortSignal,
): Promise<number[]> {
  const ip = (args: readonly string[]): Promise<string> =>
    outputOf(commands, 'ip', ['-json', '-Numeric', ...args], { signal });
  const namespaces = parseNetworkNamespaces(await ip(['netns', 'list']));
  const { interfaces } = parseLinks(await ip(['-details', 'link', 'show']), namespaces);
  return interfaces.flatMap((link) =>
    link.shard === shard && link.interfaceId !== undefined ? [link.interfaceId] : [],
  );
}

/** Removes what has one of the interface ids. */
export async function removeLeftStates(
  commands: CommandRunner,
  interfaceIds: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  if (interfaceIds.length === 0) return;
  const ids = new Set(interfaceIds);
  const read = (args: readonly string[]): Promise<string> =>
    outputOf(commands, 'ip', args, { signal });
  const policies = parsePolicies(await read(['-statistics', 'xfrm', 'policy', 'list', 'nosock']));
  const states = parseStates(await read(['xfrm', 'state', 'list', 'nokeys']));
  const lines = [
    ...policies
      .filter(({ interfaceId }) => ids.has(interfaceId))
      .map(
        ({ direction, index, interfaceId }) =>
          `xfrm policy delete dir ${direction} index ${index} if_id ${interfaceId}`,
      ),
    ...states
      .filter(({ interfaceId }) => ids.has(interfaceId))
      .map(
        ({ source, destination, protocol, spi }) =>
          `xfrm state delete src ${source} dst ${destination} proto ${protocol} spi 0x${spi}`,
      ),
  ];
  if (lines.length === 0) return;
  // With -force: what expires meanwhile is no failure, and what is left shows at the next look.
  await commands.run('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, signal });
}
