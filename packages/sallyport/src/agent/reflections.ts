/**
 * What the gateways of a node tell it by BGP, for the ways that the kernel gets.
 *
 * bgpd tells nothing by itself, so its sessions are looked at: a small answer, which says whether anything was told since.
 * Only then the prefixes are read, of which there may be ten thousand, and the longer that takes, the longer the pause
 * after it. What could not be read changes nothing, nor does a restart of the agent: what was told is kept in a file.
 */
import { z } from 'zod';
import type { Frr } from '../drivers/frr/frr.ts';
import type { ReflectorSession } from '../drivers/frr/read-reflected.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { messageOf } from '../lib/message-of.ts';
import { rememberingLast } from '../lib/remembering.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { WayPlan } from '../plan/node-plan.ts';
import {
  listen,
  quietHosts,
  type ReflectedPath,
  type Reflectors,
  reflectedWays,
  reflectorsOf,
  type Told,
  withReflected,
} from '../plan/reflected.ts';
import { readJsonFile, writeFileAtomic } from '../platform/atomic-file.ts';
import type { BgpReport } from '../status/bgp-report.ts';
import { learnedWays } from './learned-ways.ts';
import type { Log } from './log.ts';

export interface ReflectionsOptions {
  readonly frr: Pick<Frr, 'reflectors' | 'paths'>;
  readonly path: string;
  readonly log: Log;
  /** Ways, or the gateways that tell of them, are others than before. */
  readonly onChange: () => void;
}

/** A gateway whose BGP ends carries nothing from then on. */
const LOOK_MILLISECONDS = 250;
/** While a table comes in, what is read of it is old at once: its end is waited for, and no longer than this. */
const COMING_MILLISECONDS = 2_000;
/** bgpd chooses paths, and looks for their next hops, some time after it has counted them. */
const CHOSEN_MILLISECONDS = 1_000;
/** Of the time, for reading again and again. */
const SHARE = 3;
const READ_MILLISECONDS = 15_000;
/** Between two writes of the file, which may be long. */
const WRITE_MILLISECONDS = 3_000;
const NO_PATHS: readonly ReflectedPath[] = [];

const File = z.array(
  z.object({ speaker: z.string(), hosts: z.array(z.tuple([z.string(), z.string()])) }),
);

interface Listening {
  readonly key: string;
  readonly reflectors: Reflectors;
}

export class Reflections {
  readonly #options: ReflectionsOptions;
  #listening: Listening | undefined;
  #told: readonly Told[] = [];
  #ways: readonly WayPlan[] = [];
  /** Names the ways: two that are the same have one name. */
  #name = '';
  /** The same object while nothing has changed, so that what follows from it is known. */
  readonly #withWays = rememberingLast(withReflected);
  readonly #learned = rememberingLast(learnedWays);
  #quiet: ReadonlySet<string> = new Set();
  /** Of the sessions, as the prefixes were read last. */
  #read = '';
  #readAt = 0;
  /** It was read again since, and was the same. */
  #isConfirmed = false;
  /** Who spoke then, and what they had told. */
  #speaking = '';
  #paths: readonly ReflectedPath[] | undefined;
  /** Of the sessions since more has been told than was read, as they were last. */
  #coming: { readonly state: string; readonly since: number } | undefined;
  /** What was told last is not in the file yet. */
  #isUnwritten = false;
  #triedAt = Number.NEGATIVE_INFINITY;
  #isFaultTold = false;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  readonly #end = new AbortController();

  constructor(options: ReflectionsOptions) {
    this.#options = options;
  }

  /** What an agent before has left; of a damaged file nothing. */
  async restore(): Promise<void> {
    try {
      const file = File.parse((await readJsonFile(this.#options.path)) ?? []);
      this.#told = file.map(({ speaker, hosts }) => ({
        ...{ speaker, isSpeaking: false },
        hosts: new Map(hosts),
      }));
    } catch (error) {
      this.#options.log.warn({ error: messageOf(error) }, 'what gateways have told is not known');
    }
  }

  /** Names of gateways that tell nothing now. */
  get quiet(): ReadonlySet<string> {
    return this.#quiet;
  }

