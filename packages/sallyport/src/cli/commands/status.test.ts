import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { down, report, up } from '../../status/testing/reports.ts';
import { Shell } from '../testing/run.ts';

const pause = vi.hoisted(() => vi.fn((): Promise<unknown> => Promise.resolve()));
vi.mock(import('node:timers/promises'), async (importOriginal) => ({
  ...(await importOriginal()),
  // Its overloads are more than a stand-in can have.
  setTimeout: pause as never,
}));

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

describe('status', () => {
  it('says that no agent runs', async () => {
    const { code, stdout, stderr } = await shell.run(['status']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('start sallyport agent');
  });

  it('shows the last report of an agent that is gone, says so, and fails', async () => {
    await mkdir(shell.file('run'));
    await writeFile(shell.file('run/report.json'), JSON.stringify(report));
    const { code, stdout, stderr } = await shell.run(['status', 'partner-a']);
    expect(code).toBe(1);
    expect(stderr).toContain(`this is its last report, of ${report.observedAt}`);
    expect(stdout).toMatch(/^host \S+, as it was last reported: /);
    expect(stdout).toContain('default/partner-a main: up since');
    expect(stdout).not.toContain('partner-b');
  });

  it('says that a round failed, shows the last report, and fails', async () => {
    await shell.startAgent(report);
    shell.failingRounds = Number.POSITIVE_INFINITY;
    const never = await shell.run(['status']);
    expect([never.code, never.stderr]).toEqual([
      1,
      expect.stringMatching(/^the agent answers: the round failed; no agent has reported /),
    ]);
    await writeFile(shell.file('run/report.json'), JSON.stringify(report));
    const { code, stdout, stderr } = await shell.run(['status']);
    expect([code, stderr]).toEqual([
      1,
      `the agent answers: the round failed; this is its last report, of ${report.observedAt}\n`,
    ]);
    expect(stdout).toContain('default/partner-a main: up since');
  });

  it('takes a damaged report for none', async () => {
    await mkdir(shell.file('run'));
    await writeFile(shell.file('run/report.json'), '{"format":');
    const { code, stderr } = await shell.run(['status']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('start sallyport agent')]);
  });

  it.each([
    { what: 'is up', tunnels: [up], code: 0 },
    { what: 'is down', tunnels: [up, down], code: 3 },
    { what: 'is still connecting', tunnels: [{ ...down, state: 'connecting' }], code: 3 },
    { what: 'is partly up', tunnels: [{ ...up, state: 'partial' }], code: 3 },
    { what: 'waits for the other side', tunnels: [{ ...down, state: 'waiting' }], code: 0 },
    { what: 'waits for a packet', tunnels: [{ ...down, state: 'trapped' }], code: 0 },
    { what: 'is with another host', tunnels: [{ ...down, state: 'standby' }], code: 0 },
    { what: 'is disabled', tunnels: [{ ...down, state: 'disabled' }], code: 0 },
  ] as const)('ends with $code where a tunnel $what', async ({ tunnels, code }) => {
    await shell.startAgent({ ...report, tunnels });
    const outcome = await shell.run(['status']);
    expect([outcome.code, outcome.stderr]).toEqual([code, '']);
  });

  it('ends with 3 where daemon or kernel differ from the plan', async () => {
    const { revisionInEffect: _, ...differing } = report;
    await shell.startAgent({ ...differing, tunnels: [up] });
    expect((await shell.run(['status'])).code).toBe(3);
  });

  it.each(['partner-a', 'default/partner-a'])('finds the tunnels of %s', async (name) => {
    await shell.startAgent(report);
    const { code, stdout } = await shell.run(['status', name]);
    expect(code).toBe(0);
    expect(stdout).not.toContain('partner-b');
  });

  it.each([
    ['partner-aa', 'did you mean "partner-a"?'],
    ['elsewhere', 'use one of: partner-a, partner-b'],
  ])('does not know %s, and names what it knows', async (name, hint) => {
    await shell.startAgent(report);
    const { code, stdout, stderr } = await shell.run(['status', name]);
    expect([code, stdout, stderr]).toEqual([
      2,
      '',
      `sallyport: no tunnel of connection ${name} on this host; ${hint}\n`,
    ]);
  });

  it('knows no connection where no tunnel is declared', async () => {
    await shell.startAgent({ ...report, tunnels: [] });
    const { stderr } = await shell.run(['status', 'partner-a']);
    expect(stderr).toBe('sallyport: no tunnel of connection partner-a on this host\n');
  });

  it('gives the report itself as json and yaml', async () => {
    await shell.startAgent(report);
    expect(JSON.parse((await shell.run(['status', '-o', 'json'])).stdout)).toEqual(report);
    expect(parse((await shell.run(['status', '-o', 'yaml'])).stdout)).toEqual(report);
  });

  it.each([
    { format: 'text', reads: (text: string) => text.match(/^host gw1/gm) ?? [] },
    { format: 'yaml', reads: (text: string) => parseAllDocuments(text) },
  ])('with --watch shows $format again and again, until it is interrupted', async (watch) => {
    await shell.startAgent(report);
    const interrupt = new AbortController();
    pause.mockResolvedValueOnce(undefined).mockImplementationOnce(() => {
      interrupt.abort();
      return Promise.resolve(undefined);
    });
    const { code, stdout } = await shell.run(['status', '--watch', '-o', watch.format], {
      signal: interrupt.signal,
    });
    expect(code).toBe(0);
    expect(watch.reads(stdout)).toHaveLength(2);
  });
});
