// What typed commands stand on, and the rules every one of them shares.

import type { LaneName } from './lanes.ts';
import type { Message, MessageInput } from './message.ts';

export interface CallOptions {
  /** Ends the waiting; the daemon still carries the command out. */
  readonly signal?: AbortSignal | undefined;
  /** Deadline for the answer, of a stream for each next message. Default: the client's. */
  readonly timeoutMs?: number | undefined;
  /** Overrides the lane chosen for the command. */
  readonly lane?: LaneName | undefined;
}

/** The untyped face that the typed commands are built on. */
export abstract class CommandSet {
  /** Default deadline of a call in milliseconds. */
  abstract readonly callTimeoutMs: number;

  /** Sends any command. Throws `ViciCommandError` when the daemon answers `success=no`. */
  abstract call(command: string, message?: MessageInput, options?: CallOptions): Promise<Message>;

  /** Sends a command that answers by events and hands them over one by one. */
  abstract stream(
    command: string,
    event: string,
    message?: MessageInput,
    options?: CallOptions,
  ): AsyncIterable<Message>;
}

/** Reads a stream to its end. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** The first section of a message, by which charon names the object of an event. */
export function firstSection(message: Message): [string, Message] | undefined {
  for (const section of message.sections()) return section;
  return undefined;
}
