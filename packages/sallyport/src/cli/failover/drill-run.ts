/** One drill: probes before, while and after a path is out, and the proof that it is back. */
import { setTimeout as delay } from 'node:timers/promises';
import { askWork } from '../../agent/control.ts';
import { MOST_SECONDS } from '../../agent/work-request.ts';
import { messageOf } from '../../lib/message-of.ts';
import { pause } from '../../platform/pause.ts';
import { isEstablished } from '../../status/bgp-report.ts';
import type { HostReport } from '../../status/host-report.ts';
import { type OutageReport, outageOf } from '../../status/outage.ts';
import type { Io } from '../io.ts';
import { answered, askNow } from '../last-report.ts';
import { carriersOf, tunnelWords } from './carrier.ts';
import { Echoes, INTERVAL_MILLISECONDS } from './echoes.ts';

/** What became of the packets to one address. */
export interface TargetFigures {
  readonly target: string;
  /** Who carried them before, and while the path was out. */
  readonly before: string;
  readonly instead: string;
  /** It went by a tunnel that was to be out: there is no other way. */
  readonly stayed: boolean;
  readonly out: OutageReport;
  readonly back: OutageReport;
}

export interface DrillAnswer {
  readonly host: string;
  /** Names of tunnels. */
  readonly takenOut: readonly string[];
  /** How long they were out. */
  readonly seconds: number;
  readonly targets: readonly TargetFigures[];
  readonly restored: boolean;
}

export interface DrillRunOptions {
  readonly socket: string;
  readonly io: Io;
  /** Of before. */
  readonly report: HostReport;
  /** Targets by the address of ours that asks them. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
}

/** A tunnel, or all of them. */
export interface DrillWish {
  readonly seconds: number;
  readonly tunnel?: string;
}

/** Before the drill each target has to answer for so long. */
const BEFORE_MILLISECONDS = 1_000;
const FIRST_ANSWER_MILLISECONDS = 5_000;
/** What the way back costs is looked at for so long. */
const AFTER_MILLISECONDS = 3_000;
/** Until sessions are up again, and every difference is gone. */
const RESTORE_MILLISECONDS = 60_000;
const LOOK_MILLISECONDS = 300;
/** Beyond the wanted time, until the agent brings the path back without being asked. */
const GRACE_SECONDS = 10;
export const LONGEST_DRILL_SECONDS: number = MOST_SECONDS - GRACE_SECONDS;

const EVERY = { intervalMilliseconds: INTERVAL_MILLISECONDS };

export class DrillRun {
  readonly #options: DrillRunOptions;
  readonly #echoes = new Echoes();

  constructor(options: DrillRunOptions) {
    this.#options = options;
  }

  /** Undefined where nothing was taken out, which is told. */
  async run(wish: DrillWish): Promise<DrillAnswer | undefined> {
    const { io, sources } = this.#options;
    this.#echoes.start(sources);
    try {
      const silent = await this.#untilAnswered();
      if (silent.length === 0 && !io.signal.aborted) return await this.#drill(wish);
      const reason = this.#echoes.fault ?? this.#unanswered(silent, wish);
      io.stderr(`${io.signal.aborted ? 'interrupted' : reason}: nothing is taken out\n`);
      return undefined;
    } finally {
      this.#echoes.close();
    }
  }

  /** Targets that did not. */
  async #untilAnswered(): Promise<string[]> {
    const deadline = performance.now() + FIRST_ANSWER_MILLISECONDS;
    await this.#pause(BEFORE_MILLISECONDS);
    while (performance.now() < deadline && !this.#options.io.signal.aborted) {
      if (this.#echoes.silentFor(BEFORE_MILLISECONDS).length === 0) return [];
      await this.#pause(LOOK_MILLISECONDS);
    }
    return this.#echoes.silentFor(BEFORE_MILLISECONDS);
  }

