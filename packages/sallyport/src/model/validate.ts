/**
 * The second ring of checks: what schemas cannot see, because it lies between fields, objects and facts.
 * The same function serves the command line, the agent and the API.
 */
import type { ObjectRef, Problem, Severity } from '../lib/problem.ts';
import { checkAvailability } from './checks/availability.ts';
import { checkBgp } from './checks/bgp.ts';
import { checkCertificates } from './checks/certificates.ts';
import { checkDuplicates } from './checks/duplicates.ts';
import { checkHostAddresses } from './checks/host-addresses.ts';
import { checkHosts } from './checks/hosts.ts';
import { checkInside } from './checks/inside.ts';
import { checkIssued } from './checks/issued.ts';
import { checkLans } from './checks/lans.ts';
import { checkNetworks } from './checks/networks.ts';
import { checkNodes } from './checks/nodes.ts';
import { checkProposals } from './checks/proposals.ts';
import { checkReferences } from './checks/references.ts';
import { checkSecretForms } from './checks/secret-forms.ts';
import { checkTunnels } from './checks/tunnels.ts';
import { checkVirtualTunnels } from './checks/virtual-tunnels.ts';
import { makeWorld, type World } from './checks/world.ts';
import type { DeclaredObjects } from './declared-objects.ts';
import type { Facts } from './facts.ts';
import type { ParsedObject } from './parsed-object.ts';

export interface ValidateOptions {
  /** Objects that were meant but refused by their schema: references to them are not reported. */
  readonly rejected?: readonly ObjectRef[];
  /** `error` where the input is complete, as in files; `waiting` where objects come one by one. */
  readonly missingReference?: Extract<Severity, 'error' | 'waiting'>;
}

export interface Validated {
  readonly objects: DeclaredObjects;
  /** In the order of files and lines. Plan only when none of them is blocking. */
  readonly problems: readonly Problem[];
}

const CHECKS: readonly ((world: World) => Problem[])[] = [
  checkDuplicates,
  checkReferences,
  checkSecretForms,
  checkIssued,
  checkHosts,
  checkNodes,
  checkTunnels,
  checkVirtualTunnels,
  checkInside,
  checkNetworks,
  checkHostAddresses,
  checkBgp,
  checkAvailability,
  checkLans,
  checkProposals,
  checkCertificates,
];

export function validateObjects(
  objects: readonly ParsedObject[],
  facts: Facts,
  options: ValidateOptions = {},
): Validated {
  const world = makeWorld(objects, facts, options.rejected ?? []);
  const problems = CHECKS.flatMap((check) => check(world));
  const severity = options.missingReference ?? 'error';
  return {
    objects: world.objects,
    problems: sortProblems(
      problems.map((problem) =>
        MISSING_REFERENCE.has(problem.code) ? { ...problem, severity } : problem,
      ),
    ),
  };
}

const MISSING_REFERENCE: ReadonlySet<string> = new Set([
  'gateway/unknown-host',
  'connection/unknown-gateway',
  'connection/unknown-secret',
  'connection/unknown-crypto-policy',
  'secret/unknown-authority',
  'authority/unknown-host',
  'authority/unknown-parent',
]);

/** By file and place; stable, so that problems of one place keep the order of the checks. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => {
    const [left, right] = [a.source, b.source];
    if (left === undefined || right === undefined) {
      return Number(left === undefined) - Number(right === undefined);
    }
    return (
      compareText(left.file, right.file) || left.line - right.line || left.column - right.column
    );
  });
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
