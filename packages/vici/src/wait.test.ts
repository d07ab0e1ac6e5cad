import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ViciTimeout } from './errors.ts';
import { abortError, within } from './wait.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const never = new Promise<never>(() => undefined);

test('what comes in time passes through, values and errors', async () => {
  const limits = { what: 'x', timeoutMs: 10, signal: new AbortController().signal };
  expect(await within(Promise.resolve(7), limits)).toBe(7);
  await expect(within(Promise.reject(new Error('no')), limits)).rejects.toThrow('no');
});

test('what comes too late is a timeout', async () => {
  const waiting = within(never, { what: 'connect', timeoutMs: 10 });
  vi.advanceTimersByTime(10);
  await expect(waiting).rejects.toEqual(new ViciTimeout('connect', 10));
});

test('an abort ends the waiting with its reason, before and meanwhile', async () => {
  const abort = new AbortController();
  const waiting = within(never, { what: 'x', timeoutMs: 10, signal: abort.signal });
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  const { signal } = abort;
  await expect(within(never, { what: 'x', timeoutMs: 10, signal })).rejects.toThrow('enough');
});

test('a reason that is no Error becomes the cause of one', () => {
  expect(abortError(AbortSignal.abort('text'))).toEqual(new Error('aborted', { cause: 'text' }));
});
