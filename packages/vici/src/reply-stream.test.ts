import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Message } from './message.ts';
import { buildMessage } from './message-build.ts';
import { ReplyStream } from './reply-stream.ts';

let paused = 0;
const socket = {
  pause: (): (() => void) => {
    paused += 1;
    return () => {
      paused -= 1;
    };
  },
};

beforeEach(() => {
  paused = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function filled(count: number): ReplyStream {
  const stream = new ReplyStream(socket, 1000);
  for (let n = 0; n < count; n++) stream.push(buildMessage({ n }));
  return stream;
}

async function read(stream: AsyncIterable<Message>): Promise<number[]> {
  const seen: number[] = [];
  for await (const message of stream) seen.push(message.integer('n') ?? -1);
  return seen;
}

describe('a stream of replies', () => {
  test('hands everything over in order, before and after it ended', async () => {
    const stream = filled(600);
    const seen = read(stream);
    stream.push(buildMessage({ n: 600 }));
    stream.end();
    expect(await seen).toEqual(Array.from({ length: 601 }, (_, n) => n));
    expect(paused).toBe(0);
  });

  test('gives what it has before its error, and the error once', async () => {
    const stream = filled(1);
    stream.end(new Error('gone'));
    expect((await stream.next()).value?.text('n')).toBe('0');
    await expect(stream.next()).rejects.toThrow('gone');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('stops the socket when the reader is slow, and starts it when all was read', async () => {
    const stream = filled(255);
    expect(paused).toBe(0);
    stream.push(buildMessage({ n: 255 }));
    expect(paused).toBe(1);
    for (let n = 0; n < 255; n++) await stream.next();
    expect(paused).toBe(1);
    await stream.next();
    expect(paused).toBe(0);
  });

  test('never stops the socket longer than its bound, and only once', () => {
    const stream = filled(256);
    vi.advanceTimersByTime(999);
    expect(paused).toBe(1);
    vi.advanceTimersByTime(1);
    expect(paused).toBe(0);
    for (let n = 0; n < 1000; n++) stream.push(buildMessage({ n }));
    expect(paused).toBe(0);
  });

  test('left early it lets the socket go on and throws the rest away', async () => {
    const stream = filled(300);
    for await (const message of stream) {
      expect(message.text('n')).toBe('0');
      break;
    }
    expect(paused).toBe(0);
    stream.push(buildMessage({ n: 301 }));
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(vi.getTimerCount()).toBe(0);
  });
});
