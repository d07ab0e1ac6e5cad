/** `KIND NAME` and `KIND NAMESPACE/NAME` as people write them, and what to say where there is no such object. */
import { formatObjectRef, type ObjectRef } from '../lib/problem.ts';
import { nameHint, nearestName } from '../model/nearest-name.ts';
import { KINDS, type Kind } from '../model/objects.ts';
import { UsageError } from './io.ts';

/** The kind by any case, singular or plural. Throws {@link UsageError}. */
export function parseKind(text: string): Kind {
  const kind = KINDS.find((candidate) => {
    const word = candidate.toLowerCase();
    const plural = /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
    return [word, plural].includes(text.toLowerCase());
  });
  if (kind === undefined)
    throw new UsageError(`there is no kind "${text}"; ${nameHint(text, KINDS) ?? ''}`);
  return kind;
}

/** Throws {@link UsageError}. */
export function parseReference(words: readonly string[], namespace: string): ObjectRef {
  const [kind, name] = words;
  if (kind === undefined || name === undefined)
    throw new UsageError('name an object, for example: connection partner-a');
  const slash = name.indexOf('/');
  return {
    kind: parseKind(kind),
    namespace: slash < 0 ? namespace : name.slice(0, slash),
    name: name.slice(slash + 1),
  };
}

/** Names the nearest of `known`, which may be the same name in another namespace. */
export function notThere(wanted: ObjectRef, known: readonly ObjectRef[]): UsageError {
  const alike = known.filter(({ kind }) => kind === wanted.kind);
  const name = nearestName(
    wanted.name,
    alike.map((ref) => ref.name),
  );
  const nearest = alike.find((ref) => ref.name === name);
  const hint =
    nearest === undefined
      ? 'see sallyport get'
      : `did you mean ${nearest.namespace}/${nearest.name}?`;
  return new UsageError(`${formatObjectRef(wanted)} is not there; ${hint}`);
}
