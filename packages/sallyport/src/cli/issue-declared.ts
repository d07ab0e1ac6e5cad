/** Certificates that are declared and not there yet, made before the plan that needs them. */
import { type DeclaredIssuing, declaredOn, storedName } from '../issuing/declared.ts';
import { openSigner } from '../issuing/declared-authority.ts';
import type { Issuing } from '../issuing/issued-secret.ts';
import { notIssued, prepareIssued } from '../issuing/prepare.ts';
import { isBlocking, type Problem } from '../lib/problem.ts';
import { NO_FACTS } from '../model/facts.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import { validateObjects } from '../model/validate.ts';
import { tunnelsUp } from '../status/certificate-proof.ts';
import { AuthorityStore } from '../store/authority-store.ts';
import { IssuedStore } from '../store/issued-store.ts';
import { type Directories, pathsOf } from '../store/state-directory.ts';
import { readLastReport } from './last-report.ts';

/** Under the lock of declarations. Makes nothing for declarations that will be refused. */
export async function issueDeclared(
  objects: readonly ParsedObject[],
  host: string,
  directories: Directories,
): Promise<readonly Problem[]> {
  const declared = declaredOn(host, objects);
  if (declared.authorities.size === 0) return [];
  if (validateObjects(objects, NO_FACTS).problems.some(isBlocking)) return [];
  const paths = pathsOf(directories);
  const wereUp = tunnelsUp(await readLastReport(paths.report));
  const issuing = {
    authorities: new AuthorityStore(paths.authorities),
    issued: new IssuedStore(paths.issued),
    now: new Date(),
  };
  return [
    ...(await unopened(declared, issuing)),
    ...(await prepareIssued(declared, wereUp, issuing)),
  ];
}

/** What cannot be opened now could not renew anything later, when nobody looks. */
async function unopened(declared: DeclaredIssuing, issuing: Issuing): Promise<Problem[]> {
  const { authorities, now } = issuing;
  const known = await authorities.names();
  const problems: Problem[] = [];
  for (const authority of declared.authorities.values())
    if (known.includes(storedName(authority.object.metadata)))
      await openSigner(authorities, authority, now).catch((error: unknown) =>
        problems.push(notIssued(authority, error)),
      );
  return problems;
}
