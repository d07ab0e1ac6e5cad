// Packets and their framing on the byte stream.
//
//   4 bytes  length of the rest, big endian     at most 512 KiB in either direction
//   1 byte   packet type
//   name     1-byte length + bytes              CMD_REQUEST, EVENT_REGISTER, EVENT_UNREGISTER, EVENT
//   message                                     CMD_REQUEST, CMD_RESPONSE, EVENT
//
// strongSwan src/libcharon/plugins/vici/README.md, "Transport protocol" and "Packet layer".

import { MAX_NAME_BYTES } from './elements.ts';
import { ViciInvalidInput, ViciProtocolError } from './errors.ts';

export const packetTypes = [
  'command-request',
  'command-response',
  'command-unknown',
  'event-register',
  'event-unregister',
  'event-confirm',
  'event-unknown',
  'event',
] as const;

export type PacketType = (typeof packetTypes)[number];

type NamedType = 'command-request' | 'event-register' | 'event-unregister' | 'event';

export type Packet =
  | { readonly type: NamedType; readonly name: string; readonly body: Uint8Array }
  | { readonly type: Exclude<PacketType, NamedType>; readonly body: Uint8Array };

/** VICI_MESSAGE_SIZE_MAX: longer requests make charon hang up, longer replies it never sends. */
export const MAX_SEGMENT_BYTES: number = 512 * 1024;

const HEADER_BYTES = 4;
const EMPTY = new Uint8Array(0);

export function isNamed(type: PacketType): type is NamedType {
  return (
    type === 'command-request' ||
    type === 'event-register' ||
    type === 'event-unregister' ||
    type === 'event'
  );
}

/** One packet with its length in front, ready to be written. */
export function encodePacket(packet: {
  readonly type: PacketType;
  readonly name?: string;
  readonly body?: Uint8Array;
}): Uint8Array {
  const { type, name, body = EMPTY } = packet;
  const nameBytes = name === undefined ? 0 : Buffer.byteLength(name, 'utf8');
  if (nameBytes > MAX_NAME_BYTES) {
    throw new ViciInvalidInput(`name of ${String(nameBytes)} bytes: at most 255 are possible`);
  }
  const length = 1 + (name === undefined ? 0 : 1 + nameBytes) + body.length;
  if (length > MAX_SEGMENT_BYTES) {
    throw new ViciInvalidInput(
      `${name ?? type}: the message has ${String(length)} bytes, the daemon accepts ${String(MAX_SEGMENT_BYTES)}`,
    );
  }
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.writeUInt32BE(length, 0);
  frame[HEADER_BYTES] = packetTypes.indexOf(type);
  let at = HEADER_BYTES + 1;
  if (name !== undefined) {
    frame[at] = nameBytes;
    frame.write(name, at + 1, 'utf8');
    at += 1 + nameBytes;
  }
  frame.set(body, at);
  return frame;
}

/** Reads one segment (without its length). */
export function decodePacket(segment: Uint8Array): Packet {
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength);
  const number = bytes[0];
  const type = number === undefined ? undefined : packetTypes[number];
  if (type === undefined) {
    throw new ViciProtocolError(
      number === undefined ? 'empty packet' : `unknown packet type ${String(number)}`,
    );
  }
  if (!isNamed(type)) return { type, body: bytes.subarray(1) };
  const nameBytes = bytes[1];
  if (nameBytes === undefined || bytes.length < 2 + nameBytes) {
    throw new ViciProtocolError(`${type} packet ends within its name`);
  }
  return {
    type,
    name: bytes.toString('utf8', 2, 2 + nameBytes),
    body: bytes.subarray(2 + nameBytes),
  };
}

/** Cuts a byte stream into segments, whatever the chunks look like. */
export class Framer {
  readonly #limitBytes: number;
  readonly #header: Buffer = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  #body: Buffer | undefined;
  #bodyFilled = 0;

  constructor(limitBytes: number = MAX_SEGMENT_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /**
   * Feeds one chunk and hands over every segment it completes, each in memory of its own so that a kept
   * message does not hold a whole socket chunk. Throws on a length over the limit; the stream is then
   * of no further use.
   */
  push(chunk: Uint8Array, deliver: (segment: Uint8Array) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body === undefined) {
        const take = Math.min(HEADER_BYTES - this.#headerFilled, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + take), this.#headerFilled);
        this.#headerFilled += take;
        at += take;
        if (this.#headerFilled < HEADER_BYTES) return;
        this.#body = this.#allocate();
      }
      const take = Math.min(this.#body.length - this.#bodyFilled, chunk.length - at);
      this.#body.set(chunk.subarray(at, at + take), this.#bodyFilled);
      this.#bodyFilled += take;
      at += take;
      if (this.#bodyFilled < this.#body.length) return;
      const segment = this.#body;
      this.#body = undefined;
      this.#headerFilled = 0;
      this.#bodyFilled = 0;
      deliver(segment);
    }
  }

  #allocate(): Buffer {
    const length = this.#header.readUInt32BE(0);
    if (length === 0) throw new ViciProtocolError('empty packet');
    if (length > this.#limitBytes) {
      throw new ViciProtocolError(
        `packet of ${String(length)} bytes announced, at most ${String(this.#limitBytes)} are accepted`,
      );
    }
    return Buffer.allocUnsafe(length);
  }
}
