/**
 * Keeps the authorities and certificates that are declared for this host: makes the next one when it is time, sees it
 * proven on its tunnels, and goes back to the one before where the other side refuses it. What it has done is on the disk
 * at every moment: an agent that was killed goes on where it stood.
 */
import { messageOf } from '../../lib/message-of.ts';
import type { Problem } from '../../lib/problem.ts';
import { pause } from '../../platform/pause.ts';
import { IssuedStore } from '../../store/issued-store.ts';
import { ObjectStore } from '../../store/object-store.ts';
import { pathsOf } from '../../store/state-directory.ts';
import { readDeclaredIssuing } from './declared.ts';
import type { CertificateRounds, RoundOptions } from './rounds.ts';

/** While a new certificate is being proven. */
const PROVING_MILLISECONDS = 500;
/** Between looks at what is due. */
const LOOK_MILLISECONDS = 60_000;
/** Before the agent follows a plan. */
const START_MILLISECONDS = 1_000;

export class CertificateKeeper {
  readonly #options: RoundOptions;
  readonly #declarations: ObjectStore;
  readonly #issued: IssuedStore;
  #rounds: CertificateRounds | undefined;
  #lookAt = 0;
  #wake = new AbortController();
  #problems: readonly Problem[] = [];

  constructor(options: RoundOptions) {
    this.#options = options;
    const paths = pathsOf(options.directories);
    this.#declarations = new ObjectStore(paths.objects);
    this.#issued = new IssuedStore(paths.issued);
  }

  /** For the agent's report: what could not be made, and what the other side does not take. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** The plan is another one: somebody may have put a certificate in use. */
  wake(): void {
    this.#wake.abort();
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const milliseconds = await this.#round(signal).catch((error: unknown) => {
        const { log } = this.#options;
        log.warn({ error: messageOf(error) }, 'the certificates could not be looked after');
        return LOOK_MILLISECONDS;
      });
      const woken = AbortSignal.any([signal, this.#wake.signal]);
      await pause(milliseconds, woken);
    }
  }

  /** Returns the milliseconds until the next one. */
  async #round(signal: AbortSignal): Promise<number> {
    const { view, clock } = this.#options;
    const { plan } = view();
    if (plan === undefined) return START_MILLISECONDS;
    const declared = await readDeclaredIssuing(this.#declarations, plan.host);
    if (declared.authorities.size === 0 && (await this.#issued.isEmpty())) return LOOK_MILLISECONDS;
    const rounds = await this.#load();
    const found = await rounds.look(declared);
    if (found === 'due' || clock() >= this.#lookAt) {
      this.#problems = await rounds.run(plan.host, signal);
      this.#lookAt = clock() + LOOK_MILLISECONDS;
    }
    return found === 'rest' ? LOOK_MILLISECONDS : PROVING_MILLISECONDS;
  }

  /** Its libraries are as much as the whole agent, and few hosts keep authorities. */
  async #load(): Promise<CertificateRounds> {
    if (this.#rounds !== undefined) return this.#rounds;
    const module = await import('./rounds.ts');
    this.#rounds ??= new module.CertificateRounds(this.#options);
    return this.#rounds;
  }
}
