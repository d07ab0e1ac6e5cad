/**
 * Declarations with the plans of all their hosts, made without touching any of them. What a host can do is asked
 * where this machine is that host; of all others it is declared or assumed.
 */
import { collectOfflineFacts, hostFacts } from '../agent/collect-facts.ts';
import { type DeclaredObjects, indexObjects } from '../model/declared-objects.ts';
import type { Facts } from '../model/facts.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { planHosts } from '../plan/plan-host.ts';
import { ObjectStore, toParsed } from '../store/object-store.ts';
import { readPlanFile } from '../store/plan-file.ts';
import { passingSalt, readSalt } from '../store/salt.ts';
import { directoriesFrom, pathsOf } from '../store/state-directory.ts';
import { readDeclarations, reportProblems } from './declarations.ts';
import { type Io, UsageError } from './io.ts';
import { resolveAsDeclared } from './issued-as-declared.ts';
import { findThisHost } from './this-host.ts';

export interface PlannedSite {
  readonly parsed: readonly ParsedObject[];
  readonly plans: readonly HostPlan[];
}

/**
 * What `paths` declare, beside `standing`; keys need not lie here for it. Undefined where something forbids a plan, which is then said.
 * Fingerprints of plans can be compared where the salt is the same.
 */
export async function planFiles(
  paths: readonly string[],
  io: Io,
  salt: Buffer,
  standing: readonly ParsedObject[] = [],
): Promise<PlannedSite | undefined> {
  const collect = (objects: readonly ParsedObject[]): Promise<Facts> =>
    collectFacts(objects, salt, io);
  const { problems, parsed, validated, facts } = await readDeclarations(
    paths,
    io,
    collect,
    standing,
  );
  if (reportProblems(problems, io)) return undefined;
  return planAll(parsed, validated.objects, facts, io);
}

/**
 * What is in effect on this host; nothing where nothing was applied yet. The plan of this host is the one that is
 * stored: it knows what secrets held when it was applied.
 */
export async function planInEffect(io: Io, salt: Buffer): Promise<PlannedSite | undefined> {
  const paths = pathsOf(directoriesFrom(io.env));
  const stored = await new ObjectStore(paths.objects).read();
  const parsed = stored.map(toParsed);
  const objects = indexObjects(stored.map(({ object }) => object));
  const site = planAll(parsed, objects, await collectFacts(parsed, salt, io), io);
  const own = await storedPlan(io);
  if (site === undefined || own === undefined) return site;
  return { ...site, plans: site.plans.map((plan) => (plan.host === own.host ? own : plan)) };
}

/** Undefined where there is none that can be read. */
async function storedPlan(io: Io): Promise<HostPlan | undefined> {
  return readPlanFile(pathsOf(directoriesFrom(io.env)).plan).catch(() => undefined);
}

/** By which fingerprints compare with those of what is in effect; a passing one where nobody may read it. */
export async function saltInEffect(io: Io): Promise<Buffer> {
  return readSalt(pathsOf(directoriesFrom(io.env)).salt).catch(() => passingSalt());
}

async function collectFacts(
  objects: readonly ParsedObject[],
  salt: Buffer,
  io: Io,
): Promise<Facts> {
  const facts = await collectOfflineFacts(
    await resolveAsDeclared(objects, directoriesFrom(io.env)),
    salt,
  );
  const declared = indexObjects(objects.map(({ object }) => object));
  // Where something was applied, it was said which Host this machine is.
  const applied = findThisHost(declared, (await storedPlan(io))?.host);
  const host = applied ?? findThisHost(declared);
  // Only root can try what a kernel offers.
  if (host === undefined || process.geteuid?.() !== 0) return facts;
  const here = await hostFacts(objects, host, directoriesFrom(io.env), io.signal);
  return { ...facts, hosts: [here] };
}

function planAll(
  parsed: readonly ParsedObject[],
  objects: DeclaredObjects,
  facts: Facts,
  io: Io,
): PlannedSite | undefined {
  const results = planHosts(objects, facts);
  const problems = results.flatMap((result) => result.problems);
  if (reportProblems(problems, io)) return undefined;
  return { parsed, plans: results.map(({ plan }) => plan) };
}

/** Throws {@link UsageError}. */
export function mustKnow(host: string | undefined, sites: readonly PlannedSite[]): void {
  const hosts = new Set(sites.flatMap(({ plans }) => plans.map((plan) => plan.host)));
  if (host === undefined || hosts.has(host)) return;
  const declared = [...hosts].sort().join(', ') || 'none';
  throw new UsageError(`no Host ${host} is declared; declared are: ${declared}`);
}

/** That of one host, or all. */
export function plansOf({ plans }: PlannedSite, host: string | undefined): PlannedSite['plans'] {
  return plans.filter((plan) => host === undefined || plan.host === host);
}
