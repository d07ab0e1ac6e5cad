import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterLedger, NO_COUNTERS, type SaCounters } from './counter-ledger.ts';
import type { Counters } from './host-report.ts';

const FIELDS = ['bytesIn', 'bytesOut', 'packetsIn', 'packetsOut'] as const;

function sum(parts: readonly Counters[]): Counters {
  return parts.reduce<Counters>(
    (a, b) => ({
      bytesIn: a.bytesIn + b.bytesIn,
      bytesOut: a.bytesOut + b.bytesOut,
      packetsIn: a.packetsIn + b.packetsIn,
      packetsOut: a.packetsOut + b.packetsOut,
    }),
    NO_COUNTERS,
  );
}

const increment = fc.nat({ max: 2 ** 40 });
const counted = fc.record({
  bytesIn: increment,
  bytesOut: increment,
  packetsIn: increment,
  packetsOut: increment,
});

/** The growth of one SA after the other; the last sight of each is its end. */
const generations = fc.array(fc.array(counted, { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 30,
});

const ADDRESSES = { localAddress: '192.0.2.1', remoteAddress: '192.0.2.2' };

/** What is seen of an SA, in time. */
function sights(growth: readonly Counters[], sa: string): SaCounters[] {
  return growth.map((_, index) => ({ sa, ...ADDRESSES, ...sum(growth.slice(0, index + 1)) }));
}

describe('a ledger of any SAs, one after the other', () => {
  it('sums up to all they carried, and never counts down', () => {
    fc.assert(
      fc.property(generations, fc.boolean(), (lives, isSavedBetween) => {
        let ledger = new CounterLedger();
        let last = NO_COUNTERS;
        for (const [number, life] of lives.entries()) {
          for (const sight of sights(life, `sa${number}`)) {
            ledger.look([sight]);
            const { total } = ledger;
            for (const field of FIELDS) if (total[field] < last[field]) return false;
            last = total;
            if (isSavedBetween) ledger = new CounterLedger(ledger.record);
          }
        }
        expect(ledger.total).toEqual(sum(lives.flat()));
        return true;
      }),
    );
  });

  it('sums up to the same in whatever order they are told of, and however often', () => {
    const shuffled = fc
      .array(fc.array(counted, { minLength: 1, maxLength: 5 }), { maxLength: 6 })
      .chain((lives) => {
        const all = lives.flatMap((life, number) => sights(life, `sa${number}`));
        return fc.tuple(
          fc.constant(sum(lives.flat())),
          fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
        );
      });
    fc.assert(
      fc.property(shuffled, ([total, told]) => {
        const ledger = new CounterLedger();
        for (const [index, sight] of told.entries())
          if (index % 2 === 0) ledger.look([sight]);
          else ledger.note(sight);
        expect(ledger.total).toEqual(total);
      }),
    );
  });

  it('stays small, also with many SAs at once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (width, rounds) => {
          const ledger = new CounterLedger();
          for (let round = 0; round < rounds; round++)
            ledger.look(
              Array.from({ length: width }, (_, child) => ({
                sa: `${round}/${child}`,
                ...ADDRESSES,
                bytesIn: 1,
                bytesOut: 0,
                packetsIn: 1,
                packetsOut: 0,
              })),
            );
          expect(ledger.total.bytesIn).toBe(width * rounds);
          return ledger.record.sas.length <= width + Math.max(8, width);
        },
      ),
    );
  });
});

describe('a ledger', () => {
  const sa: SaCounters = {
    sa: '1',
    ...ADDRESSES,
    bytesIn: 10,
    bytesOut: 20,
    packetsIn: 1,
    packetsOut: 2,
  };
  const { localAddress, remoteAddress } = ADDRESSES;

  it('takes the last count of the kernel, each direction by its destination and SPI', () => {
    const ledger = new CounterLedger();
    ledger.look([
      { ...sa, sa: '1/c1/d1' },
      { ...sa, sa: '2/c2/d2' },
    ]);
    ledger.noteEnd({ destination: localAddress, spi: 'c1', bytes: 15, packets: 3 });
    ledger.noteEnd({ destination: remoteAddress, spi: 'd2', bytes: 25, packets: 5 });
    ledger.noteEnd({ destination: remoteAddress, spi: 'd1', bytes: 5, packets: 1 });
    const expected = { bytesIn: 25, bytesOut: 45, packetsIn: 4, packetsOut: 7 };
    expect(ledger.total).toEqual(expected);
    // Of others: SPIs are chosen by each receiver for itself.
    ledger.noteEnd({ destination: localAddress, spi: 'ee', bytes: 1_000, packets: 1_000 });
    ledger.noteEnd({ destination: '203.0.113.9', spi: 'd1', bytes: 1_000, packets: 1_000 });
    ledger.noteEnd({ destination: remoteAddress, spi: 'c1', bytes: 1_000, packets: 1_000 });
    expect(ledger.total).toEqual(expected);
  });

  it('tells directions apart that have the same SPI by chance', () => {
    const ledger = new CounterLedger();
    ledger.look([{ ...sa, sa: '1/c1/c1' }]);
    ledger.noteEnd({ destination: remoteAddress, spi: 'c1', bytes: 25, packets: 5 });
    expect(ledger.total).toEqual({ bytesIn: 10, bytesOut: 25, packetsIn: 1, packetsOut: 5 });
  });

  it('follows an SA whose addresses change', () => {
    const ledger = new CounterLedger();
    ledger.look([{ ...sa, sa: '1/c1/d1' }]);
    ledger.look([{ ...sa, sa: '1/c1/d1', remoteAddress: '203.0.113.9' }]);
    ledger.noteEnd({ destination: remoteAddress, spi: 'd1', bytes: 1_000, packets: 1_000 });
    ledger.noteEnd({ destination: '203.0.113.9', spi: 'd1', bytes: 25, packets: 5 });
    expect(ledger.total).toEqual({ bytesIn: 10, bytesOut: 25, packetsIn: 1, packetsOut: 5 });
  });

  it('knows the SAs it has seen lately', () => {
    const ledger = new CounterLedger();
    ledger.look([sa]);
    expect([ledger.hasAny([sa]), ledger.hasAny([{ ...sa, sa: '2' }]), ledger.hasAny([])]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('forgets nothing while the daemon cannot be asked', () => {
    const ledger = new CounterLedger();
    const many = Array.from({ length: 50 }, (_, i) => ({ ...sa, sa: String(i) }));
    ledger.look(many);
    ledger.look([]);
    ledger.look(many);
    expect(ledger.total.bytesIn).toBe(500);
  });
});
