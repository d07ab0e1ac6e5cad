/** From stored and incoming declarations to what is stored next; the place where a change of both is one step. */
import { basename } from 'node:path';
import type { HostPlan } from '../plan/host-plan.ts';
import { removeUnfinished } from '../platform/atomic-file.ts';
import { takeLock } from './lock.ts';
import { ObjectStore, type StoredObject } from './object-store.ts';
import { stagePlanFile } from './plan-file.ts';
import { type Directories, pathsOf } from './state-directory.ts';

const LOCK_MILLISECONDS = 30_000;

/** Serializes changes: of two applies at once, the second sees what the first has stored. */
export async function withStore<T>(
  directories: Directories,
  use: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  const paths = pathsOf(directories);
  const lock = await takeLock(paths.applyLock, `pid ${process.pid}`, LOCK_MILLISECONDS);
  try {
    await removeUnfinished(directories.state, [basename(paths.objects), basename(paths.plan)]);
    return await use(new ObjectStore(paths.objects));
  } finally {
    await lock.release();
  }
}

/**
 * Both files or none: what may fail, such as a full disk, fails before either is in force. Objects come
 * first, since a plan must never name secrets that nobody can find.
 */
export async function storeChange(
  directories: Directories,
  objects: readonly StoredObject[],
  plan: HostPlan,
): Promise<void> {
  const paths = pathsOf(directories);
  const stagedObjects = await new ObjectStore(paths.objects).stage(objects);
  try {
    const stagedPlan = await stagePlanFile(paths.plan, plan);
    try {
      await stagedObjects.commit();
      await stagedPlan.commit();
    } finally {
      await stagedPlan.discard();
    }
  } finally {
    await stagedObjects.discard();
  }
}
