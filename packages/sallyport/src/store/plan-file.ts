/**
 * The wanted plan as it is handed to the agent. An empty plan removes everything only where the file
 * says that this is meant; the revision is checked, so that a damaged file is never obeyed.
 */
import { z } from 'zod';
import { messageOf } from '../lib/message-of.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { revisionOf } from '../plan/plan-host.ts';
import { readJsonFile, type StagedFile, stageFile } from '../platform/atomic-file.ts';

interface Envelope {
  readonly plan: HostPlan;
  /** Present where somebody asked for a host without tunnels. */
  readonly removal?: 'explicit';
}

export class PlanRefusedError extends Error {
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}; the last good plan stays in effect`);
    this.name = 'PlanRefusedError';
  }
}

export function stagePlanFile(path: string, plan: HostPlan): Promise<StagedFile> {
  const envelope: Envelope = plan.tunnels.length === 0 ? { plan, removal: 'explicit' } : { plan };
  return stageFile(path, `${JSON.stringify(envelope)}\n`);
}

export async function writePlanFile(path: string, plan: HostPlan): Promise<void> {
  await (await stagePlanFile(path, plan)).commit();
}

/** Sources are no part of the revision, which vouches for everything else. */
const Sources = z.array(
  z.object({
    kind: z.string(),
    namespace: z.string(),
    name: z.string(),
    generation: z.int(),
    tunnels: z.array(z.string()),
  }),
);

/** Undefined where there is no file. Throws {@link PlanRefusedError} for every other fault. */
export async function readPlanFile(path: string): Promise<HostPlan | undefined> {
  let value: unknown;
  try {
    value = await readJsonFile(path);
  } catch (error) {
    throw new PlanRefusedError(path, messageOf(error));
  }
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null)
    throw new PlanRefusedError(path, 'is not an object');
  // Checked field by field below; the revision vouches for the rest.
  const envelope = value as Partial<Envelope>;
  const plan = envelope.plan;
  if (plan?.format !== 'sallyport.dev/host-plan/v1alpha1')
    throw new PlanRefusedError(path, 'is not a host plan of this version');
  const { revision, sources, ...content } = plan;
  if (!Sources.safeParse(sources).success || revisionOf(content) !== revision)
    throw new PlanRefusedError(path, 'does not match its own revision');
  if (!Array.isArray(plan.tunnels)) throw new PlanRefusedError(path, 'has no list of tunnels');
  if (plan.tunnels.length === 0 && envelope.removal !== 'explicit') {
    throw new PlanRefusedError(path, 'is empty without an explicit removal');
  }
  return plan;
}
