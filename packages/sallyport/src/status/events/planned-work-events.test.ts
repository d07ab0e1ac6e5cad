import { expect, it } from 'vitest';
import { NOW, report } from '../testing/reports.ts';
import { plannedWorkEvents } from './planned-work-events.ts';

const drained = { ...report, drain: { since: NOW, resting: [] } };
const drilled = { ...report, drill: { tunnels: ['a', 'b'], until: NOW } };
const reasons = (...reports: Parameters<typeof plannedWorkEvents>): unknown[] =>
  plannedWorkEvents(...reports).map(({ reason, before, after }) => [reason, before ?? after]);

it('tells when a drain begins and ends, and not what goes on meanwhile', () => {
  expect(reasons(report, drained)).toEqual([['Drained', undefined]]);
  expect(reasons(undefined, drained)).toEqual([['Drained', undefined]]);
  expect(reasons(drained, drained)).toEqual([]);
  expect(reasons(drained, report)).toEqual([['Undrained', undefined]]);
});

it('tells which tunnels a drill takes out, and when they are back', () => {
  expect(reasons(report, drilled)).toEqual([['DrillBegan', 'a b']]);
  expect(reasons(drilled, drilled)).toEqual([]);
  expect(reasons(drilled, { ...drilled, drill: { tunnels: ['c'], until: NOW } })).toEqual([
    ['DrillEnded', 'a b'],
    ['DrillBegan', 'c'],
  ]);
  expect(reasons(drilled, report)).toEqual([['DrillEnded', 'a b']]);
});
