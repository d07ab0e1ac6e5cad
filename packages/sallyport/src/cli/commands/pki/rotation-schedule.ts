/** What will be rotated, and when. */
import { type DeclaredIssue, type DeclaredIssuing, storedName } from '../../../issuing/declared.ts';
import { declaredLine } from '../../../issuing/declared-authority.ts';
import type { Issuing } from '../../../issuing/issued-secret.ts';
import { formatObjectRef } from '../../../lib/problem.ts';
import { refOf } from '../../../model/objects.ts';
import { issuedOf } from '../../../pki/issued.ts';
import { renewalTime } from '../../../pki/renewal.ts';
import { nextStep } from '../../../pki/rotation.ts';
import { signerOf } from '../../../pki/succession.ts';
import { ownOf } from '../../../store/authority-store.ts';

export interface ScheduleEntry {
  readonly object: string;
  /** Authority, or serial of the certificate in use. */
  readonly name: string;
  /** RFC 3339. */
  readonly validUntil: string;
  /** RFC 3339; absent: it is under way. */
  readonly nextAt?: string;
  /** Who certifies now. */
  readonly authority: string;
  /** RFC 3339: when the authority of that name does. */
  readonly takesOverAt?: string;
}

export async function scheduleOf(
  { authorities }: DeclaredIssuing,
  issues: readonly DeclaredIssue[],
  issuing: Issuing,
): Promise<ScheduleEntry[]> {
  const { authorities: store, now } = issuing;
  const known = await store.names();
  const ofAuthorities = [...authorities.values()].map(async (authority) => {
    const object = formatObjectRef(refOf(authority.object));
    if (!known.includes(storedName(authority.object.metadata))) return [];
    const line = await declaredLine(store, authority);
    const last = line.at(-1) ?? line[0];
    const own = issuedOf(ownOf(last));
    const nextAt = renewalTime(own, authority.object.spec.renewAfterDays).toISOString();
    const { name: signer, successor } = signerOf(line, now).record;
    return [
      {
        object,
        name: last.record.name,
        validUntil: own.notAfter,
        nextAt,
        authority: signer,
        ...(successor === undefined ? {} : { takesOverAt: successor.takesOverAt }),
      },
    ];
  });
  const ofSecrets = issues.map(async ({ secret, spec, authority }) => {
    const state = await issuing.issued.read(secret.object.metadata);
    if (state === undefined) return [];
    const step = nextStep(state, 'open', now, spec.renewAfterDays);
    const { serial, notAfter } = state.proven;
    return [
      {
        object: formatObjectRef(refOf(secret.object)),
        ...{ name: serial, validUntil: notAfter },
        ...(step.do === 'rest' ? { nextAt: step.until.toISOString() } : {}),
        authority: signerOf(await declaredLine(store, authority), now).record.name,
      },
    ];
  });
  return (await Promise.all([...ofAuthorities, ...ofSecrets])).flat();
}

export function describeSchedule(schedule: readonly ScheduleEntry[]): string {
  if (schedule.length === 0) return 'nothing is issued on this host\n';
  return schedule
    .map(({ object, name, validUntil, nextAt, authority, takesOverAt }) => {
      const next = nextAt === undefined ? 'the next one is under way' : `the next one at ${nextAt}`;
      return `${object}: ${name}, valid until ${validUntil}; ${next}; ${authority} certifies${takesOverAt === undefined ? '' : ` until ${takesOverAt}`}\n`;
    })
    .join('');
}
