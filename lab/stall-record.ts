// Stalls of the machine, as the thread that sees them tells the one that asks: in memory that both share.

/** The latest ones; the first number counts all. */
export type StallRecord = Float64Array<SharedArrayBuffer>;

export interface Stall {
  /** By the steady clock of the machine. */
  readonly endedAt: number;
  readonly milliseconds: number;
}

const KEPT = 1_024;

export function makeRecord(): StallRecord {
  const numbers = 1 + 2 * KEPT;
  return new Float64Array(new SharedArrayBuffer(numbers * Float64Array.BYTES_PER_ELEMENT));
}

export function recordStall(record: StallRecord, { endedAt, milliseconds }: Stall): void {
  const count = record[0] ?? 0;
  const at = 1 + 2 * (count % KEPT);
  record[at] = endedAt;
  record[at + 1] = milliseconds;
  record[0] = count + 1;
}

export function stallsIn(record: StallRecord): readonly Stall[] {
  const kept = Math.min(record[0] ?? 0, KEPT);
  return Array.from({ length: kept }, (_, index) => ({
    endedAt: record[1 + 2 * index] ?? 0,
    milliseconds: record[2 + 2 * index] ?? 0,
  }));
}

/** The same in all threads. */
export function steadyMilliseconds(): number {
  return Number(process.hrtime.bigint()) / 1_000_000;
}
