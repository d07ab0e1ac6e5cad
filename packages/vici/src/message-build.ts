import { Message, type MessageInput } from './message.ts';
import { decodeMessage } from './message-decode.ts';
import { encodeMessage } from './message-encode.ts';

/** Builds a message from plain input by exactly the rules of sending and receiving it. */
export function buildMessage(input: MessageInput): Message {
  return input instanceof Message ? input : decodeMessage(encodeMessage(input));
}
