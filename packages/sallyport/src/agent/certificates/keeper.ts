/**
 * Keeps the authorities and certificates that are declared for this host: makes the next one when it is time, sees it
 * proven on its tunnels, and goes back to the one before where the other side refuses it. What it has done is on the disk
 * at every moment: an agent that was killed goes on where it stood.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type DeclaredIssue, type DeclaredIssuing, declaredOn } from '../../issuing/declared.ts';
import { tendAuthority } from '../../issuing/declared-authority.ts';
import { type Issuing, issueAnew } from '../../issuing/issued-secret.ts';
import { notIssued, prepareIssued } from '../../issuing/prepare.ts';
import { messageOf } from '../../lib/message-of.ts';
import type { Problem } from '../../lib/problem.ts';
import { refOf } from '../../model/objects.ts';
import { nextStep, type Step } from '../../pki/rotation.ts';
import { collectSecretFacts } from '../../platform/secret-facts.ts';
import { tunnelsUp } from '../../status/certificate-proof.ts';
import { AuthorityStore } from '../../store/authority-store.ts';
import { withStore } from '../../store/change-objects.ts';
import { type IssuedState, IssuedStore } from '../../store/issued-store.ts';
import { ObjectStore, toParsed } from '../../store/object-store.ts';
import { readPlanFile } from '../../store/plan-file.ts';
import { readSalt } from '../../store/salt.ts';
import { type Directories, pathsOf } from '../../store/state-directory.ts';
import type { Log } from '../log.ts';
import {
  type AgentView,
  describeMissing,
  type Judgement,
  ProofWatch,
  refusalOf,
} from './proof-watch.ts';
import type { replan } from './replan.ts';

export interface KeeperOptions {
  readonly directories: Directories;
  readonly view: () => AgentView;
  /** Makes the plan that follows from other certificates. */
  readonly replan: typeof replan;
  /** Steady, in milliseconds. */
  readonly clock: () => number;
  readonly log: Log;
}

/** While a new certificate is being proven. */
const PROVING_MILLISECONDS = 500;
/** Between looks at what is due. */
const LOOK_MILLISECONDS = 60_000;
/** Before the agent follows a plan. */
const START_MILLISECONDS = 1_000;

/** What is due for one Secret. */
interface Due {
  readonly state: IssuedState | undefined;
  readonly step: Step;
  readonly missing: Judgement['missing'];
}

export class CertificateKeeper {
  readonly #options: KeeperOptions;
  readonly #authorities: AuthorityStore;
  readonly #issued: IssuedStore;
  readonly #proofs: ProofWatch;
  #lookAt = 0;
  #wake = new AbortController();
  #problems: readonly Problem[] = [];