  #unanswered(silent: readonly string[], { tunnel }: DrillWish): string {
    const { report, sources } = this.#options;
    const words = [...sources].flatMap(([source, targets]) =>
      targets
        .filter((target) => silent.includes(target))
        .map((target) => `${target} does not answer ${source}`),
    );
    const connections = report.tunnels
      .filter(({ name }) => tunnel === undefined || name === tunnel)
      .map(({ connection }) => connection);
    const [connection = 'CONNECTION', ...others] = new Set(connections);
    const name = others.length === 0 ? connection : 'CONNECTION';
    return `${words.join(', ')}, so nothing could be measured (see sallyport why ${name} --target ${silent[0] ?? ''})`;
  }

  async #drill({ seconds, tunnel }: DrillWish): Promise<DrillAnswer> {
    const { io, socket, sources } = this.#options;
    const before = await this.#carriers();
    // Of the request: the time that the agent takes counts, too.
    const outAt = performance.now();
    let takenOut: readonly string[] = [];
    let instead: ReadonlyMap<string, readonly string[]> = new Map();
    let backAt: number;
    try {
      const during = answered(
        await askWork(socket, {
          ...{ verb: 'drill', seconds: seconds + GRACE_SECONDS },
          ...(tunnel === undefined ? {} : { tunnel }),
        }),
      );
      takenOut = during.drill?.tunnels ?? [];
      io.stderr(`${takenOut.join(', ')}: taken out on host ${during.host}\n`);
      await this.#pause(seconds * 1_000 - (performance.now() - outAt));
      instead = await this.#carriers();
    } finally {
      backAt = performance.now();
      await this.#restore();
    }
    const restored = await this.#untilRestored();
    await delay(AFTER_MILLISECONDS);
    const end = performance.now();
    const out = new Set(
      this.#options.report.tunnels.filter(({ name }) => takenOut.includes(name)).map(tunnelWords),
    );
    const targets = [...sources.values()].flat().map((target) => {
      const echoes = this.#echoes.of(target);
      const carriers = instead.get(target) ?? ['nobody'];
      return {
        target,
        before: (before.get(target) ?? ['nobody']).join(' or '),
        instead: carriers.join(' or '),
        stayed: carriers.every((carrier) => out.has(carrier)),
        out: outageOf(echoes, { from: outAt, to: backAt, ...EVERY }),
        back: outageOf(echoes, { from: backAt, to: end - LOOK_MILLISECONDS, ...EVERY }),
      };
    });
    const isAnswered = this.#echoes.silentFor(BEFORE_MILLISECONDS).length === 0;
    return {
      ...{ host: this.#options.report.host, takenOut, targets },
      seconds: Math.round((backAt - outAt) / 100) / 10,
      restored: restored && isAnswered,
    };
  }

  async #restore(): Promise<void> {
    const { io, socket } = this.#options;
    try {
      answered(await askWork(socket, { verb: 'restore' }));
    } catch (error) {
      io.stderr(`${messageOf(error)}; the agent brings it back by itself\n`);
    }
  }

  /** By target. An interruption does not keep it from being asked. */
  async #carriers(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { report, sources } = this.#options;
    const { signal } = new AbortController();
    const carriers = new Map<string, readonly string[]>();
    for (const [source, targets] of sources)
      for (const target of targets)
        carriers.set(target, await carriersOf(target, source, report, signal));
    return carriers;
  }

  /** Everything as before: no drill, no difference, and each session up again that was. */
  async #untilRestored(): Promise<boolean> {
    const { socket, report: before } = this.#options;
    const deadline = performance.now() + RESTORE_MILLISECONDS;
    const sessions = establishedIn(before);
    while (performance.now() < deadline) {
      const { report } = await askNow(socket);
      if (report !== undefined && report.drill === undefined) {
        const isInEffect = report.revisionInEffect === report.wantedRevision;
        const up = establishedIn(report);
        if (isInEffect && [...sessions].every((address) => up.has(address))) return true;
      }
      await delay(LOOK_MILLISECONDS);
    }
    return false;
  }

  #pause(milliseconds: number): Promise<void> {
    return pause(milliseconds, this.#options.io.signal);
  }
}

/** Addresses of planned neighbours: who calls comes and goes. */
function establishedIn({ bgp }: HostReport): ReadonlySet<string> {
  return new Set(
    (bgp?.sessions ?? [])
      .filter((session) => session.description !== undefined && isEstablished(session))
      .map(({ address }) => address),
  );
}
