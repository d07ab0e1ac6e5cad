import { describe, expect, it } from 'vitest';
import type { BgpSessionReport } from '../bgp-report.ts';
import type { HostReport } from '../host-report.ts';
import { bgp, established, report } from '../testing/reports.ts';
import { bgpEvents } from './bgp-events.ts';
import { eventsBetween, withLastKnown } from './events.ts';
import { formatEvent } from './format-events.ts';

const withSession = (session: BgpSessionReport): HostReport => ({
  ...report,
  bgp: { ...bgp, sessions: [session] },
});
const ended: BgpSessionReport = {
  ...{ ...established, state: 'active', timesLost: 1 },
  lastReset: { reason: 'Hold Timer Expired', notification: 'Hold Timer Expired', secondsAgo: 1 },
};
const reasons = (before: HostReport, after: HostReport): unknown[] =>
  bgpEvents(before, after).map(({ reason, cause }) => [reason, cause?.code]);

describe('bgpEvents', () => {
  it('tell of a session that comes up, and of none that stays', () => {
    const up = withSession(established);
    expect(reasons(report, up)).toEqual([['BgpUp', undefined]]);
    expect(reasons(up, up)).toEqual([]);
    expect(reasons(withSession(ended), withSession(ended))).toEqual([]);
  });

  it('tell why a session is lost', () => {
    const { lastReset: _, ...silent } = ended;
    const bfd = { state: 'down', transmitMilliseconds: 300, detectMilliseconds: 900 } as const;
    const up = withSession(established);
    expect(reasons(up, withSession(ended))).toEqual([['BgpDown', 'routing/session-lost']]);
    expect(reasons(up, withSession({ ...ended, bfd }))).toEqual([['BgpDown', 'routing/bfd-down']]);
    expect(reasons(up, withSession(silent))).toEqual([['BgpDown', undefined]]);
  });

  it('tell of one that was lost and is back between two looks', () => {
    const again = withSession({ ...established, timesEstablished: 2 });
    expect(reasons(withSession(established), again)).toEqual([['BgpUp', undefined]]);
  });

  it('name the neighbour apart from the states', () => {
    const { state: _, ...rest } = established;
    const idle = withSession({ ...rest, state: 'idle' });
    const [event] = eventsBetween(idle, withSession(established));
    expect(formatEvent(event ?? expect.unreachable())).toMatch(
      /BgpUp +Host gw1 BGP with \S+ \(.+\): idle -> established\n$/,
    );
  });

  it('tell of who calls without being listed, and is forgotten when it goes', () => {
    const { description: _, ...caller } = established;
    const called = withSession(caller);
    const nobody = { ...report, bgp: { ...bgp, sessions: [] } };
    expect(reasons(nobody, called)).toEqual([['BgpUp', undefined]]);
    expect(reasons(called, nobody)).toEqual([['BgpDown', undefined]]);
    expect(bgpEvents(called, nobody)[0]?.object.neighbor).toMatch(/ \(called us\)$/);
  });

  it('are silent where the daemon could not be asked for a while', () => {
    const up = withSession(established);
    expect(reasons(up, report)).toEqual([]);
    expect(reasons(withLastKnown(up, report), up)).toEqual([]);
  });
});