  constructor(options: KeeperOptions) {
    this.#options = options;
    const paths = pathsOf(options.directories);
    this.#authorities = new AuthorityStore(paths.authorities);
    this.#issued = new IssuedStore(paths.issued);
    this.#proofs = new ProofWatch(options.clock);
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
      const pause = await this.#round(signal).catch((error: unknown) => {
        const { log } = this.#options;
        log.warn({ error: messageOf(error) }, 'the certificates could not be looked after');
        return LOOK_MILLISECONDS;
      });
      const woken = AbortSignal.any([signal, this.#wake.signal]);
      await delay(pause, undefined, { signal: woken }).catch(() => undefined);
    }
  }

  /** Returns the milliseconds until the next one. */
  async #round(signal: AbortSignal): Promise<number> {
    const { plan } = this.#options.view();
    if (plan === undefined) return START_MILLISECONDS;
    const declared = await this.#declared(plan.host);
    if (declared.authorities.size === 0 && (await this.#issued.isEmpty())) return LOOK_MILLISECONDS;
    const steps = await Promise.all(
      declared.issues.map(async (issue) => (await this.#due(issue)).step.do),
    );
    const isDue = steps.some((step) => step !== 'wait' && step !== 'rest');
    if (isDue || this.#options.clock() >= this.#lookAt) {
      await this.#change(plan.host, signal);
      this.#lookAt = this.#options.clock() + LOOK_MILLISECONDS;
    }
    return isDue || steps.includes('wait') ? PROVING_MILLISECONDS : LOOK_MILLISECONDS;
  }

  async #declared(host: string): Promise<DeclaredIssuing> {
    const kinds = ['CertificateAuthority', 'Secret'];
    const stored = await new ObjectStore(pathsOf(this.#options.directories).objects).read(kinds);
    return declaredOn(host, stored.map(toParsed));
  }

  /** Does everything that is due, and makes the plan that follows from it. */
  async #change(host: string, signal: AbortSignal): Promise<void> {
    const { directories, view, log } = this.#options;
    await withStore(directories, async (store) => {
      // Another command may have changed them before it let go of the lock.
      const declared = await this.#declared(host);
      const issuing = { authorities: this.#authorities, issued: this.#issued, now: new Date() };
      await this.#issued.keepOnly(declared.issues.map(({ secret }) => secret.object.metadata));
      const wereUp = tunnelsUp(view().report);
      const problems: Problem[] = [];
      for (const issue of declared.issues)
        try {
          await this.#advance(issue, wereUp, issuing);
        } catch (error) {
          problems.push(notIssued(issue.secret, error));
        }
      for (const authority of declared.authorities.values())
        await this.#authorities
          .locked(() => tendAuthority(this.#authorities, authority, declared, issuing.now))
          .catch((error: unknown) => problems.push(notIssued(authority, error)));
      problems.push(
        ...(await prepareIssued(declared, wereUp, issuing)),
        ...(await this.#refusals(declared)),
      );
      if (await this.#isPlanBehind(declared)) {
        const { plan, problems: forbidding } = await this.#options.replan(
          store,
          host,
          directories,
          signal,
        );
        problems.push(...forbidding);
        log.info({ revision: plan?.revision }, 'planned anew with other certificates');
      }
      // Nothing of it is in the way of what is in effect.
      this.#problems = problems.map((problem) => ({ ...problem, severity: 'warning' }));
    });
  }

  async #advance(
    declared: DeclaredIssue,
    wereUp: readonly string[],
    issuing: Issuing,
  ): Promise<void> {
    const { metadata } = declared.secret.object;
    const { state, step, missing } = await this.#due(declared);
    const { candidate } = state ?? {};
    if (state === undefined) return;
    const since = issuing.now.toISOString();
    const { log } = this.#options;
    const what = {
      secret: `${metadata.namespace}/${metadata.name}`,
      serial: candidate?.certificate.serial,
    };
    if (step.do === 'issue') {
      await issueAnew(declared, state, wereUp, issuing);
      log.info(what, 'a new certificate is made');
    }
    if (candidate === undefined) return;
    const put = async (change: Partial<typeof candidate>, message: string): Promise<void> => {
      await this.#issued.write(metadata, { ...state, candidate: { ...candidate, ...change } });
      log.info(what, message);
    };
    switch (step.do) {
      case 'settle':
        await this.#issued.write(metadata, { format: state.format, proven: candidate.certificate });
        log.info(what, 'the new certificate is proven on its tunnels');
        break;
      case 'use':
        await put({ isInUse: true, since, wereUp }, 'the new certificate is tried again');
        break;
      case 'return': {
        const reason = describeMissing(missing);
        const failures = candidate.failures + 1;
        await put(
          { isInUse: false, since, failures, reason },
          'the other side does not take the new certificate: the one before is used again',
        );
      }
    }
  }

  /** Also where whoever has put something in use was killed before it was planned. */
  async #isPlanBehind({ issues }: DeclaredIssuing): Promise<boolean> {
    const paths = pathsOf(this.#options.directories);
    const salt = await readSalt(paths.salt);
    const secrets = await Promise.all(issues.map(({ secret }) => this.#issued.resolve(secret)));
    const wanted = await collectSecretFacts(secrets, salt);
    const plan = await readPlanFile(paths.plan).catch(() => undefined);
    const uses = plan?.tunnels.map(({ auth }) => auth.secret) ?? [];
    return wanted.some(({ namespace, name, fingerprint }) =>
      uses.some(
        (use) =>
          use.namespace === namespace && use.name === name && use.fingerprint !== fingerprint,
      ),
    );
  }

  async #due({ secret, spec }: DeclaredIssue): Promise<Due> {
    const state = await this.#issued.read(secret.object.metadata);
    const now = new Date();
    if (state === undefined) return { state, step: { do: 'rest', until: now }, missing: [] };
    const { proof, missing } = this.#proofs.judge(
      secret.object.metadata,
      state,
      this.#options.view(),
    );
    return { state, step: nextStep(state, proof, now, spec.renewAfterDays), missing };
  }

  async #refusals({ issues }: DeclaredIssuing): Promise<Problem[]> {
    const problems = issues.map(async ({ secret: { object } }) => {
      const state = await this.#issued.read(object.metadata);
      return state === undefined ? [] : (refusalOf(refOf(object), state) ?? []);
    });
    return (await Promise.all(problems)).flat();
  }
}
