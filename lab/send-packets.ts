// Sends UDP packets at an even rate until SIGTERM, then prints how many: `node send-packets.ts ADDRESS PER_SECOND`.
//
// In time with the clock, and never faster than its tick: what a busy machine has held up is caught up with. Each
// begins with its number, from 0 on, in 4 bytes; one that has nowhere to go counts as sent.

import { createSocket } from 'node:dgram';
import { DISCARD_PORT } from './packet-flow.ts';

const PAYLOAD_BYTES = 64;
const PAUSE_MILLISECONDS = 10;

const [address = '', rate = ''] = process.argv.slice(2);
const perMillisecond = Number(rate) / 1_000;
const socket = createSocket('udp4');
socket.on('error', () => undefined);
let sent = 0;
socket.connect(DISCARD_PORT, address, () => {
  const start = performance.now();
  const timer = setInterval(() => {
    for (const due = (performance.now() - start) * perMillisecond; sent < due; sent += 1)
      socket.send(payload(sent));
  }, PAUSE_MILLISECONDS);
  process.once('SIGTERM', () => {
    clearInterval(timer);
    // What is still to be sent goes first.
    socket.send(payload(sent), () => {
      process.stdout.write(`${String(sent + 1)}\n`, () => process.exit());
    });
  });
});

function payload(number: number): Buffer {
  const bytes = Buffer.alloc(PAYLOAD_BYTES);
  bytes.writeUInt32BE(number);
  return bytes;
}
