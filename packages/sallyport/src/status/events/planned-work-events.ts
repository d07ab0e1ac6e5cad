/** What somebody has asked the host to do. */
import type { HostReport } from '../host-report.ts';
import type { Happening } from './event.ts';
import { hostObject } from './host-events.ts';

export function plannedWorkEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const object = hostObject(after.host, {});
  const was = before?.drill?.tunnels.join(' ');
  const is = after.drill?.tunnels.join(' ');
  return [
    ...(before?.drain === undefined && after.drain !== undefined
      ? [{ reason: 'Drained' as const, object }]
      : []),
    ...(before?.drain !== undefined && after.drain === undefined
      ? [{ reason: 'Undrained' as const, object }]
      : []),
    ...(was !== undefined && was !== is
      ? [{ reason: 'DrillEnded' as const, object, before: was }]
      : []),
    ...(is !== undefined && was !== is
      ? [{ reason: 'DrillBegan' as const, object, after: is }]
      : []),
  ];
}
