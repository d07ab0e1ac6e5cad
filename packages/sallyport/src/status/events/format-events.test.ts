import { expect, it } from 'vitest';
import type { Event } from './event.ts';
import { formatEvent } from './format-events.ts';

const event: Event = {
  at: '2026-06-01T12:00:08.123Z',
  host: 'gw1',
  reason: 'TunnelDown',
  object: { kind: 'Connection', namespace: 'default', name: 'partner-a', tunnel: 'main' },
  before: 'up',
  after: 'down',
  cause: { code: 'ike/no-answer', message: '198.51.100.30 did not answer' },
};

it('shows an event in one line', () => {
  expect(formatEvent(event)).toBe(
    '2026-06-01 12:00:08Z  gw1  TunnelDown          default/partner-a main: up -> down: 198.51.100.30 did not answer [ike/no-answer]\n',
  );
});

it('shows a host by its kind, and a revision by its first digits', () => {
  const object = { kind: 'Host', name: 'gw1' };
  const { cause: _, before: __, ...rest } = event;
  expect(formatEvent({ ...rest, reason: 'PlanInEffect', object, after: 'ab'.repeat(32) })).toBe(
    '2026-06-01 12:00:08Z  gw1  PlanInEffect        Host gw1: abababababab\n',
  );
});

it('says in which shard a daemon is', () => {
  const object = { kind: 'Host', name: 'gw1', shard: 'ike2' };
  const { cause: _, before: __, ...rest } = event;
  expect(formatEvent({ ...rest, reason: 'EngineStarted', object, after: '5.9.8' })).toBe(
    '2026-06-01 12:00:08Z  gw1  EngineStarted       Host gw1 shard ike2: 5.9.8\n',
  );
});

it('lets no word of the other side steer the terminal, or make a second line', () => {
  const cause = { code: 'ike/id', message: 'it is \u001b[2Jroot\nTunnelUp' };
  expect(formatEvent({ ...event, cause })).toMatch(/: it is \?\[2Jroot\?TunnelUp \[ike\/id\]\n$/);
});
