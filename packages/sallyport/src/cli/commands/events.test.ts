import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { Event } from '../../status/events/event.ts';
import { Journal } from '../../store/journal.ts';
import { Shell } from '../testing/run.ts';

let shell: Shell;
let journal: Journal;

beforeEach(async () => {
  shell = await Shell.create();
  journal = new Journal(shell.file('state/agent/events'));
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

const up: Event = {
  at: '2026-06-01T12:00:00.000Z',
  host: 'gw1',
  reason: 'TunnelUp',
  object: { kind: 'Connection', namespace: 'default', name: 'partner-a', tunnel: 'main' },
  before: 'connecting',
  after: 'up',
};
const other: Event = { ...up, object: { ...up.object, name: 'partner-b' } };
const ofHost: Event = {
  at: '2026-06-01T11:00:00.000Z',
  host: 'gw1',
  reason: 'AgentStarted',
  object: { kind: 'Host', name: 'gw1' },
};

describe('events', () => {
  it('shows every event, the oldest first', async () => {
    await journal.append([ofHost, up]);
    expect(await shell.run(['events'])).toEqual({
      code: 0,
      stdout: [
        '2026-06-01 11:00:00Z  gw1  AgentStarted        Host gw1',
        '2026-06-01 12:00:00Z  gw1  TunnelUp            default/partner-a main: connecting -> up',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('gives them as json and yaml, numbered', async () => {
    await journal.append([ofHost, up]);
    const wanted = [
      { sequence: 1, ...ofHost },
      { sequence: 2, ...up },
    ];
    expect(JSON.parse((await shell.run(['events', '-o', 'json'])).stdout)).toEqual(wanted);
    expect(parse((await shell.run(['events', '-o', 'yaml'])).stdout)).toEqual(wanted);
  });

  it.each(['partner-a', 'default/partner-a'])('shows those of %s only', async (name) => {
    await journal.append([ofHost, up, other]);
    const { stdout } = await shell.run(['events', name]);
    expect(stdout.match(/partner-[ab]/g)).toEqual(['partner-a']);
    expect(stdout).not.toContain('AgentStarted');
  });

  it.each([
    { since: '2026-06-01T11:30:00Z', count: 1 },
    { since: '2026-06-01T12:00:01Z', count: 0 },
    { since: '2000w', count: 2 },
    { since: '1m', count: 0 },
  ])('shows those since $since only', async ({ since, count }) => {
    await journal.append([ofHost, up]);
    const { code, stdout, stderr } = await shell.run(['events', '--since', since, '-o', 'json']);
    expect([code, (JSON.parse(stdout) as unknown[]).length]).toEqual([0, count]);
    expect(stderr).toBe(count === 0 ? 'no events since then\n' : '');
  });

  it('says what a time may look like', async () => {
    expect(await shell.run(['events', '--since', 'yesterday'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'sallyport: --since: "yesterday" is neither a duration such as 90s, 15m, 1h30m, 2d, 1w nor a time such as 2026-06-01 or 2026-06-01T09:30:00Z\n',
    });
  });

  it('says that there is no journal, and which connections are known', async () => {
    expect((await shell.run(['events'])).stderr).toContain('no agent has kept a journal');
    await journal.append([up]);
    expect((await shell.run(['events', 'partner-aa'])).stderr).toBe(
      'no events of connection partner-aa; did you mean "partner-a"?\n',
    );
    expect((await shell.run(['events', 'partner-a', '--since', '1m'])).stderr).toBe(
      'no events of connection partner-a\n',
    );
  });
});

describe('events --follow', () => {
  it.each([
    {
      format: 'json',
      read: (text: string) =>
        text
          .trimEnd()
          .split('\n')
          .map((line): unknown => JSON.parse(line)),
    },
    {
      format: 'yaml',
      read: (text: string) => parseAllDocuments(text).map((document) => document.toJS() as unknown),
    },
  ])('goes on as $format until it is interrupted', async ({ format, read }) => {
    const interrupt = new AbortController();
    await journal.append([up]);
    let count = 0;
    const { code, stdout, stderr } = await shell.run(['events', '--follow', '-o', format], {
      signal: interrupt.signal,
      onOutput: (text) => {
        count += text.match(/partner-/g)?.length ?? 0;
        if (count === 1) void journal.append([other]);
        if (count === 2) interrupt.abort();
      },
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(read(stdout)).toEqual([
      { sequence: 1, ...up },
      { sequence: 2, ...other },
    ]);
  });

  it('waits for a journal that is not there yet', async () => {
    const interrupt = new AbortController();
    const running = shell.run(['events', 'partner-b', '--follow'], {
      signal: interrupt.signal,
      onOutput: () => {
        interrupt.abort();
      },
    });
    await journal.append([up, other]);
    const { code, stdout } = await running;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^.*partner-b main.*\n$/);
  });
});
