/** Reads what `-f` names, and says everything that is wrong with it at once. */
import { formatProblem, isBlocking, type Problem } from '../lib/problem.ts';
import type { Facts } from '../model/facts.ts';
import { parseYaml } from '../model/parse-yaml.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import { makeProblem } from '../model/problem-at.ts';
import { sortProblems, type Validated, validateObjects } from '../model/validate.ts';
import { readSources } from '../store/read-objects.ts';
import type { Io } from './io.ts';

export interface Declarations {
  readonly parsed: readonly ParsedObject[];
  readonly validated: Validated;
  readonly problems: readonly Problem[];
  readonly facts: Facts;
}

/**
 * `facts` are collected from what could be parsed, which is all of it where `isWhole`; `standing`: objects that are in effect
 * and stay so.
 */
export async function readDeclarations(
  paths: readonly string[],
  io: Io,
  collectFacts: (objects: readonly ParsedObject[], isWhole: boolean) => Promise<Facts>,
  standing: readonly ParsedObject[] = [],
): Promise<Declarations> {
  const read = await readSources(paths, io.readInput);
  const { objects, rejected, problems } = parseYaml(read.sources);
  const incoming = new Set(objects.map(({ object }) => identity(object)));
  const parsed = [...standing.filter(({ object }) => !incoming.has(identity(object))), ...objects];
  const isWhole = read.problems.length + problems.length === 0;
  const facts = await collectFacts(parsed, isWhole);
  const validated = validateObjects(parsed, facts, { rejected });
  const nothing =
    objects.length + read.problems.length + problems.length === 0
      ? [
          makeProblem(
            'input/nothing',
            {},
            { message: 'no object is declared there', value: paths.join(', ') },
          ),
        ]
      : [];
  return {
    parsed,
    validated,
    facts,
    problems: sortProblems([...read.problems, ...nothing, ...problems, ...validated.problems]),
  };
}

function identity({ kind, metadata }: ParsedObject['object']): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

/** Prints problems to stderr; true where one of them forbids going on. */
export function reportProblems(problems: readonly Problem[], io: Io): boolean {
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`);
  return problems.some(isBlocking);
}
