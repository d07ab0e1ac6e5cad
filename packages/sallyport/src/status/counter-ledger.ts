/**
 * What a tunnel has carried over all its SAs. Each SA counts from zero, and is seen several times: in
 * looks, and once more when it ends. The largest count of each SA is the true one, so that neither the
 * order in which it was seen nor a repetition matters.
 */
import type { Counters } from './host-report.ts';

export interface SaCounters extends Counters {
  /** `<unique id>/<SPI in>/<SPI out>`: another one for each SA that ever was. */
  readonly sa: string;
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
  readonly #sas: Map<string, SaCounters>;

  constructor({ ended, sas }: LedgerRecord = { ended: NO_COUNTERS, sas: [] }) {
    this.#ended = ended;
    this.#sas = new Map(sas.map((counted) => [counted.sa, counted]));
  }

  /** All SAs of the tunnel, as the daemon listed them. */
  look(sas: readonly SaCounters[]): void {
    for (const counted of sas) this.note(counted);
    // Where nothing is listed, the daemon may not have been asked.
    if (sas.length === 0) return;
    const gone = Math.max(0, this.#sas.size - sas.length - Math.max(REMEMBERED, sas.length));
    for (const counted of [...this.#sas.values()].slice(0, gone)) {
      this.#ended = add(this.#ended, counted);
      this.#sas.delete(counted.sa);
    }
  }

  /** One SA, as an event told. */
  note(counted: SaCounters): void {
    const largest = largestOf(this.#sas.get(counted.sa) ?? counted, counted);
    this.#sas.delete(counted.sa);
    this.#sas.set(counted.sa, { sa: counted.sa, ...largest });
  }

  /** One direction of an SA that has ended; of one that is not known, nothing. */
  noteEnd(spi: string, bytes: number, packets: number): void {
    for (const counted of [...this.#sas.values()]) {
      const [, spiIn, spiOut] = counted.sa.split('/');
      if (spi === spiIn) this.note({ ...counted, bytesIn: bytes, packetsIn: packets });
      else if (spi === spiOut) this.note({ ...counted, bytesOut: bytes, packetsOut: packets });
    }
  }

  hasAny(sas: readonly SaCounters[]): boolean {
    return sas.some(({ sa }) => this.#sas.has(sa));
  }

  get total(): Counters {
    return [...this.#sas.values()].reduce(add, this.#ended);
  }

  get record(): LedgerRecord {
    return { ended: this.#ended, sas: [...this.#sas.values()] };
  }
}

function add(a: Counters, b: Counters): Counters {
  return combine(a, b, (x, y) => x + y);
}

function largestOf(a: Counters, b: Counters): Counters {
  return combine(a, b, Math.max);
}

function combine(a: Counters, b: Counters, by: (x: number, y: number) => number): Counters {
  return {
    bytesIn: by(a.bytesIn, b.bytesIn),
    bytesOut: by(a.bytesOut, b.bytesOut),
    packetsIn: by(a.packetsIn, b.packetsIn),
    packetsOut: by(a.packetsOut, b.packetsOut),
  };
}
