import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { down } from '../../status/testing/reports.ts';
import { HistoryFile, type TunnelRecord } from './history-file.ts';

let directory: string;
let path: string;
let file: HistoryFile;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'history-'));
  path = join(directory, 'agent', 'history.json');
  file = new HistoryFile(path);
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const counters = { bytesIn: 1, bytesOut: 2, packetsIn: 3, packetsOut: 4 };
const addresses = { localAddress: '192.0.2.10', remoteAddress: '198.51.100.20' };
const record: TunnelRecord = {
  state: 'up',
  since: '2026-06-01T00:00:00.000Z',
  firstSeen: '2026-05-01T00:00:00.000Z',
  seenAt: '2026-06-01T12:00:00.000Z',
  upSeconds: 12.5,
  flaps: 1,
  rekeys: 2,
  counters: { ended: counters, sas: [{ sa: '7/c0/d0', ...addresses, ...counters }] },
  ...(down.cause === undefined ? {} : { lastError: down.cause }),
};
const { lastError: _, ...flawless } = record;

describe('HistoryFile', () => {
  it('gives back what was written, for its owner only', async () => {
    const tunnels = new Map([
      ['a', record],
      ['b', flawless],
    ]);
    await file.write(tunnels);
    expect(await file.read()).toEqual(tunnels);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is empty where there is none', async () => {
    expect(await file.read()).toEqual(new Map());
  });

  it.each([
    ['a state that does not exist', { state: 'UP' }],
    ['a time that is none', { seenAt: 'yesterday' }],
    ['a number below zero', { flaps: -1 }],
    ['no counters', { counters: undefined }],
    ['an SA without a number', { counters: { ended: counters, sas: [{ sa: 'x' }] } }],
    ['an error that is none', { lastError: 'none' }],
  ])('leaves out a tunnel with %s, and keeps the others', async (_what, damage) => {
    await file.write(new Map([['a', record]]));
    const content = JSON.parse(await readFile(path, 'utf8')) as { tunnels: object };
    const tunnels = { ...content.tunnels, b: { ...record, ...damage }, c: null };
    await writeFile(path, JSON.stringify({ ...content, tunnels }));
    expect([...(await file.read()).keys()]).toEqual(['a']);
  });

  it.each(['{', '[]', '{"format":"other","tunnels":{}}'])('refuses %s', async (text) => {
    await file.write(new Map());
    await writeFile(path, text);
    await expect(file.read()).rejects.toThrow();
  });
});
