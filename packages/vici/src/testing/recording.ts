// Conversations with a real daemon, kept as text and played back by the fake one.
//
//   # comment
//   > 0000000900077665...      a packet of the client, with its length, in hexadecimal digits
//   < 0000004b01030664...      a packet of the daemon
//
// The packets of the daemon belong to the command before them.

import { Message } from '../message.ts';
import { decodeMessage } from '../message-decode.ts';
import { decodePacket, Framer, type Packet } from '../packet.ts';
import type { FakeDaemon } from './fake-daemon.ts';

/** One command and what the daemon sent until its reply, the reply included. */
export interface Recording {
  readonly command: string;
  readonly request: Message;
  readonly events: readonly { readonly name: string; readonly message: Message }[];
  /** Undefined: the daemon did not know the command. */
  readonly reply: Message | undefined;
}

/** Reads recorded commands; registrations in between are checked for form and left out. */
export function parseRecording(text: string): readonly Recording[] {
  const recordings: Recording[] = [];
  let open:
    | { command: string; request: Message; events: Recording['events'][number][] }
    | undefined;
  for (const { direction, packet } of readPackets(text)) {
    if (direction === '>') {
      if (packet.type !== 'command-request') continue;
      open = { command: packet.name, request: decodeMessage(packet.body), events: [] };
    } else if (open !== undefined && packet.type === 'event') {
      open.events.push({ name: packet.name, message: decodeMessage(packet.body) });
    } else if (open !== undefined && packet.type === 'command-response') {
      recordings.push({ ...open, reply: decodeMessage(packet.body) });
      open = undefined;
    } else if (open !== undefined && packet.type === 'command-unknown') {
      recordings.push({ ...open, reply: undefined });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`the recording ends within ${open.command}`);
  return recordings;
}

/**
 * Teaches a fake daemon recorded commands. The request must be the recorded one, byte for byte in meaning;
 * several recordings of one command are told apart by it.
 */
export function replay(daemon: FakeDaemon, recordings: readonly Recording[]): void {
  for (const command of new Set(recordings.map((recording) => recording.command))) {
    const known = recordings.filter((one) => one.command === command && one.reply !== undefined);
    if (known.length === 0) continue;
    daemon.on(command, (request, call) => {
      const asked = JSON.stringify(request);
      const match = known.find((one) => JSON.stringify(one.request) === asked);
      if (match === undefined) throw new Error(`no recording of ${command} with ${asked}`);
      for (const { name, message } of match.events) call.emit(name, message);
      return match.reply ?? Message.empty;
    });
  }
}

function* readPackets(text: string): Iterable<{ direction: '>' | '<'; packet: Packet }> {
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const match = /^(?<direction>[<>]) (?<hex>(?:[0-9a-f]{2})+)$/.exec(line);
    if (match === null) throw new Error(`line ${String(index + 1)} is no recorded packet`);
    const segments: Uint8Array[] = [];
    new Framer().push(Buffer.from(match.groups?.['hex'] ?? '', 'hex'), (segment) => {
      segments.push(segment);
    });
    const [segment] = segments;
    if (segments.length !== 1 || segment === undefined) {
      throw new Error(`line ${String(index + 1)} is not one whole packet`);
    }
    const direction = match.groups?.['direction'] === '>' ? '>' : '<';
    yield { direction, packet: decodePacket(segment) };
  }
}
