/** Reads log lines of one IKE SA as the agent does. */
import { outranks } from '../causes/cause-rank.ts';
import type { Finding } from '../causes/finding.ts';
import { LogReader } from '../causes/log-reader.ts';

export function findingsIn(lines: readonly string[], now: Date): Finding[] {
  const reader = new LogReader();
  return lines.flatMap((line) => {
    const told = reader.read(line, now);
    return told !== undefined && 'code' in told ? [told] : [];
  });
}

/** Of one attempt the finding that is kept. */
export function keptOf(lines: readonly string[], now: Date): Finding | undefined {
  const [first, ...rest] = findingsIn(lines, now);
  return rest.reduce(
    (best, next) => (best !== undefined && !outranks(next, best) ? best : next),
    first,
  );
}
