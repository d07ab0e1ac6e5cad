/** What happened between two looks at a host, as events. Pure: whoever looks twice can tell. */
import type { HostReport } from '../host-report.ts';
import { bgpEvents } from './bgp-events.ts';
import { conditionEvents } from './condition-events.ts';
import { driftEvents } from './drift-events.ts';
import type { Event } from './event.ts';
import { hostEvents } from './host-events.ts';
import { plannedWorkEvents } from './planned-work-events.ts';
import { tunnelEvents } from './tunnel-events.ts';
import { vrrpEvents } from './vrrp-events.ts';

/** The host's own events first, as they explain those of its tunnels. `before` absent: nobody looked yet. */
export function eventsBetween(before: HostReport | undefined, after: HostReport): Event[] {
  const happened = [
    ...hostEvents(before, after),
    ...plannedWorkEvents(before, after),
    ...driftEvents(before, after),
    ...tunnelEvents(before, after),
    ...bgpEvents(before, after),
    ...vrrpEvents(before, after),
    ...conditionEvents(before, after),
  ];
  return happened.map((event) => ({ at: after.observedAt, host: after.host, ...event }));
}

/** As it was known last: what could not be read hides nothing, and is no change. */
export function withLastKnown(before: HostReport | undefined, after: HostReport): HostReport {
  const known = new Map((before?.tunnels ?? []).map((tunnel) => [tunnel.name, tunnel]));
  const tunnels = after.tunnels.map((tunnel) =>
    tunnel.state === 'unknown' ? (known.get(tunnel.name) ?? tunnel) : tunnel,
  );
  return {
    ...(before?.bgp === undefined ? {} : { bgp: before.bgp }),
    ...(before?.vrrp === undefined ? {} : { vrrp: before.vrrp }),
    ...{ ...after, tunnels },
  };
}
