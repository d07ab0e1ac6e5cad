/** Counters of drops, read twice so that what grows can be told from what is old. */
import { messageOf } from '../../../lib/message-of.ts';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { outputOf } from '../../../platform/linux/command.ts';
import type { Arrivals, Evidence, XfrmStatistics } from '../../../status/why/evidence.ts';
import { parseCarrierErrors, parseReversePathDrops, parseXfrmStatistics } from './parse.ts';
import type { PathSources, RouteSources } from './routes.ts';
import { parseRuleset, type Ruleset } from './ruleset.ts';

/** Of one network namespace. */
interface NamespaceSample {
  readonly reversePath?: number;
  readonly ruleset?: Ruleset;
  /** What could not be read, and why. */
  readonly unseen: readonly string[];
}

export interface Sample {
  readonly own: NamespaceSample;
  /** Of the namespace where ESP leaves, where that is another one. */
  readonly outside?: NamespaceSample;
  readonly xfrm?: XfrmStatistics;
  /** By name of the tunnel. */
  readonly carrierErrors: ReadonlyMap<string, number>;
}

export async function takeSample(
  sources: PathSources,
  tunnels: readonly TunnelPlan[],
  signal: AbortSignal,
): Promise<Sample> {
  const { commands, outside } = sources;
  const xfrm = await (outside ?? sources).readFile('/proc/net/xfrm_stat');
  const carrierErrors = new Map<string, number>();
  for (const { name, interface: device, interfaceId } of tunnels) {
    if (device === undefined || interfaceId === undefined) continue;
    const args = ['-s', '-json', 'link', 'show', 'dev', device];
    const { stdout } = await commands.run('ip', args, { signal });
    const count = parseCarrierErrors(stdout);
    if (count !== undefined) carrierErrors.set(name, count);
  }
  return {
    ...(xfrm === undefined ? {} : { xfrm: parseXfrmStatistics(xfrm) }),
    carrierErrors,
    own: await sampleNamespace(sources, 'this host', signal),
    ...(outside === undefined
      ? {}
      : { outside: await sampleNamespace(outside, `network namespace ${outside.name}`, signal) }),
  };
}

async function sampleNamespace(
  { commands, readFile }: RouteSources,
  place: string,
  signal: AbortSignal,
): Promise<NamespaceSample> {
  const reversePath = parseReversePathDrops((await readFile('/proc/net/netstat')) ?? '');
  const counted = reversePath === undefined ? {} : { reversePath };
  try {
    const text = await outputOf(commands, 'nft', ['-j', 'list', 'ruleset'], { signal });
    return { ...counted, ruleset: parseRuleset(text), unseen: [] };
  } catch (error) {
    if (signal.aborted) throw error;
    // nft may be missing, too old for what others wrote, or have more to say than we take.
    return { ...counted, unseen: [`what firewalls of ${place} do: ${messageOf(error)}`] };
  }
}

/** What grew between two looks, in the kernel of the SAs and at the interface of the tunnel. */
export function growthBetween(
  tunnel: string,
  before: Sample,
  after: Sample,
): Pick<Evidence, 'xfrm' | 'refusedByPolicy'> {
  const carrier = pairOf(before.carrierErrors.get(tunnel), after.carrierErrors.get(tunnel));
  const xfrm = pairOf(before.xfrm, after.xfrm);
  return {
    ...(carrier === undefined ? {} : { refusedByPolicy: carrier }),
    ...(xfrm === undefined ? {} : { xfrm }),
  };
}

/** Packets that one namespace refused for their source. */
export function dropsBetween(
  before: NamespaceSample | undefined,
  after: NamespaceSample | undefined,
): Pick<Arrivals, 'reversePathDrops'> {
  const reversePath = pairOf(before?.reversePath, after?.reversePath);
  return reversePath === undefined ? {} : { reversePathDrops: reversePath };
}

/** Undefined where it could not be read both times. */
export function rulesetsOf(
  before: NamespaceSample | undefined,
  after: NamespaceSample | undefined,
): { readonly before: Ruleset; readonly after: Ruleset } | undefined {
  return pairOf(before?.ruleset, after?.ruleset);
}

function pairOf<T>(
  before: T | undefined,
  after: T | undefined,
): { readonly before: T; readonly after: T } | undefined {
  return before === undefined || after === undefined ? undefined : { before, after };
}
