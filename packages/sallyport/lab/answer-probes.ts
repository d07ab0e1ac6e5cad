// Answers the probes of another gateway: `node answer-probes.ts OWN-ADDRESS PEER`, until it is ended.

import { pino } from 'pino';
import { EchoServer } from '../src/agent/probes/echo-server.ts';

const [, , source = '', target = ''] = process.argv;
const pace = { intervalMilliseconds: 100, failAfter: 3, recoverAfter: 5 };
new EchoServer(pino({ level: 'silent' })).follow([
  {
    tunnel: 'sp.lab.a.b',
    kind: 'inside',
    method: 'udp',
    interface: 'eth0',
    source,
    target,
    ...pace,
  },
]);
