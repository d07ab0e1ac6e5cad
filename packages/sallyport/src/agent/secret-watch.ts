/**
 * Whether the files of secrets still hold what was applied. The daemon has its copy, so nothing shows
 * until it starts anew and is given what is there by then: a change that nobody applied is told before.
 */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../lib/message-of.ts';
import type { ObjectRef, Problem } from '../lib/problem.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import { type Secret, secretFiles } from '../model/secret.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { contentOf } from '../plan/revocation-lists.ts';
import type { SecretUse } from '../plan/secret-reference.ts';
import { secretUses } from '../plan/secret-uses.ts';
import { collectSecretFacts } from '../platform/secret-facts.ts';
import { readSalt } from '../store/salt.ts';
import type { StoredSecrets } from './secret-source.ts';

interface SecretCheck {
  /** What is wanted. */
  readonly content: string;
  /** Of the files and of what is wanted: it stands while it is the same. */
  readonly stamp: string;
  readonly problem?: Problem;
}

export interface SecretWatchOptions {
  readonly secrets: Pick<StoredSecrets, 'find'>;
  readonly saltPath: string;
}

export class SecretWatch {
  readonly #options: SecretWatchOptions;
  #checks = new Map<string, SecretCheck>();

  constructor(options: SecretWatchOptions) {
    this.#options = options;
  }

  /**
   * One problem for each Secret of enabled tunnels that is not what was applied. `onlyNew`: what was judged
   * before, and is wanted as it was, is not looked at.
   */
  async check(
    plan: HostPlan,
    { onlyNew }: { readonly onlyNew: boolean } = { onlyNew: false },
  ): Promise<Problem[]> {
    const judged = [...secretUses(plan)].map(async ([name, use]) => {
      const before = this.#checks.get(name);
      const stands = onlyNew && before?.content === contentOf(use);
      return [name, stands ? before : await this.#judge(use, before)] as const;
    });
    this.#checks = new Map(await Promise.all(judged));
    return [...this.#checks.values()].flatMap(({ problem }) => problem ?? []);
  }

  async #judge(use: SecretUse, before: SecretCheck | undefined): Promise<SecretCheck> {
    const content = contentOf(use);
    try {
      const secret = await this.#options.secrets.find(use);
      const stamp = `${content} ${await stampOf(secret)}`;
      if (before?.stamp === stamp) return before;
      const problem = await this.#compare(use, secret);
      return { content, stamp, ...(problem === undefined ? {} : { problem }) };
    } catch (error) {
      return { content, stamp: '', problem: unusable(use, messageOf(error)) };
    }
  }

  async #compare(use: SecretUse, secret: ParsedObject<Secret>): Promise<Problem | undefined> {
    const [facts] = await collectSecretFacts([secret], await readSalt(this.#options.saltPath));
    if (facts !== undefined && contentOf(facts) === contentOf(use)) return undefined;
    if (facts === undefined || facts.fingerprint === '')
      return unusable(use, facts?.problems[0]?.message ?? 'it has no content');
    return {
      code: 'agent/secret-changed',
      severity: 'warning',
      object: refOf(use),
      message: `its files hold something else than what was applied; the tunnels keep the old content while the IKE daemon runs`,
      hint: 'apply the declarations again, or put the old content back',
    };
  }
}

function refOf({ namespace, name }: SecretUse): ObjectRef {
  return { kind: 'Secret', namespace, name };
}

function unusable(use: SecretUse, reason: string): Problem {
  return {
    code: 'agent/secret-unusable',
    severity: 'warning',
    object: refOf(use),
    message: `${reason}; its tunnels do not come back when the IKE daemon starts anew`,
    hint: 'put its files back as they were applied',
  };
}

/** Another one after every write to one of the files, and after every exchange of one. */
async function stampOf({ object, file }: ParsedObject<Secret>): Promise<string> {
  const stamps = secretFiles(object.spec).map(async (path) => {
    const found = await stat(resolve(dirname(file), path), { bigint: true }).catch(() => undefined);
    return found === undefined
      ? 'missing'
      : [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs, found.mode].join(' ');
  });
  return (await Promise.all(stamps)).join('; ');
}
