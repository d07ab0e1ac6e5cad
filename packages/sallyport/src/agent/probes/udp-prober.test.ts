/** Prober and server on addresses of the loopback that no other run of the tests has. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProbePlan } from '../../plan/probe-plan.ts';
import { rememberingLog } from '../testing/quiet-log.ts';
import { ECHO_PORT, makeQuestion } from './echo.ts';
import { EchoServer } from './echo-server.ts';
import type { Asking, Prober } from './prober.ts';
import { Heard } from './testing.ts';
import { startUdpProber } from './udp-prober.ts';

const own = (number: number): string =>
  `127.${String(80 + number)}.${String((process.pid >> 8) & 255)}.${String(process.pid & 255)}`;
const [US, PEER, STRANGER] = [own(0), own(1), own(2)];

const ASKING: Asking = {
  ...{ method: 'udp', interface: 'lo', source: US, intervalMilliseconds: 100 },
};
const ASKED_BY_PEER: ProbePlan = {
  ...{ ...ASKING, tunnel: 'sp.a.b.c', kind: 'inside', source: PEER, target: US },
  ...{ failAfter: 3, recoverAfter: 5 },
};

let heard: Heard;
let server: EchoServer;
let prober: Prober | undefined;

const ask = (targets: readonly string[], asking: Asking = ASKING): void => {
  prober = startUdpProber(asking, heard, rememberingLog().log);
  prober.ask(targets);
};

beforeEach(() => {
  heard = new Heard();
  server = new EchoServer(rememberingLog().log);
});
afterEach(() => {
  prober?.close();
  server.follow([]);
});

describe('a prober by UDP', () => {
  it('tells of each answer', async () => {
    server.follow([ASKED_BY_PEER]);
    ask([PEER]);
    await heard.until(() => heard.answers.length >= 3);
    const numbers = heard.answers.map(({ number }) => number);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(heard.answers[0]).toMatchObject({ target: PEER });
    expect(heard.answers[0]?.roundTripMilliseconds).toBeLessThan(1_000);
    expect([heard.starts, heard.ends]).toEqual([1, []]);
  });

  it('asks by IPv6 as well', async () => {
    server.follow([{ ...ASKED_BY_PEER, source: '::1', target: '::1' }]);
    ask(['::1'], { ...ASKING, source: '::1' });
    await heard.until(() => heard.answers.length >= 1);
    expect(heard.answers[0]?.target).toBe('::1');
  });

  it('asks other targets instead', async () => {
    server.follow([ASKED_BY_PEER]);
    ask([STRANGER]);
    await heard.until(() => heard.starts === 1);
    prober?.ask([PEER]);
    await heard.until(() => heard.answers.length >= 1);
    expect([heard.starts, heard.ends]).toEqual([2, []]);
  });

  it('keeps trying where the address is not there, and says why', async () => {
    ask([PEER], { ...ASKING, source: '192.0.2.1' });
    await heard.until(() => heard.ends.length >= 2);
    expect(heard.ends[0]).toEqual([expect.stringContaining('EADDRNOTAVAIL'), true]);
    expect(heard.starts).toBe(0);
  });

  it('says why it cannot send', async () => {
    ask(['255.255.255.255']);
    await heard.until(() => heard.refusals.length >= 1);
    expect(heard.refusals[0]).toEqual(['255.255.255.255', expect.stringContaining('EACCES')]);
  });
});

describe('the echo server', () => {
  /** What comes back to somebody who asks so often, from where. */
  async function answersTo(source: string, questions: number): Promise<number> {
    const socket = createSocket('udp4');
    let answers = 0;
    socket.on('message', () => {
      answers += 1;
    });
    socket.bind(0, source);
    await once(socket, 'listening');
    for (let number = 0; number < questions; number += 1)
      socket.send(makeQuestion(number, Buffer.alloc(8)), ECHO_PORT, PEER);
    // What a declared peer asks after that is answered: then everything before has been.
    ask([PEER]);
    await heard.until(() => heard.answers.length >= 2);
    socket.close();
    return answers;
  }

  it('answers declared peers only', async () => {
    server.follow([ASKED_BY_PEER]);
    ask([PEER]);
    await heard.until(() => heard.answers.length > 0);
    prober?.close();
    heard = new Heard();
    expect(await answersTo(STRANGER, 3)).toBe(0);
  });

  it('answers no more often than it has to', async () => {
    const other = { ...ASKED_BY_PEER, target: STRANGER };
    server.follow([ASKED_BY_PEER, other]);
    ask([PEER]);
    await heard.until(() => heard.answers.length > 0);
    prober?.close();
    heard = new Heard();
    vi.spyOn(performance, 'now').mockReturnValue(5_000);
    expect(await answersTo(STRANGER, 60)).toBe(20);
    vi.restoreAllMocks();
  });

  it('leaves the address when nobody is asked from there any more', async () => {
    server.follow([ASKED_BY_PEER]);
    ask([PEER]);
    await heard.until(() => heard.answers.length > 0);
    server.follow([{ ...ASKED_BY_PEER, method: 'icmp' }]);
    const socket = createSocket('udp4');
    socket.bind(ECHO_PORT, PEER);
    await once(socket, 'listening');
    socket.close();
  });
});
