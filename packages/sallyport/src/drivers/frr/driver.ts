/**
 * FRR driver: BGP and BFD of one host, in an FRR of our own.
 *
 * How it is driven: over the sockets that vtysh uses, line by line; `show running-config` to observe. Lines
 * are typed only for what differs by meaning, so that no session ends without need.
 * Routes of zebra have a source that the sites know, where the host has one: `ip protocol bgp route-map …` with `set src`.
 * What we own: our own daemons with all that they are told, and the routes of protocol bgp in table 8305.
 * Every received route is installed there (`set table`), in no other table, and what no policy lets in
 * nowhere. Of the running configuration everything in `router bgp`, route maps, lists and BFD profiles is
 * ours; debugging and logging of somebody who looks into the instance stay.
 * Order: see `diff.ts`. Prefix lists and route maps go in transactions of many lines: typed one by
 * one they take minutes for fifty neighbours. Failure: the first line that is refused ends its step; the others
 * go on, and the next round types what is missing. A new neighbour stays switched off until all of it was taken.
 * Secrets: a password is typed and never read: with it goes a description that names its fingerprint.
 * Supported standards and manuals: RFC 4271, RFC 4456, RFC 4760, RFC 5880, RFC 5881, RFC 8092, RFC 8212,
 * RFC 8326, RFC 8950, RFC 2385, RFC 5082; FRR user guide 8.4: bgpd, bfdd, zebra, route maps, filtering.
 */
import { messageOf } from '../../lib/message-of.ts';
import type { Problem } from '../../lib/problem.ts';
import type { BgpPlan } from '../../plan/bgp-plan.ts';
import { OWNER } from '../../plan/host-plan.ts';
import { type CommandRunner, outputOf } from '../../platform/linux/command.ts';
import type { ApplyReport, Driver, FailedChange } from '../driver.ts';
import type { SecretReader } from '../secret-reader.ts';
import { diffFrr } from './diff.ts';
import type { FrrEngine } from './engine.ts';
import { parseBfdConfig, parseBgpConfig, parseVersion, parseZebraConfig } from './parse-config.ts';
import { parseAddresses } from './parse-report.ts';
import type { ConfiguredDaemon, FrrChange, FrrDesired, ObservedFrr, VtyLine } from './state.ts';
import type { TypedLine } from './vty-socket.ts';

export interface FrrDriverOptions {
  readonly engine: Pick<FrrEngine, 'vty' | 'stop'>;
  readonly secrets: SecretReader;
  readonly commands: CommandRunner;
}

/** TCP_MD5SIG_MAXKEYLEN of <linux/tcp.h>; FRR takes one word. */
const PASSWORD = /^[!-~]{1,80}$/;

/** Of one transaction, which takes a second then. */
const LINES_TOGETHER = 500;

export class FrrDriver implements Driver<FrrDesired, ObservedFrr, FrrChange> {
  readonly name = 'frr';
  readonly #options: FrrDriverOptions;
  #observed: ObservedFrr | undefined;

  constructor(options: FrrDriverOptions) {
    this.#options = options;
  }

  check({ bgp }: FrrDesired): Problem[] {
    return (bgp?.neighbors ?? [])
      .filter(({ reach, bfd, kind }) => kind === 'peer' && reach === 'connected' && bfd)
      .map(({ address, description }) => ({
        code: 'frr/bfd-multihop',
        severity: 'warning',
        message: `neighbour ${address} (${description}): with TTL security FRR does BFD by its multihop port`,
        hint: 'make sure that the other side does so, too, or leave one of both out',
      }));
  }

