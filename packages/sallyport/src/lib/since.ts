/** Times as people give them: how long ago, or when. */

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/** RFC 3339 §5.6; a date alone is its beginning in UTC. */
const TIME = /^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2}))?$/;

/** Milliseconds of the epoch; undefined where the text is neither `1h30m` nor RFC 3339. `now`: the same unit. */
export function parseSince(text: string, now: number): number | undefined {
  if (/^(\d{1,9}[smhdw])+$/.test(text)) {
    const parts = text.match(/\d+[smhdw]/g) ?? [];
    const seconds = parts.map((part) => Number(part.slice(0, -1)) * SECONDS[unitOf(part)]);
    return now - seconds.reduce((sum, value) => sum + value, 0) * 1_000;
  }
  const time = TIME.test(text) ? Date.parse(text.replace(' ', 'T').toUpperCase()) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function unitOf(part: string): keyof typeof SECONDS {
  // The expression above lets nothing else in.
  return part.slice(-1) as keyof typeof SECONDS;
}
