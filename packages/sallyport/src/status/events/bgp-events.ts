/** What happened to BGP sessions. */
import { type BgpSessionReport, isEstablished } from '../bgp-report.ts';
import type { HostReport } from '../host-report.ts';
import type { EventCause, Happening } from './event.ts';
import { hostObject } from './host-events.ts';

/** Of those that are planned: who calls without being listed comes and goes. */
export function bgpEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const was = new Map(planned(before).map((session) => [session.address, session]));
  const object = hostObject(after.host, {});
  return planned(after).flatMap((session): Happening[] => {
    const known = was.get(session.address);
    const words = { object, before: known?.state, after: nameOf(session) };
    if (isEstablished(session)) {
      const isAnother = known?.timesEstablished !== session.timesEstablished;
      return known !== undefined && isEstablished(known) && !isAnother
        ? []
        : [{ reason: 'BgpUp', ...words }];
    }
    return known !== undefined && isEstablished(known)
      ? [{ reason: 'BgpDown', ...words, cause: causeOf(session) }]
      : [];
  });
}

function planned(report: HostReport | undefined): readonly BgpSessionReport[] {
  return (report?.bgp?.sessions ?? []).filter(({ description }) => description !== undefined);
}

function nameOf({ address, description = '' }: BgpSessionReport): string {
  return `${address} (${description})`;
}

function causeOf({ lastReset, bfd }: BgpSessionReport): EventCause | undefined {
  if (lastReset === undefined) return undefined;
  const notification = lastReset.notification === undefined ? '' : `: ${lastReset.notification}`;
  const isBfd = bfd?.state === 'down';
  return {
    code: isBfd ? 'routing/bfd-down' : 'routing/session-lost',
    message: `${lastReset.reason}${notification}`,
  };
}
