/** The kernel's part of the plans that planning tests use. */
import { planWorld } from '../../../plan/testing/plan-world.ts';
import { WORLDS } from '../../../plan/testing/worlds.ts';
import type { KernelDesired } from '../state.ts';

export function desiredOf(world: keyof typeof WORLDS): KernelDesired {
  const chosen = WORLDS[world];
  if (chosen === undefined) throw new Error(`no world ${world}`);
  return planWorld(chosen).plan;
}

export const interfaces: KernelDesired = desiredOf('dual-stack inside, IPv4 outside');