  async observe(signal: AbortSignal): Promise<ObservedFrr> {
    const { bgpd, bfdd, zebra } = this.#options.engine.vty;
    const [bgp = '', bfd = '', routes = ''] = await Promise.all(
      [bgpd, bfdd, zebra].map((vty) => vty.show('show running-config', signal)),
    );
    this.#observed = {
      version: parseVersion(bgp),
      config: {
        ...parseBgpConfig(bgp),
        ...{ profiles: parseBfdConfig(bfd), zebra: parseZebraConfig(routes) },
      },
      addresses: parseAddresses(await zebra.show('show interface brief json', signal)),
    };
    return this.#observed;
  }

  /** As it was observed last. */
  get observed(): ObservedFrr | undefined {
    return this.#observed;
  }

  diff({ config, addresses }: ObservedFrr, { bgp }: FrrDesired): FrrChange[] {
    return diffFrr(config, bgp === undefined ? {} : { bgp: withPresentSources(bgp, addresses) });
  }

  async apply(changes: readonly FrrChange[], signal: AbortSignal): Promise<ApplyReport<FrrChange>> {
    const done: FrrChange[] = [];
    const failed: FailedChange<FrrChange>[] = [];
    for (const batch of batchesOf(changes)) {
      try {
        if (batch.length > 1) {
          await this.#typeTogether(batch, signal);
          done.push(...batch);
          continue;
        }
      } catch {
        // Which of them it was is found out one by one.
      }
      for (const change of batch) {
        try {
          await this.#type(change.step.daemon, change.step.lines, signal);
          done.push(change);
        } catch (error) {
          failed.push({ change, error: explained(messageOf(error)) });
        }
      }
    }
    return { done, failed };
  }

  async cleanUp(signal: AbortSignal): Promise<void> {
    await this.#options.engine.stop(signal);
    await this.#flush(signal);
  }

  /** What a zebra has left that was killed. */
  async #flush(signal: AbortSignal): Promise<void> {
    for (const family of ['-4', '-6']) {
      const routes = ['table', String(OWNER.learnedTable), 'protocol', 'bgp'];
      const { commands } = this.#options;
      const listed = await commands.run('ip', [family, 'route', 'show', ...routes], { signal });
      // A table that has never had a route is an error to ip-route(8).
      if (listed.stdout.trim() === '') continue;
      await outputOf(commands, 'ip', [family, 'route', 'flush', ...routes], { signal });
    }
  }

  /** One transaction: FRR would compare all that it has after each line (lib/northbound_cli.c). */
  #typeTogether(changes: readonly FrrChange[], signal: AbortSignal): Promise<void> {
    const lines = changes.flatMap(({ step }) => step.lines);
    const within = ['XFRR_start_configuration', ...lines, 'XFRR_end_configuration'];
    return this.#type('bgpd', within, signal);
  }

  async #type(
    daemon: ConfiguredDaemon,
    lines: readonly VtyLine[],
    signal: AbortSignal,
  ): Promise<void> {
    const typed = await Promise.all(lines.map((line) => this.#typed(line)));
    await this.#options.engine.vty[daemon].configure(typed, signal);
  }

  async #typed(line: VtyLine): Promise<TypedLine> {
    if (typeof line === 'string') return { text: line };
    const { namespace, name } = line.secret;
    const material = await this.#options.secrets.read(line.secret);
    if (material.form !== 'psk')
      throw new Error(`Secret ${namespace}/${name}: holds ${material.form}, psk is needed`);
    const secret = Buffer.from(material.psk.reveal()).toString('latin1');
    if (!PASSWORD.test(secret))
      throw new Error(
        `Secret ${namespace}/${name}: a password of BGP has 1 to 80 printable characters of ASCII, and no blanks`,
      );
    return { text: line.text, secret };
  }
}

/** The kernel refuses a route whose source no interface has, and zebra takes any. */
function withPresentSources(bgp: BgpPlan, addresses: ReadonlySet<string>): BgpPlan {
  const { sources = [], ...others } = bgp;
  const present = sources.filter((source) => addresses.has(source));
  return present.length === 0 ? others : { ...others, sources: present };
}

/** FRR says what it did, and not what lacks. */
function explained(error: string): string {
  const lacksMd5 = error.includes('applying TCP-Sig');
  return lacksMd5 ? `${error}; this kernel cannot sign TCP (CONFIG_TCP_MD5SIG)` : error;
}

/** Policies that follow each other, as many as one answer can wait for; everything else by itself. */
function batchesOf(changes: readonly FrrChange[]): FrrChange[][] {
  const batches: FrrChange[][] = [];
  let lines = 0;
  for (const change of changes) {
    const batch = batches.at(-1);
    const isPolicy = change.step.isPolicy === true;
    const fits = batch?.at(-1)?.step.isPolicy === true && lines < LINES_TOGETHER;
    if (batch !== undefined && isPolicy && fits) batch.push(change);
    else {
      batches.push([change]);
      lines = 0;
    }
    lines += change.step.lines.length;
  }
  return batches;
}
