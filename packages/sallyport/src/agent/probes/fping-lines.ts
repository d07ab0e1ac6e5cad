/** What fping(8) is told and tells. Texts of 5.1; the versions since 4.0 print answers the same way. */
import type { Answer, Asking } from './prober.ts';

/**
 * An answer that comes later is none. Longer than any path takes, and not what tells a loss: with the usual value,
 * the interval, nothing would ever answer through a path that takes longer than that.
 */
const LATEST_MILLISECONDS = 2_000;
/** Between packets to different targets. */
const SPACING_MILLISECONDS = 1;
/** CS6, as routing protocols have it (RFC 4594 §3.1): what is full is not broken, and the next path would be as full. */
const TRAFFIC_CLASS = '0xc0';

export function fpingArguments(
  { interface: device, source, intervalMilliseconds }: Asking,
  targets: readonly string[],
): string[] {
  const pace = ['-p', String(intervalMilliseconds), '-i', String(SPACING_MILLISECONDS)];
  const by = device === undefined ? [] : ['-I', device];
  const from = [...by, '-S', source, '-O', TRAFFIC_CLASS];
  return ['-l', ...pace, '-t', String(latest(intervalMilliseconds)), ...from, ...targets];
}

/** It tells of each probe by then, answered or not. */
export function longestSilence({ intervalMilliseconds }: Asking): number {
  return latest(intervalMilliseconds) + 3 * intervalMilliseconds;
}

function latest(intervalMilliseconds: number): number {
  return Math.max(LATEST_MILLISECONDS, intervalMilliseconds);
}

/** `10.9.0.2 : [7], 64 bytes, 0.046 ms (0.067 avg, 0% loss)`; undefined for any other line. */
export function parseAnswer(line: string): Answer | undefined {
  const match = /^(\S+) +: \[(\d{1,10})\], \d+ bytes, (\d[\d.e+]*) ms\b/.exec(line);
  if (match === null) return undefined;
  const [, target = '', number, time] = match;
  const roundTripMilliseconds = Number(time);
  if (!Number.isFinite(roundTripMilliseconds)) return undefined;
  return { target, number: Number(number), roundTripMilliseconds };
}

/** Of the line that some router's refusal makes: whom it concerns, and what it says. */
export function parseRefusal(line: string): { target: string; remark: string } | undefined {
  const match = /^(ICMP .+) for ICMP Echo sent to (\S+)$/.exec(line);
  if (match === null) return undefined;
  const [, remark = '', target = ''] = match;
  return { target, remark };
}
