/** A drain and a drill as text: a line each. */
import { formatDuration } from '../lib/format.ts';
import type { HostReport } from './host-report.ts';

/** `now`: RFC 3339. */
export function formatPlannedWork({ drain, drill }: HostReport, now: string): string[] {
  const seconds = (from: string, to: string): string =>
    formatDuration((Date.parse(to) - Date.parse(from)) / 1000);
  const ended =
    drain === undefined || drain.resting.length === 0
      ? ''
      : `; BGP has ended inside ${drain.resting.join(', ')}`;
  return [
    ...(drain === undefined
      ? []
      : [`  DRAINED for ${seconds(drain.since, now)}: others are preferred to this host${ended}`]),
    ...(drill === undefined
      ? []
      : [`  DRILL for ${seconds(now, drill.until)} more: ${drill.tunnels.join(', ')} taken out`]),
  ];
}
