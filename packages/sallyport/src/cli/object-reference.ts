/** `KIND NAME` and `KIND NAMESPACE/NAME` as people write them. */
import { formatObjectRef } from '../lib/problem.ts';
import { KINDS, type Kind } from '../model/objects.ts';
import { UsageError } from './io.ts';

/** The kind by any case, singular or plural. Throws {@link UsageError}. */
export function parseKind(text: string): Kind {
  const kind = KINDS.find((candidate) => {
    const word = candidate.toLowerCase();
    const plural = word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
    return [word, plural].includes(text.toLowerCase());
  });
  if (kind === undefined)
    throw new UsageError(`there is no kind "${text}"; kinds are: ${KINDS.join(', ')}`);
  return kind;
}

/** `Connection default/partner-a`. Throws {@link UsageError}. */
export function parseReference(words: readonly string[], namespace: string): string {
  const [kind, name] = words;
  if (kind === undefined || name === undefined)
    throw new UsageError('name an object, for example: connection partner-a');
  const slash = name.indexOf('/');
  return formatObjectRef({
    kind: parseKind(kind),
    namespace: slash < 0 ? namespace : name.slice(0, slash),
    name: name.slice(slash + 1),
  });
}
