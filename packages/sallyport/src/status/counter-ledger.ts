/**
 * What a tunnel has carried over all its SAs. Each SA counts from zero, and is seen several times: in
 * looks, and once more when it ends. The largest count of each SA is the true one, so that neither the
 * order in which it was seen nor a repetition matters.
 */
import type { Counters } from './host-report.ts';

export interface SaCounters extends Counters {
  /** `<unique id>/<SPI in>/<SPI out>`: another one for each SA that ever was. */
  readonly sa: string;
  /** Outer addresses, as they are now: the destinations of what comes in and of what goes out. */
  readonly localAddress: string;
  readonly remoteAddress: string;
}

/** One direction of an SA that has ended, by what names it: an SPI alone may be that of another (RFC 4301 §4.1). */
export interface SaEnd {
  readonly destination: string;
  /** Eight hex digits, as the daemon writes them. */
  readonly spi: string;
  readonly bytes: number;
  readonly packets: number;
}

export interface LedgerRecord {
  /** Of SAs that are remembered only in the sum. */
  readonly ended: Counters;
  /** The one seen last is the last. */
  readonly sas: readonly SaCounters[];
}

export const NO_COUNTERS: Counters = { bytesIn: 0, bytesOut: 0, packetsIn: 0, packetsOut: 0 };

/** SAs that are gone and still known one by one: a look that was under way may yet tell of them. */
const REMEMBERED = 8;

export class CounterLedger {
  #ended: Counters;
  #total: Counters;
  readonly #sas = new Map<string, SaCounters>();
  /** Of `#sas`, by destination and SPI of each direction: thousands of ledgers are asked for one. */
  readonly #byEnd = new Map<string, string>();

  constructor({ ended, sas }: LedgerRecord = { ended: NO_COUNTERS, sas: [] }) {
    this.#ended = ended;
    this.#total = ended;
    for (const counted of sas) this.note(counted);
  }

  /** All SAs of the tunnel, as the daemon listed them. */
  look(sas: readonly SaCounters[]): void {
    for (const counted of sas) this.note(counted);
    // Where nothing is listed, the daemon may not have been asked.
    if (sas.length === 0) return;
    const gone = this.#sas.size - sas.length - Math.max(REMEMBERED, sas.length);
    if (gone <= 0) return;
    for (const counted of [...this.#sas.values()].slice(0, gone)) {
      this.#ended = combine(this.#ended, counted, add);
      this.#remove(counted);
    }
  }

  /** One SA, as an event told. */
  note(counted: SaCounters): void {
    const { sa } = counted;
    const before = this.#sas.get(sa);
    const largest = combine(before ?? NO_COUNTERS, counted, Math.max);
    const growth = combine(largest, before ?? NO_COUNTERS, subtract);
    this.#total = combine(this.#total, growth, add);
    // Its addresses may have changed (RFC 4555).
    if (before !== undefined) this.#remove(before);
    this.#sas.set(sa, { ...counted, ...largest });
    for (const end of endsOf(counted)) this.#byEnd.set(end, sa);
  }

  /** Of one that is not known, nothing. */
  noteEnd({ destination, spi, bytes, packets }: SaEnd): void {
    const end = endName(destination, spi);
    const counted = this.#sas.get(this.#byEnd.get(end) ?? '');
    if (counted === undefined) return;
    const [endIn] = endsOf(counted);
    const last =
      end === endIn
        ? { bytesIn: bytes, packetsIn: packets }
        : { bytesOut: bytes, packetsOut: packets };
    this.note({ ...counted, ...last });
  }

  #remove(counted: SaCounters): void {
    const { sa } = counted;
    this.#sas.delete(sa);
    for (const end of endsOf(counted)) if (this.#byEnd.get(end) === sa) this.#byEnd.delete(end);
  }

  hasAny(sas: readonly SaCounters[]): boolean {
    return sas.some(({ sa }) => this.#sas.has(sa));
  }

  get total(): Counters {
    return this.#total;
  }

  get record(): LedgerRecord {
    return { ended: this.#ended, sas: [...this.#sas.values()] };
  }
}

/** In, out. */
function endsOf({ sa, localAddress, remoteAddress }: SaCounters): readonly [string, string] {
  const [, spiIn = '', spiOut = ''] = sa.split('/');
  return [endName(localAddress, spiIn), endName(remoteAddress, spiOut)];
}

function endName(destination: string, spi: string): string {
  return `${destination} ${spi}`;
}

function add(a: number, b: number): number {
  return a + b;
}

function subtract(a: number, b: number): number {
  return a - b;
}

function combine(a: Counters, b: Counters, by: (x: number, y: number) => number): Counters {
  return {
    bytesIn: by(a.bytesIn, b.bytesIn),
    bytesOut: by(a.bytesOut, b.bytesOut),
    packetsIn: by(a.packetsIn, b.packetsIn),
    packetsOut: by(a.packetsOut, b.packetsOut),
  };
}
