/** How far new certificates have come on their tunnels, and when it is time to say that they are refused. */
import type { ObjectRef, Problem } from '../../lib/problem.ts';
import type { Proof } from '../../pki/rotation.ts';
import type { HostPlan } from '../../plan/host-plan.ts';
import { type CertificateProof, certificateProof } from '../../status/certificate-proof.ts';
import type { HostReport } from '../../status/host-report.ts';
import type { IssuedState, SecretName } from '../../store/issued-store.ts';

/** So long no further tunnel takes a new certificate: the other side does not want it. */
const PATIENCE_MILLISECONDS = 60_000;

/** What the agent follows and has found. */
export interface AgentView {
  readonly plan: HostPlan | undefined;
  readonly report: HostReport | undefined;
}

interface Progress {
  readonly serial: string;
  readonly missing: number;
  readonly at: number;
}

export interface Judgement {
  readonly proof: Proof;
  /** Tunnels that do not have the new one. */
  readonly missing: CertificateProof['missing'];
}

const OPEN: Judgement = { proof: 'open', missing: [] };

export class ProofWatch {
  readonly #clock: () => number;
  readonly #progress = new Map<string, Progress>();

  /** `clock`: steady, in milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  judge(secret: SecretName, { candidate }: IssuedState, { plan, report }: AgentView): Judgement {
    const key = `${secret.namespace}/${secret.name}`;
    if (candidate?.isInUse !== true || plan === undefined || report === undefined) {
      this.#progress.delete(key);
      return OPEN;
    }
    const { serial, fingerprint } = candidate.certificate;
    const use = { namespace: secret.namespace, name: secret.name, fingerprint };
    const found = certificateProof({ ...use, wereUp: candidate.wereUp }, plan, report);
    if (found?.isProven === true) return { proof: 'proven', missing: [] };
    const missing = found?.missing ?? [];
    const before = this.#progress.get(key);
    // Where nothing is missing, no tunnel has tried yet.
    const stands =
      before?.serial === serial && before.missing > 0 && missing.length >= before.missing;
    const progress = stands ? before : { serial, missing: missing.length, at: this.#clock() };
    this.#progress.set(key, progress);
    const isRefused = missing.length > 0 && this.#clock() - progress.at > PATIENCE_MILLISECONDS;
    return { proof: isRefused ? 'refused' : 'open', missing };
  }
}

export function describeMissing([first, ...others]: CertificateProof['missing']): string {
  const { tunnel = '', cause } = first ?? {};
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `tunnel ${tunnel}${cause === undefined ? '' : ` (${cause})`}${more}`;
}

/** Undefined where nothing was given up. */
export function refusalOf(
  object: ObjectRef,
  { proven, candidate }: IssuedState,
): Problem | undefined {
  if (candidate === undefined || candidate.failures === 0) return undefined;
  const { certificate, isInUse, reason = 'the other side' } = candidate;
  return {
    ...({ code: 'agent/certificate-refused', severity: 'warning', object } as const),
    message: `its new certificate ${certificate.serial} was not taken by ${reason}; the one before is ${isInUse ? '' : 'in use again, and '}valid until ${proven.notAfter}`,
    hint: 'make sure that the other side trusts the authority of the new one (sallyport pki export); it is tried again by itself',
  };
}
