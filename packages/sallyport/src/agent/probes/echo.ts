/**
 * What two Sallyport gateways say to each other over UDP to know that packets get through, also where ICMP does not.
 *
 *     0        4        8               16
 *     | magic  | number | nonce         |      question and answer alike but for the magic
 *
 * An answer is as long as its question, so that nobody can make more of less, and is none itself, so that
 * no two gateways answer each other for ever.
 */
import { timingSafeEqual } from 'node:crypto';

export const ECHO_PORT = 8383;

const QUESTION = Buffer.from('SPq1');
const ANSWER = Buffer.from('SPa1');
const LENGTH = 16;
/** Whoever has not seen the question cannot answer it. */
export const NONCE_BYTES = 8;

export function makeQuestion(number: number, nonce: Uint8Array): Buffer {
  const packet = Buffer.alloc(LENGTH);
  QUESTION.copy(packet);
  packet.writeUInt32BE(number, 4);
  packet.set(nonce, 8);
  return packet;
}

/** Undefined for anything but a question. */
export function answerTo(packet: Buffer): Buffer | undefined {
  if (packet.length !== LENGTH || !packet.subarray(0, 4).equals(QUESTION)) return undefined;
  return Buffer.concat([ANSWER, packet.subarray(4)]);
}

/** Number of the question; undefined for anything but an answer to one with this nonce. */
export function readAnswer(packet: Buffer, nonce: Uint8Array): number | undefined {
  if (packet.length !== LENGTH || !packet.subarray(0, 4).equals(ANSWER)) return undefined;
  return timingSafeEqual(packet.subarray(8), nonce) ? packet.readUInt32BE(4) : undefined;
}
