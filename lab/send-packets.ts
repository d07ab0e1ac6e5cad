// Sends UDP packets at an even rate until SIGTERM, then prints how many: `node send-packets.ts ADDRESS PER_SECOND`.
//
// In time with the clock, and never faster than its tick: what a busy machine has held up is caught up with.

import { createSocket } from 'node:dgram';
import { DISCARD_PORT } from './packet-flow.ts';

const PAYLOAD = Buffer.alloc(64);
const PAUSE_MILLISECONDS = 10;

const [address = '', rate = ''] = process.argv.slice(2);
const perMillisecond = Number(rate) / 1_000;
const socket = createSocket('udp4');
let sent = 0;
socket.connect(DISCARD_PORT, address, () => {
  const start = performance.now();
  const timer = setInterval(() => {
    for (const due = (performance.now() - start) * perMillisecond; sent < due; sent += 1)
      socket.send(PAYLOAD);
  }, PAUSE_MILLISECONDS);
  process.once('SIGTERM', () => {
    clearInterval(timer);
    // What is still to be sent goes first.
    socket.send(PAYLOAD, () => {
      process.stdout.write(`${String(sent + 1)}\n`, () => process.exit());
    });
  });
});
