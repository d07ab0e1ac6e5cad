/** What happened to tunnels. */
import type { HostReport, TunnelReport } from '../host-report.ts';
import type { EventCause, EventObject, Happening } from './event.ts';
import { isSameAgent } from './host-events.ts';

export function tunnelEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const was = new Map((before?.tunnels ?? []).map((tunnel) => [tunnel.name, tunnel]));
  const is = new Set(after.tunnels.map(({ name }) => name));
  return [
    ...(before?.tunnels ?? [])
      .filter(({ name }) => !is.has(name))
      .map((tunnel) => ({
        reason: 'TunnelRemoved' as const,
        object: objectOf(tunnel),
        before: tunnel.state,
      })),
    ...after.tunnels.flatMap((tunnel) => {
      const known = was.get(tunnel.name);
      const replaced = isSameAgent(before, after) ? replacement(known, tunnel) : undefined;
      const event = stateEvent(known, tunnel) ?? replaced;
      return [event, certificateChange(known, tunnel)].filter((one) => one !== undefined);
    }),
  ];
}

/** At most one a look: what a tunnel is now says more than the ways to it. One that goes with its address says nothing: that has its own. */
function stateEvent(before: TunnelReport | undefined, after: TunnelReport): Happening | undefined {
  if (after.state === 'standby') return undefined;
  const object = objectOf(after);
  const cause = causeOf(after);
  const states = { before: before?.state, after: after.state };
  if (before?.state !== after.state) {
    if (after.state === 'up') return { reason: 'TunnelUp', object, ...states };
    if (after.state === 'partial') return { reason: 'TunnelPartial', object, ...states, cause };
    if (before !== undefined && carries(before))
      return { reason: 'TunnelDown', object, ...states, cause };
  }
  if (after.cause !== undefined && before?.cause?.code !== after.cause.code)
    return {
      ...{ reason: carries(after) ? 'TunnelAtRisk' : 'TunnelFailed', object, cause },
      // What stays as it was is no way from one state to another.
      ...(before?.state === after.state ? { after: after.state } : states),
    };
  return undefined;
}

function replacement(before: TunnelReport | undefined, after: TunnelReport): Happening | undefined {
  if (before?.ike === undefined || after.ike === undefined || !isReplaced(before, after))
    return undefined;
  return {
    reason: 'TunnelReplaced',
    object: objectOf(after),
    before: `IKE SA ${before.ike.uniqueId}`,
    after: `IKE SA ${after.ike.uniqueId}`,
  };
}

function certificateChange(
  before: TunnelReport | undefined,
  after: TunnelReport,
): Happening | undefined {
  const was = before?.certificates?.local;
  const is = after.certificates?.local;
  if (was === undefined || is === undefined || was.fingerprint === is.fingerprint) return undefined;
  return {
    reason: 'CertificateChanged',
    object: objectOf(after),
    before: was.serial,
    after: is.serial,
  };
}

function carries({ state }: TunnelReport): boolean {
  return state === 'up' || state === 'partial';
}

/**
 * A rekeyed IKE SA takes its Child SAs over, and a rekeyed Child SA stays where it is (RFC 7296 §2.8): only
 * where more was rekeyed between two looks are all of them other ones.
 */
function isReplaced(before: TunnelReport, after: TunnelReport): boolean {
  const ids = new Set(before.children.map(({ uniqueId }) => uniqueId));
  const rekeys = after.history.rekeys - before.history.rekeys;
  return (
    carries(after) &&
    before.ike?.uniqueId !== after.ike?.uniqueId &&
    !after.children.some(({ uniqueId }) => ids.has(uniqueId)) &&
    rekeys <= before.children.length
  );
}

export function objectOf({ namespace, connection, tunnel }: TunnelReport): EventObject {
  return { kind: 'Connection', namespace, name: connection, tunnel };
}

function causeOf({ cause }: TunnelReport): EventCause | undefined {
  return cause === undefined ? undefined : { code: cause.code, message: cause.message };
}
