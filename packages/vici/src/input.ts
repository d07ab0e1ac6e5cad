// Walking over what a caller wants to send, whichever of the allowed shapes it has.

import { type InputValue, Message, type MessageInput } from './message.ts';

/** Names and values in the order of the wire, without those that are undefined. */
export function* inputPairs(input: MessageInput): Iterable<[string, InputValue]> {
  if (input instanceof Message) {
    for (const entry of input.entries()) {
      if (entry.kind === 'section') yield [entry.key, entry.section];
      else yield [entry.key, entry.kind === 'list' ? entry.items : entry.value];
    }
    return;
  }
  for (const [key, value] of isMap(input) ? input : Object.entries(input)) {
    if (value !== undefined) yield [key, value];
  }
}

// Array.isArray does not narrow readonly arrays.
export function isList(value: InputValue): value is readonly (string | Uint8Array)[] {
  return Array.isArray(value);
}

export function isSection(value: InputValue): value is MessageInput {
  return typeof value === 'object' && !(value instanceof Uint8Array) && !isList(value);
}

// instanceof does not narrow ReadonlyMap.
function isMap(
  input: Exclude<MessageInput, Message>,
): input is ReadonlyMap<string, InputValue | undefined> {
  return input instanceof Map;
}
