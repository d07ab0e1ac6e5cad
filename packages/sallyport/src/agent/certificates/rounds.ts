/** What one look at the certificates of this host does: everything that is due, and the plan that follows from it. */
import type { DeclaredIssue, DeclaredIssuing } from '../../issuing/declared.ts';
import { tendAuthority } from '../../issuing/declared-authority.ts';
import { type Issuing, issueAnew } from '../../issuing/issued-secret.ts';
import { notIssued, prepareIssued } from '../../issuing/prepare.ts';
import type { Problem } from '../../lib/problem.ts';
import { refOf } from '../../model/objects.ts';
import { nextStep, type Step } from '../../pki/rotation.ts';
import { secretUses } from '../../plan/secret-uses.ts';
import { collectSecretFacts } from '../../platform/secret-facts.ts';
import { tunnelsUp } from '../../status/certificate-proof.ts';
import { AuthorityStore } from '../../store/authority-store.ts';
import { withStore } from '../../store/change-objects.ts';
import { type IssuedState, IssuedStore, inUse } from '../../store/issued-store.ts';
import { readPlanFile } from '../../store/plan-file.ts';
import { readSalt } from '../../store/salt.ts';
import { type Directories, pathsOf } from '../../store/state-directory.ts';
import type { Log } from '../log.ts';
import { readDeclaredIssuing } from './declared.ts';
import {
  type AgentView,
  describeMissing,
  type Judgement,
  ProofWatch,
  refusalOf,
} from './proof-watch.ts';
import type { replan } from './replan.ts';

export interface RoundOptions {
  readonly directories: Directories;
  readonly view: () => AgentView;
  /** Makes the plan that follows from other certificates. */
  readonly replan: typeof replan;
  /** Steady, in milliseconds. */
  readonly clock: () => number;
  readonly log: Log;
}

/** What is due for one Secret. */
interface Due {
  readonly state: IssuedState | undefined;
  readonly step: Step;
  readonly missing: Judgement['missing'];
}

export class CertificateRounds {
  readonly #options: RoundOptions;
  readonly #authorities: AuthorityStore;
  readonly #issued: IssuedStore;
  readonly #proofs: ProofWatch;
  /** Tried again with the next run, which is not due for that alone. */
  #cannotIssue = false;

  constructor(options: RoundOptions) {
    this.#options = options;
    const paths = pathsOf(options.directories);
    this.#authorities = new AuthorityStore(paths.authorities);
    this.#issued = new IssuedStore(paths.issued);
    this.#proofs = new ProofWatch(options.clock);
  }

  /** `due`: something has to be done now; `proving`: a new certificate is on its way; `rest`: neither. */
  async look({ issues }: DeclaredIssuing): Promise<'due' | 'proving' | 'rest'> {
    const steps = await Promise.all(issues.map(async (issue) => (await this.#due(issue)).step.do));
    const isDue = steps.some((step) =>
      step === 'issue' ? !this.#cannotIssue : step !== 'wait' && step !== 'rest',
    );
    if (isDue) return 'due';
    return steps.includes('wait') ? 'proving' : 'rest';
  }

  /** Does everything that is due. Returns what could not be made, and what the other side does not take. */
  async run(host: string, signal: AbortSignal): Promise<Problem[]> {
    const { directories, view, log } = this.#options;
    return withStore(directories, async (store) => {
      // Another command may have changed them before it let go of the lock.
      const declared = await readDeclaredIssuing(store, host);
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
      this.#cannotIssue = problems.length > 0;
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
        if (plan !== undefined)
          log.info({ revision: plan.revision }, 'planned anew with other certificates');
      }
      // Nothing of it is in the way of what is in effect.
      return problems.map((problem) => ({ ...problem, severity: 'warning' }));
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
    const secret = `${metadata.namespace}/${metadata.name}`;
    if (step.do === 'issue') {
      const made = await issueAnew(declared, state, wereUp, issuing);
      log.info({ secret, serial: inUse(made).serial }, 'a new certificate is made');
      return;
    }
    if (candidate === undefined) return;
    const what = { secret, serial: candidate.certificate.serial };
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
    const uses = plan === undefined ? undefined : secretUses(plan);
    return wanted.some(({ namespace, name, fingerprint }) => {
      const use = uses?.get(`${namespace}/${name}`);
      return use !== undefined && use.fingerprint !== fingerprint;
    });
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
