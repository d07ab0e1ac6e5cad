import { type Duplex, duplexPair } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CloseReason, Connection } from './connection.ts';
import {
  ViciClosed,
  ViciDisconnected,
  ViciProtocolError,
  ViciTimeout,
  ViciUnknownCommand,
  ViciUnknownEvent,
} from './errors.ts';
import type { Message, MessageInput } from './message.ts';
import { encodeMessage } from './message-encode.ts';
import { decodePacket, encodePacket, Framer, type Packet } from './packet.ts';

const EMPTY = new Uint8Array(0);
const LONG = { timeoutMs: 60_000 };

/** The daemon's end of the stream: what came in, and ways to answer. */
class FarEnd {
  readonly packets: Packet[] = [];
  readonly stream: Duplex;
  readonly #waiting: (() => void)[] = [];

  constructor(stream: Duplex) {
    this.stream = stream;
    const framer = new Framer();
    stream.on('data', (chunk: Uint8Array) => {
      framer.push(chunk, (segment) => this.packets.push(decodePacket(segment)));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  async until(count: number): Promise<void> {
    while (this.packets.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  reply(message: MessageInput): void {
    this.stream.write(encodePacket({ type: 'command-response', body: encodeMessage(message) }));
  }

  event(name: string, message: MessageInput): void {
    this.stream.write(encodePacket({ type: 'event', name, body: encodeMessage(message) }));
  }

  answer(type: 'command-unknown' | 'event-confirm' | 'event-unknown'): void {
    this.stream.write(encodePacket({ type }));
  }

  names(): string[] {
    return this.packets.map((packet) =>
      packet.type === 'command-request' ||
      packet.type === 'event-register' ||
      packet.type === 'event-unregister'
        ? `${packet.type} ${packet.name}`
        : packet.type,
    );
  }
}

let far: FarEnd;
let connection: Connection;
let closes: { reason: CloseReason; error: Error }[];
let ended: Promise<void>;
let events: { name: string; message: Message }[];

beforeEach(() => {
  const [near, distant] = duplexPair();
  far = new FarEnd(distant);
  closes = [];
  events = [];
  let markEnded: () => void = () => undefined;
  ended = new Promise((resolve) => {
    markEnded = resolve;
  });
  connection = new Connection(near, {
    onEvent: (name, message) => events.push({ name, message }),
    onClose: (reason, error) => {
      closes.push({ reason, error });
      markEnded();
    },
  });
});

afterEach(() => {
  vi.useRealTimers();
  connection.close(new ViciClosed('test'));
});

describe('calls', () => {
  test('are written at once and paired with their replies by order', async () => {
    const replies = ['a', 'b', 'c'].map((name) => connection.request(name, EMPTY, LONG));
    await far.until(3);
    expect(far.names()).toEqual(['command-request a', 'command-request b', 'command-request c']);
    expect(connection.pending).toBe(3);
    far.reply({ n: 1 });
    far.answer('command-unknown');
    far.reply({ n: 3 });
    const results = await Promise.allSettled(replies);
    expect(results.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(replies[1]).rejects.toEqual(new ViciUnknownCommand('b'));
    expect((await replies[2])?.text('n')).toBe('3');
    expect(connection.pending).toBe(0);
  });

  test('pair with replies that arrive byte by byte', async () => {
    const reply = connection.request('version', EMPTY, LONG);
    const bytes = encodePacket({
      type: 'command-response',
      body: encodeMessage({ version: '6.0.3' }),
    });
    for (const byte of bytes) far.stream.write(Uint8Array.of(byte));
    expect((await reply).text('version')).toBe('6.0.3');
  });

  test('that are aborted keep their place, so that the others stay in step', async () => {
    const abort = new AbortController();
    const first = connection.request('first', EMPTY, { ...LONG, signal: abort.signal });
    const second = connection.request('second', EMPTY, LONG);
    abort.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(connection.pending).toBe(2);
    far.reply({ of: 'first' });
    far.reply({ of: 'second' });
    expect((await second).text('of')).toBe('second');
    expect(connection.isOpen).toBe(true);
  });

  test('that are aborted before they were made send nothing', async () => {
    const signal = AbortSignal.abort(new Error('before'));
    await expect(connection.request('never', EMPTY, { ...LONG, signal })).rejects.toThrow('before');
    expect(connection.pending).toBe(0);
    const next = connection.request('next', EMPTY, LONG);
    await far.until(1);
    expect(far.names()).toEqual(['command-request next']);
    far.reply({});
    await next;
  });

  test('that cannot be written leave nothing behind', async () => {
    const body = new Uint8Array(600_000);
    await expect(connection.request('big', body, LONG)).rejects.toThrow(/600\d+ bytes/);
    expect(connection.pending).toBe(0);
    expect(connection.isOpen).toBe(true);
  });
});

describe('a deadline', () => {
  test('discards the connection and everything behind the late call', async () => {
    vi.useFakeTimers();
    const late = connection.request('late', EMPTY, { timeoutMs: 100 });
    const behind = connection.request('behind', EMPTY, LONG);
    const results = Promise.allSettled([late, behind]);
    vi.advanceTimersByTime(99);
    expect(connection.isOpen).toBe(true);
    vi.advanceTimersByTime(1);
    expect(connection.isOpen).toBe(false);
    const [one, two] = await results;
    expect(one).toMatchObject({ status: 'rejected', reason: new ViciTimeout('late', 100) });
    expect(two.status === 'rejected' && two.reason).toBeInstanceOf(ViciDisconnected);
    expect(closes.map(({ reason }) => reason)).toEqual(['discarded']);
    await expect(connection.request('after', EMPTY, LONG)).rejects.toThrow(
      /^after: the connection was given up because late was not answered in time/,
    );
  });

  test('holds for an aborted call too, since its reply blocks the others', async () => {
    vi.useFakeTimers();
    const abort = new AbortController();
    const call = connection.request('gone', EMPTY, { timeoutMs: 100, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    vi.advanceTimersByTime(100);
    expect(connection.isOpen).toBe(false);
  });

  test('of a stream begins anew with each message', async () => {
    vi.useFakeTimers();
    const taken: string[] = [];
    const stream = { event: 'list-sa', take: (m: Message) => taken.push(m.text('n') ?? '') };
    const call = connection.request('list-sas', EMPTY, { timeoutMs: 100, stream });
    for (let n = 1; n <= 3; n++) {
      await vi.advanceTimersByTimeAsync(80);
      far.event('list-sa', { n });
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(taken).toEqual(['1', '2', '3']);
    far.reply({});
    await call;
  });

  test('behind a stream that moves hits only its own call', async () => {
    vi.useFakeTimers();
    const stream = { event: 'list-sa', take: (): void => undefined };
    const list = connection.request('list-sas', EMPTY, { timeoutMs: 100, stream });
    const behind = connection.request('version', EMPTY, { timeoutMs: 100 });
    const failed = expect(behind).rejects.toBeInstanceOf(ViciTimeout);
    await vi.advanceTimersByTimeAsync(60);
    far.event('list-sa', {});
    await vi.advanceTimersByTimeAsync(60);
    await failed;
    expect(connection.isOpen).toBe(true);
    far.reply({});
    await list;
    expect(connection.pending).toBe(1);
    // Its reply is still owed; without it the connection is of no use.
    await vi.advanceTimersByTimeAsync(100);
    expect(connection.isOpen).toBe(false);
  });

  test('stands still while reading is paused', async () => {
    vi.useFakeTimers();
    const call = connection.request('version', EMPTY, { timeoutMs: 100 });
    const resume = connection.pause();
    await vi.advanceTimersByTimeAsync(1000);
    expect(connection.isOpen).toBe(true);
    resume();
    resume();
    far.reply({});
    await vi.advanceTimersByTimeAsync(0);
    // The reply to nothing comes after the right one.
    expect(await call).toBeDefined();
  });
});

describe('events', () => {
  test('of a stream go to its call, all others to the handler', async () => {
    const taken: string[] = [];
    const stream = { event: 'list-sa', take: (m: Message) => taken.push(m.text('n') ?? '') };
    const list = connection.request('list-sas', EMPTY, { ...LONG, stream });
    far.event('ike-updown', { up: true });
    far.event('list-sa', { n: 1 });
    far.event('log', {});
    far.event('list-sa', { n: 2 });
    far.reply({});
    await list;
    far.event('list-sa', { n: 3 });
    const next = connection.request('version', EMPTY, LONG);
    far.reply({});
    await next;
    expect(taken).toEqual(['1', '2']);
    expect(events.map(({ name }) => name)).toEqual(['ike-updown', 'log', 'list-sa']);
  });

  test('are registered once however many want them, and unregistered by the last', async () => {
    const first = connection.acquire('log', 1000);
    const second = connection.acquire('log', 1000);
    await far.until(1);
    far.answer('event-confirm');
    await Promise.all([first, second]);
    connection.release('log', 1000);
    connection.release('log', 1000);
    connection.release('log', 1000);
    await far.until(2);
    expect(far.names()).toEqual(['event-register log', 'event-unregister log']);
  });

  test('that the daemon does not know can be asked for again', async () => {
    const unknown = connection.acquire('alert', 1000);
    far.answer('event-unknown');
    await expect(unknown).rejects.toEqual(new ViciUnknownEvent('alert'));
    const again = connection.acquire('alert', 1000);
    far.answer('event-confirm');
    await again;
    expect(far.names()).toEqual(['event-register alert', 'event-register alert']);
  });
});

describe('the end of the stream', () => {
  test('fails every call and says whose end it was', async () => {
    const calls = Promise.allSettled([
      connection.request('a', EMPTY, LONG),
      connection.acquire('log', 1000),
    ]);
    far.stream.destroy();
    for (const result of await calls) {
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(ViciDisconnected);
    }
    expect(closes.map(({ reason }) => reason)).toEqual(['peer']);
  });

  test('by our own wish carries our error', async () => {
    const call = connection.request('a', EMPTY, LONG);
    connection.close(new ViciClosed('call'));
    await expect(call).rejects.toBeInstanceOf(ViciClosed);
    expect(closes.map(({ reason }) => reason)).toEqual(['local']);
  });

  test.each<[string, (end: FarEnd) => void, RegExp]>([
    [
      'a reply to nothing',
      (end) => {
        end.reply({});
        end.reply({});
      },
      /command-response without a request/,
    ],
    [
      'a confirmation of a command',
      (end) => {
        end.answer('event-confirm');
      },
      /event-confirm where the answer to call was due/,
    ],
    [
      'a request',
      (end) => {
        end.stream.write(encodePacket({ type: 'event-register', name: 'log' }));
      },
      /the daemon sent a event-register packet/,
    ],
    [
      'a broken message',
      (end) => {
        end.stream.write(Buffer.from('000000020107', 'hex'));
      },
      /malformed message/,
    ],
    [
      'a broken packet',
      (end) => {
        end.stream.write(Buffer.from('0000000163', 'hex'));
      },
      /unknown packet type 99/,
    ],
    [
      'an endless packet',
      (end) => {
        end.stream.write(Buffer.from('ffffffff', 'hex'));
      },
      /4294967295 bytes announced/,
    ],
  ])('follows %s', async (_, nonsense, words) => {
    const call = connection.request('call', EMPTY, LONG).catch((error: unknown) => error);
    nonsense(far);
    await ended;
    expect(closes[0]?.error).toBeInstanceOf(ViciProtocolError);
    expect(closes[0]?.error.message).toMatch(words);
    expect(closes[0]?.reason).toBe('discarded');
    // The reply to nothing comes after the right one.
    expect(await call).toBeDefined();
  });
});
