import { type DeclaredIssue, type DeclaredIssuing, declaredOn } from '../../../issuing/declared.ts';
import { type Issuing, issueAnew } from '../../../issuing/issued-secret.ts';
import { prepareIssued } from '../../../issuing/prepare.ts';
import { formatObjectRef } from '../../../lib/problem.ts';
import { indexObjects } from '../../../model/declared-objects.ts';
import { refOf } from '../../../model/objects.ts';
import { tunnelsUp } from '../../../status/certificate-proof.ts';
import { AuthorityStore } from '../../../store/authority-store.ts';
import { withStore } from '../../../store/change-objects.ts';
import { IssuedStore } from '../../../store/issued-store.ts';
import { type StoredObject, toParsed } from '../../../store/object-store.ts';
import { type Directories, directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import { reportProblems } from '../../declarations.ts';
import { EXIT, type Io, type OutputFormat, printAnswer, UsageError } from '../../io.ts';
import { readLastReport } from '../../last-report.ts';
import { notThere } from '../../object-reference.ts';
import { ended, settle } from '../../settle.ts';
import { mustFindThisHost } from '../../this-host.ts';
import { type AuthorityRotation, rotateAuthority } from './rotate-authority.ts';
import { describeSchedule, scheduleOf } from './rotation-schedule.ts';

interface RotateOptions extends AuthorityRotation {
  readonly ca?: string;
  readonly namespace: string;
  readonly host?: string;
  readonly dryRun?: boolean;
  readonly timeout: number;
  readonly output: OutputFormat;
}

export async function run(
  names: readonly string[],
  options: RotateOptions,
  io: Io,
): Promise<number> {
  if (options.ca !== undefined && names.length > 0)
    throw new UsageError('rotate either an authority (--ca) or certificates of Secrets, not both');
  if (options.ca === undefined && names.length === 0 && options.dryRun !== true)
    throw new UsageError('name the Secrets whose certificates to rotate, or an authority by --ca');
  const directories = directoriesFrom(io.env);
  const paths = pathsOf(directories);
  const issuing = {
    authorities: new AuthorityStore(paths.authorities),
    issued: new IssuedStore(paths.issued),
    now: new Date(),
  };
  const finish = await withStore(directories, async (store) => {
    const objects = await store.read();
    const host = hostOf(objects, options);
    const declared = declaredOn(host ?? '', objects.map(toParsed));
    const issues = chosen(names, declared, objects, options);
    if (options.dryRun === true) {
      const schedule = await scheduleOf(declared, issues, issuing);
      await printAnswer(io, options.output, schedule, () => describeSchedule(schedule));
      return ended(EXIT.ok);
    }
    if (options.ca !== undefined) await rotateAuthority(options.ca, options, declared, issuing, io);
    const wereUp = tunnelsUp(await readLastReport(paths.report));
    for (const issue of names.length === 0 ? [] : issues) await issueOne(issue, wereUp, issuing);
    const problems = await prepareIssued(declared, wereUp, issuing);
    if (reportProblems(problems, io)) return ended(EXIT.failed);
    if (host === undefined || declared.issues.length === 0) return ended(EXIT.ok);
    return bringIntoEffect(objects, host, directories, options, io);
  });
  return finish();
}

/** Where nothing was applied, only authorities can be rotated. */
function hostOf(objects: readonly StoredObject[], { host }: RotateOptions): string | undefined {
  if (objects.length === 0) return undefined;
  return mustFindThisHost(indexObjects(objects.map(({ object }) => object)), host);
}

/** All of the host where none is named. Throws {@link UsageError}. */
function chosen(
  names: readonly string[],
  { issues }: DeclaredIssuing,
  objects: readonly StoredObject[],
  { namespace }: RotateOptions,
): readonly DeclaredIssue[] {
  if (names.length === 0) return issues;
  return names.map((name) => {
    const wanted = { kind: 'Secret', namespace, name };
    const found = issues.find(
      ({ secret }) => formatObjectRef(refOf(secret.object)) === formatObjectRef(wanted),
    );
    if (found !== undefined) return found;
    const known = objects.map(({ object }) => refOf(object));
    if (!known.some((ref) => formatObjectRef(ref) === formatObjectRef(wanted)))
      throw notThere(wanted, known);
    throw new UsageError(
      `${formatObjectRef(wanted)} is not issued on this host: renew its files with sallyport pki renew, and apply`,
    );
  });
}

async function issueOne(
  issue: DeclaredIssue,
  wereUp: readonly string[],
  issuing: Issuing,
): Promise<void> {
  const state = await issuing.issued.read(issue.secret.object.metadata);
  await issueAnew(issue, state, wereUp, issuing);
}

function bringIntoEffect(
  objects: readonly StoredObject[],
  host: string,
  directories: Directories,
  { timeout, output }: RotateOptions,
  io: Io,
): ReturnType<typeof settle> {
  const settings = { directories, host, dryRun: false, timeoutSeconds: timeout, output };
  return settle(objects, objects, undefined, settings, io);
}
