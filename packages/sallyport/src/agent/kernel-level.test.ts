import { expect, it, vi } from 'vitest';
import type { KernelChange } from '../drivers/kernel/state.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { DriftWatch } from './drift-watch.ts';
import { KernelLevel } from './kernel-level.ts';
import { FakeKernel } from './testing/fake-kernel.ts';
import { rememberingLog } from './testing/quiet-log.ts';

const { plan } = planWorld({ text: '', ...WORLDS['a node behind two gateways'] });
const { signal } = new AbortController();
const MOVE: KernelChange = {
  ...{ driver: 'kernel', action: 'replace', subject: 'nexthop 1', impact: 'nothing' },
  // Nobody runs it.
  step: {} as never,
};

function make(): { kernel: FakeKernel; level: KernelLevel } {
  const { log } = rememberingLog();
  const kernel = new FakeKernel();
  const drift = new DriftWatch({ log, life: 'first', now: () => new Date(0) });
  return { kernel, level: new KernelLevel({ kernel, drift, log }) };
}

it('moves flows at once', async () => {
  const { kernel, level } = make();
  kernel.diffFlows = () => Promise.resolve([MOVE]);
  await level.moveFlows(plan, signal);
  expect(kernel.applied).toEqual([['replace nexthop 1']]);
});

it('leaves flows to a round that has begun meanwhile, which looks after the move has ended', async () => {
  const { kernel, level } = make();
  const found = Promise.withResolvers<KernelChange[]>();
  kernel.diffFlows = () => found.promise;
  const moved = level.moveFlows({ ...plan, revision: 'older' }, signal);
  const round = level.round(plan, true, signal);
  await vi.waitFor(() => Promise.resolve());
  expect(kernel.looks).toBe(0);
  found.resolve([MOVE]);
  await moved;
  expect((await round).differences).toEqual([]);
  expect(kernel.applied.flat()).not.toContain('replace nexthop 1');
});
