import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Drain } from './drain.ts';

let directory: string;
let path: string;
const NOON = '2026-06-01T12:00:00.000Z';
const made = (): Drain => new Drain(path, () => new Date(NOON));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drain-'));
  path = join(directory, 'agent', 'drain.json');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const restored = async (): Promise<Drain['state']> => {
  const drain = made();
  await drain.restore();
  return drain.state;
};

it('is kept for the next agent, until it is ended', async () => {
  const drain = made();
  await drain.wake();
  expect(await restored()).toBeUndefined();
  await drain.begin();
  await drain.rest('b');
  await drain.rest('a');
  await drain.begin();
  expect(await restored()).toEqual({ since: NOON, resting: ['a', 'b'] });
  await drain.wake();
  expect(await restored()).toEqual({ since: NOON, resting: [] });
  await drain.end();
  expect([drain.state, await restored()]).toEqual([undefined, undefined]);
});

it('is not begun anew by a step of one that has ended meanwhile', async () => {
  const drain = made();
  await drain.begin();
  const asked = [drain.rest('a'), drain.end(), drain.rest('b')];
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual([
    ...['fulfilled', 'fulfilled', 'rejected'],
  ]);
  await expect(drain.rest('b')).rejects.toThrow('the host is not drained');
  expect([drain.state, await restored()]).toEqual([undefined, undefined]);
});

it.each(['', 'nonsense', '[]', '{"since": 1, "resting": [2]}'])(
  'stays one with %j in its file',
  async (text) => {
    await made().begin();
    await writeFile(path, text);
    expect(await restored()).toEqual({ since: NOON, resting: [] });
  },
);

it('does not hide that its file cannot be read', async () => {
  await expect(new Drain(directory, () => new Date()).restore()).rejects.toThrow('EISDIR');
});