  /** Listens to the gateways of the plan; to none where it has none. */
  follow(plan: HostPlan): void {
    const reflectors = reflectorsOf(plan);
    const key =
      reflectors === undefined
        ? undefined
        : canonicalJson([reflectors.gateways, [...reflectors.families]]);
    if (key === this.#listening?.key) return;
    clearTimeout(this.#timer);
    this.#read = '';
    this.#speaking = '';
    this.#paths = undefined;
    this.#coming = undefined;
    if (reflectors === undefined || key === undefined) {
      this.#listening = undefined;
      this.#told = [];
      this.#quiet = new Set();
      this.#ways = [];
      return;
    }
    this.#listening = { key, reflectors };
    // What those have said that are gateways no more is forgotten; the others have their word until they say another one.
    const nothingNew = { speaking: new Set<string>(), paths: [] };
    this.#take(listen(this.#told, reflectors, nothingNew), reflectors);
    this.#lookIn(0);
  }

  applyTo(plan: HostPlan): HostPlan {
    return this.#listening === undefined ? plan : this.#withWays(plan, this.#ways, this.#name);
  }

  /**
   * On a node zebra has nothing of what was learned. `routed`: the plan that the kernel was to follow; `installed`:
   * prefixes to which it has ways.
   */
  report(bgp: BgpReport, { node }: HostPlan, installed: ReadonlySet<string>): BgpReport {
    if (this.#listening === undefined || node === undefined) return bgp;
    return { ...bgp, learned: this.#learned(this.#ways, node.ways, installed) };
  }

  /** Returns when the next agent can know what was told last. */
  async close(): Promise<void> {
    this.#listening = undefined;
    clearTimeout(this.#timer);
    this.#end.abort();
    await this.#looking;
    this.#triedAt = Number.NEGATIVE_INFINITY;
    await this.#keep();
  }

  #lookIn(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, milliseconds);
  }

  async #look(): Promise<void> {
    const listening = this.#listening;
    if (listening === undefined) return;
    const start = performance.now();
    try {
      await this.#hear(listening);
    } catch {
      // A round sees to daemons that do not answer, and tells of them.
    }
    await this.#keep();
    if (this.#listening === listening)
      this.#lookIn(Math.max(LOOK_MILLISECONDS, SHARE * (performance.now() - start)));
  }

  async #hear(listening: Listening): Promise<void> {
    const { frr } = this.#options;
    const { reflectors } = listening;
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(READ_MILLISECONDS)]);
    const found = await frr.reflectors(signal);
    const state = canonicalJson(found);
    if (this.#listening !== listening) return;
    const isAgain = state === this.#read;
    if (isAgain && (this.#isConfirmed || performance.now() - this.#readAt < CHOSEN_MILLISECONDS))
      return;
    const speaking = speakingOf(found.sessions, reflectors);
    const names = namesOf(speaking);
    if (!isAgain && names === this.#speaking && this.#isComing(state)) return;
    const families = [...new Set([...reflectors.families.values()].flat())];
    const paths = speaking.size === 0 ? NO_PATHS : await frr.paths(families, signal);
    if (this.#isOther(listening)) return;
    this.#read = state;
    this.#readAt = performance.now();
    this.#coming = undefined;
    if (names === this.#speaking && paths === this.#paths) {
      this.#isConfirmed = isAgain;
      return;
    }
    this.#speaking = names;
    this.#paths = paths;
    const told = listen(this.#told, reflectors, { speaking, paths });
    const isOther = this.#take(told, reflectors);
    this.#isConfirmed = isAgain && !isOther;
    if (!isOther) return;
    this.#isUnwritten = true;
    this.#options.onChange();
  }

  /** For the next agent. What could not be written stays due. */
  async #keep(): Promise<void> {
    const now = performance.now();
    if (!this.#isUnwritten || now - this.#triedAt < WRITE_MILLISECONDS) return;
    this.#isUnwritten = false;
    this.#triedAt = now;
    const stored = this.#told.map(({ speaker, hosts }) => ({ speaker, hosts: [...hosts] }));
    try {
      await writeFileAtomic(this.#options.path, `${JSON.stringify(stored)}\n`);
      this.#isFaultTold = false;
    } catch (error) {
      this.#isUnwritten = true;
      if (!this.#isFaultTold)
        this.#options.log.warn({ error: messageOf(error) }, 'what gateways tell cannot be kept');
      this.#isFaultTold = true;
    }
  }

  #isComing(state: string): boolean {
    const now = performance.now();
    const { since, state: before } = this.#coming ?? { since: now, state: '' };
    this.#coming = { state, since };
    return state !== before && now - since < COMING_MILLISECONDS;
  }

  /** As a method, since the plan may have changed during an `await`. */
  #isOther(listening: Listening): boolean {
    return this.#listening !== listening;
  }

  /** Whether that makes other ways, or other gateways to be quiet. */
  #take(told: readonly Told[], reflectors: Reflectors): boolean {
    this.#told = told;
    const quiet = quietHosts(told, reflectors);
    const ways = reflectedWays(told, reflectors);
    const name = sha256Hex(JSON.stringify(ways)).slice(0, 16);
    const isSame = name === this.#name && namesOf(quiet) === namesOf(this.#quiet);
    // The same lists: what was computed of them is known.
    if (name !== this.#name) this.#ways = ways;
    this.#name = name;
    this.#quiet = quiet;
    return !isSame;
  }
}

function namesOf(hosts: ReadonlySet<string>): string {
  return [...hosts].sort().join(' ');
}

/** Sessions that have told everything in all families that they are for. */
function speakingOf(
  sessions: readonly ReflectorSession[],
  { families }: Reflectors,
): ReadonlySet<string> {
  return new Set(
    sessions
      .filter(({ address, complete }) =>
        families.get(address)?.every((family) => complete.includes(family)),
      )
      .map(({ address }) => address),
  );
}
