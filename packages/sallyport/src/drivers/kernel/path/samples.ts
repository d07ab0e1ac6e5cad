/** Counters of drops, read twice so that what grows can be told from what is old. */
import { messageOf } from '../../../lib/message-of.ts';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { type CommandRunner, outputOf } from '../../../platform/linux/command.ts';
import type { Counters, Evidence } from '../../../status/why/evidence.ts';
import { parseCarrierErrors, parseReversePathDrops, parseXfrmCounters } from './parse.ts';
import { parseRuleset, type Ruleset } from './ruleset.ts';

export interface Sample {
  readonly xfrm?: Counters;
  readonly reversePath?: number;
  /** By name of the tunnel. */
  readonly carrierErrors: ReadonlyMap<string, number>;
  readonly ruleset?: Ruleset;
  /** What could not be read, and why. */
  readonly unseen: readonly string[];
}

export interface SampleSources {
  readonly commands: CommandRunner;
  readonly readFile: (path: string) => Promise<string | undefined>;
  /** Network namespace where the SAs are; absent: this one. */
  readonly outside?: Pick<SampleSources, 'readFile'>;
}

export async function takeSample(
  { commands, readFile, outside = { readFile } }: SampleSources,
  tunnels: readonly TunnelPlan[],
  signal: AbortSignal,
): Promise<Sample> {
  const [xfrm, netstat] = await Promise.all([
    outside.readFile('/proc/net/xfrm_stat'),
    readFile('/proc/net/netstat'),
  ]);
  const reversePath = parseReversePathDrops(netstat ?? '');
  const carrierErrors = new Map<string, number>();
  for (const { name, interface: device, interfaceId } of tunnels) {
    if (device === undefined || interfaceId === undefined) continue;
    const args = ['-s', '-json', 'link', 'show', 'dev', device];
    const { stdout } = await commands.run('ip', args, { signal });
    const count = parseCarrierErrors(stdout);
    if (count !== undefined) carrierErrors.set(name, count);
  }
  return {
    ...(xfrm === undefined ? {} : { xfrm: parseXfrmCounters(xfrm) }),
    ...(reversePath === undefined ? {} : { reversePath }),
    carrierErrors,
    ...(await readRuleset(commands, signal)),
  };
}

async function readRuleset(
  commands: CommandRunner,
  signal: AbortSignal,
): Promise<Pick<Sample, 'ruleset' | 'unseen'>> {
  try {
    const text = await outputOf(commands, 'nft', ['-j', 'list', 'ruleset'], { signal });
    return { ruleset: parseRuleset(text), unseen: [] };
  } catch (error) {
    if (signal.aborted) throw error;
    // nft may be missing, too old for what others wrote, or have more to say than we take.
    return { unseen: [`what firewalls of this host do: ${messageOf(error)}`] };
  }
}

export function growthBetween(
  tunnel: string,
  before: Sample,
  after: Sample,
): Pick<Evidence, 'xfrm' | 'reversePathDrops' | 'refusedByPolicy'> {
  const carrier = pairOf(before.carrierErrors.get(tunnel), after.carrierErrors.get(tunnel));
  const reversePath = pairOf(before.reversePath, after.reversePath);
  const xfrm = pairOf(before.xfrm, after.xfrm);
  return {
    ...(carrier === undefined ? {} : { refusedByPolicy: carrier }),
    ...(reversePath === undefined ? {} : { reversePathDrops: reversePath }),
    ...(xfrm === undefined ? {} : { xfrm }),
  };
}

function pairOf<T>(
  before: T | undefined,
  after: T | undefined,
): { readonly before: T; readonly after: T } | undefined {
  return before === undefined || after === undefined ? undefined : { before, after };
}
