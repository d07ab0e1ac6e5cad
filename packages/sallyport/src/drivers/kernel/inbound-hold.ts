/**
 * Closes the only gap of a make-before-break exchange of SAs, and the same gap where a new daemon brings up SAs beside
 * those that a killed one has left in the kernel.
 *
 * The responder of an IKE exchange installs its new SA before its answer arrives here, and sends on it
 * at once. Until our daemon has read the answer and installed its end, the kernel has only a larval SA
 * for that SPI and drops what comes for it (`XfrmAcquireError` of /proc/net/xfrm_stat; xfrm_input()):
 * about a millisecond's packets. RFC 7296 §2.8 asks for this care in a rekey, where charon delays its
 * sending; beside an old IKE SA nothing says that the new SA replaces another.
 *
 * So, while a tunnel is exchanged or comes back, ESP of that peer whose SPI is not one of the standing SAs waits in a
 * queue of an `ifb` device for as long as the daemon needs. Everything else passes untouched, and order
 * is kept: netem with a rate is first in, first out, also while its delay shrinks to nothing.
 *
 * What we own: one `ifb` device `sph<n>` for each hold, whose alias names the link it holds packets of,
 * and the tc filters of priority n on that link. The `clsact` they hang on stays there, empty: to add or
 * delete one, the kernel stops the whole link (qdisc_graft() calls dev_deactivate()), and every packet
 * that another tunnel would send in that instant is lost.
 */
import { type Json, jsonRows, textOf } from '../../lib/json-fields.ts';
import { OWNER } from '../../plan/host-plan.ts';
import type { CommandRunner } from '../../platform/linux/command.ts';
import { CommandError, outputOf } from '../../platform/linux/command.ts';
import {
  type HeldPeer,
  HOLD_MILLISECONDS,
  HOLD_PREFIX,
  renderPlace,
  renderRelease,
  renderRemove,
} from './render-hold.ts';

/** Priorities of tc filters, which are shared with everybody on the link; the range is ours. */
const FIRST = 8300;
const LAST = 8399;

const FORGET_MILLISECONDS = 600_000;

/** Names from /etc/iproute2 would hide the number of the group. */
const SHOW_LINKS = ['-json', '-Numeric', 'link', 'show'];

export class InboundHold {
  readonly #commands: CommandRunner;
  readonly #used = new Set<number>();
  /** What a kernel said that lacks a part; a module may be installed later. */
  #missing: { readonly error: Error; readonly until: number } | undefined;

  constructor(commands: CommandRunner) {
    this.#commands = commands;
  }

  /**
   * Returns what ends the hold. Throws where the kernel lacks a part of it (ifb, netem, u32, mirred): the
   * exchange then works as well, and may lose the packets of a millisecond.
   */
  async place(peer: HeldPeer, signal: AbortSignal): Promise<() => Promise<void>> {
    if (this.#missing !== undefined && performance.now() < this.#missing.until)
      throw this.#missing.error;
    const number = this.#take();
    try {
      const link = await this.#linkTowards(peer, signal);
      const { ip, queue, tc } = renderPlace(number, link, peer);
      await this.#run('ip', ip, signal);
      // Before the link is touched: most kernels that lack a part lack this one.
      await this.#run('tc', queue, signal);
      // Present from the second hold on, or where somebody else filters on this link; it serves both.
      await this.#commands.run('tc', ['qdisc', 'add', 'dev', link, 'clsact'], { signal });
      await this.#run('tc', tc, signal);
      return () => this.#release(number, link);
    } catch (error) {
      await this.#removeOurs(number).catch(() => undefined);
      this.#used.delete(number);
      // "Unknown device type", "Specified qdisc kind is unknown".
      if (error instanceof CommandError && /unknown/i.test(error.message))
        this.#missing = { error, until: performance.now() + FORGET_MILLISECONDS };
      throw error;
    }
  }

  /** Ends every hold of ours, also those of an agent that was killed: what waits in them still arrives. */
  async cleanUp(signal: AbortSignal): Promise<void> {
    const text = await outputOf(this.#commands, 'ip', SHOW_LINKS, { signal });
    const found = jsonRows(text)
      .filter(isOurs)
      .map((row) => ({ number: numberOf(textOf(row, 'ifname') ?? ''), link: heldLink(row) }));
    const ending = found.flatMap(({ number, link }) =>
      number === undefined ? [] : [this.#release(number, link)],
    );
    // One without a queue, of an agent that came no further, holds nothing.
    await Promise.allSettled(ending);
  }

  #take(): number {
    for (let number = FIRST; number <= LAST; number += 1) {
      if (this.#used.has(number)) continue;
      this.#used.add(number);
      return number;
    }
    throw new Error(`more than ${LAST - FIRST + 1} tunnels are exchanged at once`);
  }

  async #linkTowards(
    { localAddress, remoteAddress }: HeldPeer,
    signal: AbortSignal,
  ): Promise<string> {
    const args = ['-json', 'route', 'get', remoteAddress, 'from', localAddress];
    const [row] = jsonRows(await outputOf(this.#commands, 'ip', args, { signal }));
    const link = row === undefined ? undefined : textOf(row, 'dev');
    if (link === undefined) throw new Error(`no link leads to ${remoteAddress}`);
    return link;
  }

  async #release(number: number, link: string | undefined): Promise<void> {
    try {
      // Without a link nothing was ever sent into it.
      if (link !== undefined) await this.#drain(number);
    } finally {
      await this.#remove(number, link).finally(() => this.#used.delete(number));
    }
  }

  async #drain(number: number): Promise<void> {
    await this.#run('tc', renderRelease(number));
    // What was held leaves within the old delay; then the queue is empty, and the way past it as good.
    await new Promise((resolve) => setTimeout(resolve, 2 * HOLD_MILLISECONDS));
  }

  /** What a `place` that failed has left: nothing of ours, where the name was taken. */
  async #removeOurs(number: number): Promise<void> {
    const args = [...SHOW_LINKS, 'dev', `${HOLD_PREFIX}${number}`];
    const { code, stdout } = await this.#commands.run('ip', args);
    const [row] = code === 0 ? jsonRows(stdout) : [];
    if (row !== undefined && isOurs(row)) await this.#remove(number, heldLink(row));
  }

  async #remove(number: number, link: string | undefined): Promise<void> {
    const { tc, ip } = renderRemove(number, link);
    if (link !== undefined)
      await this.#commands.run('tc', ['-force', '-batch', '-'], { input: joined(tc) });
    await this.#commands.run('ip', ['-force', '-batch', '-'], { input: joined(ip) });
  }

  async #run(program: 'ip' | 'tc', lines: readonly string[], signal?: AbortSignal): Promise<void> {
    await outputOf(this.#commands, program, ['-batch', '-'], {
      input: joined(lines),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function numberOf(name: string): number | undefined {
  const number = Number(name.startsWith(HOLD_PREFIX) ? name.slice(HOLD_PREFIX.length) : Number.NaN);
  return number >= FIRST && number <= LAST ? number : undefined;
}

/** The link of `sallyport hold wan`; undefined before the alias is set, when nothing hangs on the link. */
function heldLink(row: Json): string | undefined {
  return /^sallyport hold (.+)$/.exec(textOf(row, 'ifalias') ?? '')?.[1];
}

/** As for tunnel interfaces: our alias, or none yet in our group. */
function isOurs(row: Json): boolean {
  const isUnnamed =
    (textOf(row, 'ifalias') ?? '') === '' && textOf(row, 'group') === String(OWNER.routeProtocol);
  return isUnnamed || heldLink(row) !== undefined;
}
