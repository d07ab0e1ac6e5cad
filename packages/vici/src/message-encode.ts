// MessageInput to bytes. Order of the input is the order on the wire. Limits of the format are refused
// here with the path of the element, since charon would answer nothing or something misleading.

import {
  KEY_VALUE,
  LIST_END,
  LIST_ITEM,
  LIST_START,
  MAX_DEPTH,
  MAX_NAME_BYTES,
  MAX_VALUE_BYTES,
  SECTION_END,
  SECTION_START,
} from './elements.ts';
import { ViciInvalidInput } from './errors.ts';
import { inputPairs, isList, isSection } from './input.ts';
import type { InputValue, MessageInput } from './message.ts';

/** Encodes one message body. */
export function encodeMessage(input: MessageInput): Uint8Array {
  const writer = new Writer();
  writeSection(writer, input, []);
  return writer.finish();
}

function writeSection(writer: Writer, input: MessageInput, path: readonly string[]): void {
  if (path.length > MAX_DEPTH) throw refused(path, 'sections nest too deep');
  for (const [key, value] of inputPairs(input)) writeValue(writer, [...path, key], value);
}

function writeValue(writer: Writer, path: readonly string[], value: InputValue): void {
  if (isList(value)) {
    writer.named(LIST_START, path);
    for (const item of value) {
      writer.byte(LIST_ITEM);
      writer.value(item, path);
    }
    writer.byte(LIST_END);
  } else if (isSection(value)) {
    writer.named(SECTION_START, path);
    writeSection(writer, value, path);
    writer.byte(SECTION_END);
  } else {
    writer.named(KEY_VALUE, path);
    writer.value(value instanceof Uint8Array ? value : scalarText(value, path), path);
  }
}

function scalarText(value: string | number | bigint | boolean, path: readonly string[]): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  // A fraction or 1e21 would be cut short by the daemon's strtoul without any message.
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw refused(path, 'a number must be a safe integer');
  }
  return String(value);
}

function refused(path: readonly string[], what: string): ViciInvalidInput {
  return new ViciInvalidInput(`${path.join('.')}: ${what}`);
}

class Writer {
  #bytes = Buffer.allocUnsafe(1024);
  #length = 0;

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  /** An element type followed by the last name of the path. */
  named(type: number, path: readonly string[]): void {
    const name = path.at(-1) ?? '';
    const length = Buffer.byteLength(name, 'utf8');
    if (length > MAX_NAME_BYTES) {
      throw refused(path, `the name has ${String(length)} bytes, at most 255 are possible`);
    }
    this.#reserve(2 + length);
    this.#bytes[this.#length] = type;
    this.#bytes[this.#length + 1] = length;
    this.#bytes.write(name, this.#length + 2, 'utf8');
    this.#length += 2 + length;
  }

  value(value: string | Uint8Array, path: readonly string[]): void {
    const length = typeof value === 'string' ? Buffer.byteLength(value, 'utf8') : value.length;
    if (length > MAX_VALUE_BYTES) {
      throw refused(path, `the value has ${String(length)} bytes, at most 65535 are possible`);
    }
    this.#reserve(2 + length);
    this.#bytes.writeUInt16BE(length, this.#length);
    if (typeof value === 'string') this.#bytes.write(value, this.#length + 2, 'utf8');
    else this.#bytes.set(value, this.#length + 2);
    this.#length += 2 + length;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
