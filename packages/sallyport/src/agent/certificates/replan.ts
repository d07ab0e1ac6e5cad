/** A new plan from the declarations that are stored, where what they name has changed without them. */
import { isBlocking, type Problem } from '../../lib/problem.ts';
import { validateObjects } from '../../model/validate.ts';
import type { HostPlan } from '../../plan/host-plan.ts';
import { planHost } from '../../plan/plan-host.ts';
import { storeChange } from '../../store/change-objects.ts';
import { IssuedStore } from '../../store/issued-store.ts';
import { type ObjectStore, toParsed } from '../../store/object-store.ts';
import { readPlanFile } from '../../store/plan-file.ts';
import { type Directories, pathsOf } from '../../store/state-directory.ts';
import { collectHostFacts } from '../collect-facts.ts';

export interface Replanned {
  /** Undefined where something forbids a plan: the one before stays in force. */
  readonly plan: HostPlan | undefined;
  readonly problems: readonly Problem[];
}

/** Under the lock of the store. */
export async function replan(
  store: ObjectStore,
  host: string,
  directories: Directories,
  signal: AbortSignal,
): Promise<Replanned> {
  const objects = await store.read();
  const parsed = objects.map(toParsed);
  const resolved = await new IssuedStore(pathsOf(directories).issued).resolveAll(parsed);
  const facts = await collectHostFacts(resolved, host, directories, signal);
  const validated = validateObjects(parsed, facts);
  const { plan, problems } = planHost(validated.objects, host, facts);
  const blocking = [...validated.problems, ...problems].filter(isBlocking);
  if (blocking.length > 0) return { plan: undefined, problems: blocking };
  const before = await readPlanFile(pathsOf(directories).plan).catch(() => undefined);
  if (before?.revision !== plan.revision) await storeChange(directories, objects, plan);
  return { plan, problems: [] };
}
