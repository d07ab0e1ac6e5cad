/** What somebody else has changed of what was in effect. */
import type { HostReport } from '../host-report.ts';
import type { Happening } from './event.ts';
import { hostObject } from './host-events.ts';
import { objectOf } from './tunnel-events.ts';

/** As far as the report still has the entries. */
export function driftEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const { count, last } = after.drift;
  const found = Math.max(0, count - (before?.drift.count ?? 0));
  const tunnels = new Map(after.tunnels.map((tunnel) => [tunnel.name, tunnel]));
  return last.slice(Math.max(0, last.length - found)).map(({ text, tunnel, shard, repaired }) => {
    const concerned = tunnel === undefined ? undefined : tunnels.get(tunnel);
    return {
      reason: repaired ? 'DriftRepaired' : 'DriftFound',
      object: concerned === undefined ? hostObject(after.host, { shard }) : objectOf(concerned),
      cause: { code: 'host/drifted', message: text },
    };
  });
}
