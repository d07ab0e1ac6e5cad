/** A kernel that does what it is told, until a test lets it fail; diffs are those of the real driver. */
import type { ApplyReport, Driver } from '../../drivers/driver.ts';
import { diffKernel } from '../../drivers/kernel/diff.ts';
import type { KernelChange, KernelDesired, ObservedKernel } from '../../drivers/kernel/state.ts';
import { EMPTY_KERNEL, reached } from '../../drivers/kernel/testing/model-kernel.ts';
import type { ForwardedReport } from '../../status/drain-report.ts';

export class FakeKernel implements Driver<KernelDesired, ObservedKernel, KernelChange> {
  readonly name = 'kernel';
  state: ObservedKernel = EMPTY_KERNEL;
  looks = 0;
  /** Lines of `apply`, one list for each call. */
  readonly applied: string[][] = [];
  /** In place of a look at the kernel. */
  fault: ((signal: AbortSignal) => Promise<ObservedKernel>) | undefined;
  /** With these words every change fails. */
  refusal: string | undefined;
  #desired: KernelDesired | undefined;

  check(): [] {
    return [];
  }

  observe(signal: AbortSignal): Promise<ObservedKernel> {
    this.looks += 1;
    return this.fault?.(signal) ?? Promise.resolve(this.state);
  }

  diff(observed: ObservedKernel, desired: KernelDesired): KernelChange[] {
    this.#desired = desired;
    return diffKernel(observed, desired);
  }

  apply(changes: readonly KernelChange[]): Promise<ApplyReport<KernelChange>> {
    this.applied.push(changes.map(({ action, subject }) => `${action} ${subject}`));
    const error = this.refusal;
    if (error !== undefined)
      return Promise.resolve({ done: [], failed: changes.map((change) => ({ change, error })) });
    if (this.#desired !== undefined) this.state = reached(this.#desired, this.state);
    return Promise.resolve({ done: changes, failed: [] });
  }

  diffFlows(): Promise<KernelChange[]> {
    return Promise.resolve([]);
  }

  counted(): Promise<ForwardedReport[]> {
    return Promise.resolve([]);
  }

  cleanUp(): Promise<void> {
    return Promise.resolve();
  }
}
