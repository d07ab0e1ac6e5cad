import { expect, it } from 'vitest';
import { toAgentState } from './agent-state.ts';
import { report } from './testing/reports.ts';

it('counts the tunnels of a report instead of telling of each', () => {
  const [tunnel] = report.tunnels;
  if (tunnel === undefined) throw new Error('no tunnel');
  const tunnels = (['up', 'down', 'up'] as const).map((state) => ({ ...tunnel, state }));
  const state = toAgentState({ ...report, tunnels });
  expect(state.tunnelStates).toEqual({ up: 2, down: 1 });
  expect(state.revisionInEffect).toBe(report.revisionInEffect);
  expect(state).not.toHaveProperty('tunnels');
  expect(state).not.toHaveProperty('objects');
});
