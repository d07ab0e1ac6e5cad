/**
 * What became of each tunnel over time: since when it is in its state, how long it was up, how often it
 * went down, and what it carried over all its SAs. Kept on disk at a modest pace, so that it outlives
 * agent and machine.
 */
import type { SaEvent } from '@sallyport/vici';
import { readCounters, type TunnelReading } from '../../drivers/strongswan/parse.ts';
import { messageOf } from '../../lib/message-of.ts';
import { CounterLedger, type SaCounters, type SaEnd } from '../../status/counter-ledger.ts';
import {
  type Cause,
  isOff,
  type TunnelReport,
  type TunnelState,
} from '../../status/host-report.ts';
import type { Log } from '../log.ts';
import type { HistoryFile, TunnelRecord } from './history-file.ts';

export interface TunnelHistoryOptions {
  readonly file: Pick<HistoryFile, 'read' | 'write'>;
  readonly log: Log;
  /** Milliseconds of a steady clock. */
  readonly clock: () => number;
}

interface TrackedTunnel {
  state: TunnelState;
  /** RFC 3339. */
  since: string;
  /** RFC 3339. */
  readonly firstSeen: string;
  upSeconds: number;
  flaps: number;
  rekeys: number;
  lastError: Cause | undefined;
  readonly ledger: CounterLedger;
  /** By the steady clock; undefined: nobody could look since `seenAt`. */
  lookedAt: number | undefined;
  /** Milliseconds of the epoch: the last look. */
  seenAt: number;
  /** Known from an agent before, or not yet at all. */
  isRestored: boolean;
}

/** What a look later cannot tell any more is written so soon, and with many tunnels less often. */
const SAVE_MILLISECONDS = 5_000;
const SAVE_MILLISECONDS_PER_TUNNEL = 60;
/** What it can tell: counters that have grown. */
const REFRESH_MILLISECONDS = 300_000;
/** charon keeps a rekeyed Child SA for 5 s (strongswan.conf: delete_rekeyed_delay): one more look at what came late. */
const REKEYED_MILLISECONDS = 3_000;

export class TunnelHistory {
  readonly #options: TunnelHistoryOptions;
  readonly #known = new Map<string, TrackedTunnel>();
  /** Since when a tunnel is not known; what was known last stands again when the daemon answers. */
  readonly #unknown = new Map<string, string>();
  #lookAgainAt = 0;
  #isChanged = false;
  #savedAt: number;
  #fault: string | undefined;

  constructor(options: TunnelHistoryOptions) {
    this.#options = options;
    this.#savedAt = options.clock();
  }

  /** Takes up what an agent before has left; without it, history begins now. */
  async restore(): Promise<void> {
    const { file, log } = this.#options;
    try {
      for (const [name, record] of await file.read()) this.#known.set(name, toTracked(record));
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the history of the tunnels is lost and begins anew');
    }
  }

  /** The reading with its history. At first sight an SA that is up has been so since it was made. */
  complete(reading: TunnelReading, cause: Cause | undefined, now: Date): TunnelReport {
    const { counters: _, ...rest } = reading;
    // A tunnel that has failed is down until it is up, however often it is tried in between.
    const isRetry = reading.state === 'connecting' && cause !== undefined;
    const state = isRetry ? 'down' : reading.state;
    const known = this.#known.get(reading.name) ?? this.#begin(reading, state, now);
    if (cause !== undefined) this.#noteError(known, cause);
    const isShown = cause !== undefined && !isOff(state);
    const since =
      state === 'unknown'
        ? this.#miss(reading, known, now)
        : this.#look(reading, known, state, now);
    return {
      ...rest,
      state,
      since,
      history: {
        firstSeen: known.firstSeen,
        upSeconds: Math.round(known.upSeconds),
        flaps: known.flaps,
        rekeys: known.rekeys,
        ...known.ledger.total,
        ...(known.lastError === undefined ? {} : { lastError: known.lastError }),
      },
      ...(isShown ? { cause } : {}),
    };
  }

