// Bytes to Message. The input is whatever the other end of a socket sent, so every length is checked
// before it is used and nesting is bounded; the loop is iterative and cannot exhaust the stack.

import {
  KEY_VALUE,
  LIST_END,
  LIST_ITEM,
  LIST_START,
  MAX_DEPTH,
  SECTION_END,
  SECTION_START,
} from './elements.ts';
import { ViciProtocolError } from './errors.ts';
import { type Entry, Message } from './message.ts';

interface OpenSection {
  readonly key: string;
  readonly entries: Entry[];
}

/** Decodes one message body. Values are views on `bytes`, not copies. */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes);
  const outer: OpenSection[] = [];
  let current: OpenSection = { key: '', entries: [] };
  while (!reader.atEnd) {
    const type = reader.byte();
    switch (type) {
      case KEY_VALUE:
        current.entries.push({ kind: 'value', key: reader.name(), value: reader.value() });
        break;
      case LIST_START:
        current.entries.push({ kind: 'list', key: reader.name(), items: readItems(reader) });
        break;
      case SECTION_START: {
        if (outer.length >= MAX_DEPTH) throw reader.error('sections nest too deep');
        outer.push(current);
        current = { key: reader.name(), entries: [] };
        break;
      }
      case SECTION_END: {
        const parent = outer.pop();
        if (parent === undefined) throw reader.error('section end without a section');
        const section = new Message(current.entries);
        parent.entries.push({ kind: 'section', key: current.key, section });
        current = parent;
        break;
      }
      default:
        throw reader.error(`element type ${String(type)} is not allowed here`);
    }
  }
  if (outer.length > 0) throw reader.error('section without end');
  return new Message(current.entries);
}

function readItems(reader: Reader): Buffer[] {
  const items: Buffer[] = [];
  for (;;) {
    const type = reader.byte();
    if (type === LIST_END) return items;
    if (type !== LIST_ITEM) {
      throw reader.error(`element type ${String(type)} is not allowed in a list`);
    }
    items.push(reader.value());
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.error('message ends in the middle of an element');
    this.#at += 1;
    return byte;
  }

  name(): string {
    return this.#take(this.byte()).toString('utf8');
  }

  value(): Buffer {
    return this.#take(this.byte() * 256 + this.byte());
  }

  error(what: string): ViciProtocolError {
    return new ViciProtocolError(`malformed message: ${what} (byte ${String(this.#at)})`);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw this.error('message ends in the middle of an element');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}
