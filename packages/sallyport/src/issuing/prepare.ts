/** Before a plan is made: every authority and certificate that the declarations of this host ask for is there. */
import { messageOf } from '../lib/message-of.ts';
import type { Problem } from '../lib/problem.ts';
import { refOf } from '../model/objects.ts';
import { type ParsedObject, positionOf } from '../model/parsed-object.ts';
import type { DeclaredIssue, DeclaredIssuing } from './declared.ts';
import { ensureAuthority } from './declared-authority.ts';
import { type Issuing, isOutdated, issueAnew, writeTrusted } from './issued-secret.ts';

/**
 * Under the lock of declarations. `wereUp`: names of the tunnels that are up now. Returns what could not be done, each at its
 * object; the rest is done.
 */
export async function prepareIssued(
  declared: DeclaredIssuing,
  wereUp: readonly string[],
  issuing: Issuing,
): Promise<Problem[]> {
  const { authorities, now } = issuing;
  const problems: Problem[] = [];
  const missing = new Set<ParsedObject>();
  for (const authority of declared.authorities.values())
    await authorities
      .locked(() => ensureAuthority(authorities, authority, declared, now))
      .catch((error: unknown) => {
        missing.add(authority);
        problems.push(notIssued(authority, error));
      });
  for (const issue of declared.issues.filter(({ authority }) => !missing.has(authority)))
    await prepareOne(issue, wereUp, issuing).catch((error: unknown) =>
      problems.push(notIssued(issue.secret, error)),
    );
  return problems;
}

async function prepareOne(
  declared: DeclaredIssue,
  wereUp: readonly string[],
  issuing: Issuing,
): Promise<void> {
  const state = await issuing.issued.read(declared.secret.object.metadata);
  const newest = state?.candidate?.certificate ?? state?.proven;
  if (newest === undefined || (await isOutdated(declared, newest, issuing.authorities)))
    await issueAnew(declared, state, wereUp, issuing);
  await writeTrusted(declared, issuing);
}

export function notIssued({ object, positions }: ParsedObject, error: unknown): Problem {
  const source = positionOf(positions, ['spec']);
  return {
    ...({
      code: 'pki/not-issued',
      severity: 'error',
      object: refOf(object),
      path: 'spec',
    } as const),
    message: `it cannot be issued: ${messageOf(error)}`,
    hint: 'put that right; what is in use stays in use',
    ...(source === undefined ? {} : { source }),
  };
}
