/** Reads log lines of one IKE SA as the agent does. */
import { outranks } from '../causes/cause-rank.ts';
import type { Diagnosis } from '../causes/diagnosis.ts';
import { LogReader } from '../causes/log-reader.ts';

export function diagnosesIn(lines: readonly string[], now: Date): Diagnosis[] {
  const reader = new LogReader();
  return lines.flatMap((line) => {
    const told = reader.read(line, now);
    return told !== undefined && 'code' in told ? [told] : [];
  });
}

/** Of one attempt the diagnosis that is kept. */
export function keptOf(lines: readonly string[], now: Date): Diagnosis | undefined {
  const [first, ...rest] = diagnosesIn(lines, now);
  return rest.reduce(
    (best, next) => (best !== undefined && !outranks(next, best) ? best : next),
    first,
  );
}
