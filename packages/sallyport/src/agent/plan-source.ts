/**
 * The wanted plan of this host. Fails static: whatever is wrong with the file, the last good plan,
 * which is kept as a copy of our own, stays in effect.
 */
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { messageOf } from '../lib/message-of.ts';
import type { Problem } from '../lib/problem.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { shareTunnels } from '../plan/same-tunnels.ts';
import { readPlanFile, writePlanFile } from '../store/plan-file.ts';

export interface SourcedPlan {
  /** Undefined before the first plan. */
  readonly plan?: HostPlan;
  /** Why the file's own plan is not the one. */
  readonly problem?: Problem;
}

export class PlanSource {
  readonly #path: string;
  readonly #copyPath: string;
  #copy: HostPlan | undefined;
  /** Of the file that gave `#copy`. */
  #stamp: string | undefined;
  #isKept = false;

  constructor(path: string, copyPath: string) {
    this.#path = path;
    this.#copyPath = copyPath;
  }

  async read(): Promise<SourcedPlan> {
    try {
      // Every round asks, and checking the revision of a thousand tunnels takes longer than the rest.
      const stamp = await stampOf(this.#path);
      const isSame = stamp !== undefined && stamp === this.#stamp;
      if (this.#copy !== undefined && isSame && this.#isKept) return { plan: this.#copy };
      this.#stamp = undefined;
      const plan = await readPlanFile(this.#path);
      if (plan !== undefined) return await this.#keep(plan, stamp);
      return await this.#fallBack(`${this.#path} is missing`);
    } catch (error) {
      return this.#fallBack(messageOf(error));
    }
  }

  /** Calls back after each change of the file, possibly too often. */
  async watch(onChange: () => void): Promise<FSWatcher> {
    const directory = dirname(this.#path);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // The directory, not the file: a rename puts another file into its place.
    return watch(directory, (_event, name) => {
      if (name === null || name === basename(this.#path)) onChange();
    });
  }

  async #keep(read: HostPlan, stamp: string | undefined): Promise<SourcedPlan> {
    const plan = this.#copy === undefined ? read : shareTunnels(this.#copy, read);
    this.#stamp = stamp;
    this.#copy = plan;
    this.#isKept = false;
    try {
      await writePlanFile(this.#copyPath, plan);
      this.#isKept = true;
      return { plan };
    } catch (error) {
      // The plan is good and is obeyed; only a restart without its file would miss it.
      return {
        plan,
        problem: problem(
          'agent/copy-not-kept',
          `the copy of the plan could not be kept: ${String(error)}`,
        ),
      };
    }
  }

  async #fallBack(reason: string): Promise<SourcedPlan> {
    this.#copy ??= await readPlanFile(this.#copyPath).catch(() => undefined);
    if (this.#copy === undefined) {
      return {
        problem: problem(
          'agent/no-plan',
          `no plan to follow: ${reason}`,
          'apply declarations with sallyport apply',
        ),
      };
    }
    return {
      plan: this.#copy,
      problem: problem('agent/plan-refused', reason, 'apply the declarations again'),
    };
  }
}

/** Another one after every write to the file, and after every exchange of it. */
async function stampOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}

function problem(code: string, message: string, hint?: string): Problem {
  return { code, severity: 'warning', message, ...(hint === undefined ? {} : { hint }) };
}