  /** Rekeyings, and counters that end with their SA: no later look would find them. */
  note(event: SaEvent): void {
    if (event.type === 'ike-rekey') this.#count(event.new.name, []);
    if (event.type === 'child-rekey') {
      this.#count(
        event.sa.name,
        [event.old, event.new].flatMap((child) => readCounters(event.sa, child) ?? []),
      );
      this.#lookAgainAt = this.#options.clock() + REKEYED_MILLISECONDS;
    }
    if (event.type === 'child-updown' && !event.up) {
      const ledger = this.#known.get(event.sa.name)?.ledger;
      for (const counted of event.sa.children.flatMap(
        (child) => readCounters(event.sa, child) ?? [],
      ))
        ledger?.note(counted);
      this.#isChanged = true;
    }
  }

  /** What the kernel counted of an SA when it took it out. */
  noteEnd(end: SaEnd): void {
    for (const { ledger } of this.#known.values()) ledger.noteEnd(end);
    this.#isChanged = true;
  }

  /** By the steady clock: when to look at SAs that are about to end; undefined where there are none. */
  get nextLookAt(): number | undefined {
    return this.#lookAgainAt > this.#options.clock() ? this.#lookAgainAt : undefined;
  }

  /** Forgets tunnels that the plan no longer has. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const known of [this.#known, this.#unknown])
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
  }

  async saveIfDue(): Promise<void> {
    const age = this.#options.clock() - this.#savedAt;
    const pause = Math.max(SAVE_MILLISECONDS, this.#known.size * SAVE_MILLISECONDS_PER_TUNNEL);
    if (age >= REFRESH_MILLISECONDS || (this.#isChanged && age >= pause)) await this.save();
  }

  /** Never throws: a history that cannot be kept is no reason to leave a tunnel alone. */
  async save(): Promise<void> {
    const { file, log, clock } = this.#options;
    this.#savedAt = clock();
    this.#isChanged = false;
    try {
      await file.write(new Map([...this.#known].map(([name, known]) => [name, toRecord(known)])));
      this.#fault = undefined;
    } catch (error) {
      const fault = messageOf(error);
      if (fault !== this.#fault)
        log.warn({ error: fault }, 'the history of the tunnels is not kept');
      this.#fault = fault;
      this.#isChanged = true;
    }
  }

  #begin(reading: TunnelReading, state: TunnelState, now: Date): TrackedTunnel {
    const age = state === 'up' ? (reading.ike?.establishedSeconds ?? 0) : 0;
    const since = new Date(now.getTime() - age * 1_000).toISOString();
    const known: TrackedTunnel = {
      state,
      since,
      firstSeen: since,
      upSeconds: age,
      flaps: 0,
      rekeys: 0,
      lastError: undefined,
      ledger: new CounterLedger(),
      lookedAt: this.#options.clock(),
      seenAt: now.getTime(),
      // What it was before it was unknown, nobody knows.
      isRestored: state === 'unknown',
    };
    this.#known.set(reading.name, known);
    this.#isChanged = true;
    return known;
  }

  /** Returns since when it is in its state. */
  #look(reading: TunnelReading, known: TrackedTunnel, state: TunnelState, now: Date): string {
    const clock = this.#options.clock();
    const hasSurvived = known.ledger.hasAny(reading.counters);
    known.upSeconds += upSince(known, reading, { state, hasSurvived, clock, now: now.getTime() });
    if (known.state === 'up' && state !== 'up' && !isOff(state)) known.flaps += 1;
    const isSame = known.state === state && (state !== 'up' || hasSurvived || !known.isRestored);
    if (!isSame) {
      const age = known.isRestored && state === 'up' ? (reading.ike?.establishedSeconds ?? 0) : 0;
      known.since = new Date(now.getTime() - age * 1_000).toISOString();
      this.#isChanged = true;
    }
    known.state = state;
    known.lookedAt = clock;
    known.seenAt = now.getTime();
    known.isRestored = false;
    known.ledger.look(reading.counters);
    this.#unknown.delete(reading.name);
    return known.since;
  }

  #miss(reading: TunnelReading, known: TrackedTunnel, now: Date): string {
    const since = this.#unknown.get(reading.name) ?? now.toISOString();
    this.#unknown.set(reading.name, since);
    known.lookedAt = undefined;
    return since;
  }

  #noteError(known: TrackedTunnel, cause: Cause): void {
    if (known.lastError?.code !== cause.code) this.#isChanged = true;
    known.lastError = cause;
  }

  #count(name: string, sas: readonly SaCounters[]): void {
    const known = this.#known.get(name);
    if (known === undefined) return;
    known.rekeys += 1;
    for (const counted of sas) known.ledger.note(counted);
    this.#isChanged = true;
  }
}

/** Seconds of the time since the last look that the tunnel was up, as far as that is proven. */
function upSince(
  known: TrackedTunnel,
  { ike }: TunnelReading,
  look: { state: TunnelState; hasSurvived: boolean; clock: number; now: number },
): number {
  const wasUp = known.state === 'up';
  if (known.lookedAt !== undefined) return wasUp ? (look.clock - known.lookedAt) / 1_000 : 0;
  // Nobody could look: an SA that is still there was there all the time.
  const gap = Math.max(0, look.now - known.seenAt) / 1_000;
  if (wasUp && look.hasSurvived) return gap;
  return look.state === 'up' ? Math.min(gap, ike?.establishedSeconds ?? 0) : 0;
}

function toTracked({ counters, seenAt, lastError, ...record }: TunnelRecord): TrackedTunnel {
  return {
    ...record,
    lastError,
    ledger: new CounterLedger(counters),
    lookedAt: undefined,
    seenAt: Date.parse(seenAt),
    isRestored: true,
  };
}

function toRecord(known: TrackedTunnel): TunnelRecord {
  const { state, since, firstSeen, upSeconds, flaps, rekeys, lastError } = known;
  return {
    ...{ state, since, firstSeen, upSeconds, flaps, rekeys },
    seenAt: new Date(known.seenAt).toISOString(),
    counters: known.ledger.record,
    ...(lastError === undefined ? {} : { lastError }),
  };
}
