/** What happened to BGP sessions. */
import { type BgpSessionReport, isEstablished } from '../bgp-report.ts';
import type { HostReport } from '../host-report.ts';
import type { EventCause, Happening } from './event.ts';
import { hostObject } from './host-events.ts';

export function bgpEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  if (after.bgp === undefined) return [];
  const [was, is] = [sessionsOf(before), sessionsOf(after)];
  // Of who has called and is gone, the daemon knows nothing any more.
  const gone = [...was.values()].filter(({ address }) => !is.has(address));
  return [
    ...[...is.values()].flatMap((session) => sessionEvent(was.get(session.address), session)),
    ...gone.flatMap((session) => sessionEvent(session, { ...unknown(session), state: 'idle' })),
  ].map(({ session, ...event }) => ({
    ...event,
    object: { ...hostObject(after.host, {}), neighbor: nameOf(session) },
  }));
}

type OfSession = Omit<Happening, 'object'> & { readonly session: BgpSessionReport };

function sessionEvent(known: BgpSessionReport | undefined, session: BgpSessionReport): OfSession[] {
  const words = { before: known?.state, after: session.state, session };
  const wasUp = known !== undefined && isEstablished(known);
  if (!isEstablished(session))
    return wasUp ? [{ reason: 'BgpDown', ...words, cause: causeOf(session) }] : [];
  if (!wasUp) return [{ reason: 'BgpUp', ...words }];
  // Lost, and back between two looks.
  const isSame = known.timesEstablished === session.timesEstablished;
  return isSame ? [] : [{ reason: 'BgpUp', ...words, before: undefined }];
}

function unknown({ lastReset: _, bfd: _bfd, ...session }: BgpSessionReport): BgpSessionReport {
  return session;
}

function sessionsOf(report: HostReport | undefined): ReadonlyMap<string, BgpSessionReport> {
  return new Map((report?.bgp?.sessions ?? []).map((session) => [session.address, session]));
}

function nameOf({ address, description = 'called us' }: BgpSessionReport): string {
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
