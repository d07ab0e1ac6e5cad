import { expect, it } from 'vitest';
import { toAgentState } from './agent-state.ts';
import { report } from './testing/reports.ts';

it('counts the tunnels of a report instead of telling of each', () => {
  const [tunnel] = report.tunnels;
  if (tunnel === undefined) throw new Error('no tunnel');
  const tunnels = (['up', 'down', 'up'] as const).map((state) => ({ ...tunnel, state }));
  const state = toAgentState({ ...report, tunnels });
  expect(state.tunnelStates).toEqual({ up: 2, down: 1 });
  expect(state.unsettled).toBe(1);
  expect(state.revisionInEffect).toBe(report.revisionInEffect);
  expect(state).not.toHaveProperty('tunnels');
  expect(state).not.toHaveProperty('objects');
});

it('tells the causes of a few tunnels, and of none that shall be down', () => {
  const [tunnel] = report.tunnels;
  if (tunnel === undefined) throw new Error('no tunnel');
  const cause = {
    code: 'ike/no-answer',
    message: 'silence',
    hint: 'ask',
    at: tunnel.since,
  } as const;
  const tunnels = Array.from({ length: 9 }, (_, index) => ({
    ...tunnel,
    tunnel: `t${index}`,
    state: index === 0 ? ('disabled' as const) : ('down' as const),
    cause,
  }));
  const { causes } = toAgentState({ ...report, tunnels });
  expect(causes).toHaveLength(5);
  expect(causes[0]).toEqual({
    tunnel: 'default/partner-a t1',
    code: 'ike/no-answer',
    message: 'silence',
    hint: 'ask',
  });
});
