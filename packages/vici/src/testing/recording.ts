// Conversations with a real daemon, kept as text and played back by the fake one.
//
//   # comment
//   > 0000000900077665...      a packet of the client, with its length, in hexadecimal digits
//   < 0000004b01030664...      a packet of the daemon
//
// Events between a command and its reply belong to the command, others were raised for subscribers.
// Packets of several connections stand one connection after the other.

import { Message } from '../message.ts';
import { decodeMessage } from '../message-decode.ts';
import { decodePacket, Framer, type Packet, type PacketType } from '../packet.ts';
import type { FakeDaemon } from './fake-daemon.ts';

export interface RecordedEvent {
  readonly name: string;
  readonly message: Message;
}

/** One command and what the daemon sent until its reply, the reply included. */
export interface RecordedCommand {
  readonly command: string;
  readonly request: Message;
  readonly events: readonly RecordedEvent[];
  /** Undefined: the daemon did not know the command. */
  readonly reply: Message | undefined;
}

export interface Recording {
  readonly commands: readonly RecordedCommand[];
  /** Events raised for subscribers, in order. */
  readonly events: readonly RecordedEvent[];
}

/** Reads a recorded conversation; registrations are checked for form and left out. */
export function parseRecording(text: string): Recording {
  const commands: RecordedCommand[] = [];
  const events: RecordedEvent[] = [];
  let open: { command: string; request: Message; events: RecordedEvent[] } | undefined;
  const reply = (message: Message | undefined): void => {
    if (open === undefined) throw new Error('the recording has a reply without a command');
    commands.push({ ...open, reply: message });
    open = undefined;
  };
  for (const packet of readPackets(text)) {
    switch (packet.type) {
      case 'command-request':
        open = { command: packet.name, request: decodeMessage(packet.body), events: [] };
        break;
      case 'event':
        (open?.events ?? events).push({ name: packet.name, message: decodeMessage(packet.body) });
        break;
      case 'command-response':
        reply(decodeMessage(packet.body));
        break;
      case 'command-unknown':
        reply(undefined);
        break;
      default:
    }
  }
  if (open !== undefined) throw new Error(`the recording ends within ${open.command}`);
  return { commands, events };
}

/**
 * Teaches a fake daemon recorded commands. The request must be the recorded one, byte for byte in meaning;
 * several recordings of one command are told apart by it.
 */
export function replay(daemon: FakeDaemon, { commands }: Recording): void {
  for (const command of new Set(commands.map((recorded) => recorded.command))) {
    const known = commands.filter((one) => one.command === command && one.reply !== undefined);
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

function* readPackets(text: string): Iterable<Packet> {
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
    const packet = decodePacket(segment);
    if (fromClient.has(packet.type) !== (match.groups?.['direction'] === '>')) {
      throw new Error(`line ${String(index + 1)} has a ${packet.type} from the wrong side`);
    }
    yield packet;
  }
}

const fromClient: ReadonlySet<PacketType> = new Set([
  'command-request',
  'event-register',
  'event-unregister',
]);
