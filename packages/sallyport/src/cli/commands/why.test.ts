import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { explanation, unwell } from '../../status/testing/explanations.ts';
import { report } from '../../status/testing/reports.ts';
import { Shell } from '../testing/run.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

describe('why', () => {
  it('ends with 0 where nothing is wrong, and says what shows it', async () => {
    await shell.startAgent(report);
    const { code, stdout, stderr } = await shell.run(['why', 'partner-a']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('default/partner-a main is up');
    expect(stdout).toContain('packets for 10.20.0.0/16 go to sp0a78d801');
  });

  it('ends with 3 where something is wrong, with code and what to do', async () => {
    await shell.startAgent(report);
    shell.explanation = { ...explanation, tunnels: [unwell] };
    const { code, stdout } = await shell.run(['why', 'default/partner-a']);
    expect(code).toBe(3);
    expect(stdout).toContain('[path/forwarding-off]');
    expect(stdout).toContain('set net.ipv4.conf.lan.forwarding to 1');
  });

  it('gives the explanation itself as json and yaml', async () => {
    await shell.startAgent(report);
    const json = await shell.run(['why', 'partner-a', '--target', '10.20.0.10', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual(explanation);
    expect(parse((await shell.run(['why', 'partner-a', '-o', 'yaml'])).stdout)).toEqual(
      explanation,
    );
  });

  it.each([
    [['why', 'partner-aa'], 'no tunnel of connection default/partner-aa on this host'],
    [['why', 'partner-aa'], 'did you mean "partner-a"?'],
    [['why', 'Partner A'], '"Partner A" is not a name'],
    [['why', 'partner-a', '-n', 'a\nreport'], 'is not a name'],
    [['why', 'partner-a', '--target', 'branch'], '--target branch is not an IPv4 or IPv6 address'],
    [['why'], "missing required argument 'connection'"],
  ])('does not understand %j', async (words, message) => {
    await shell.startAgent(report);
    shell.explanation = { ...explanation, tunnels: [] };
    const { code, stdout, stderr } = await shell.run(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('says that no agent runs, and none has', async () => {
    const { code, stdout, stderr } = await shell.run(['why', 'partner-a']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('no agent runs on this host');
    expect(stderr).toContain('start sallyport agent');
  });

  it('tells what the last report of an agent that is gone tells, and fails', async () => {
    await mkdir(shell.file('run'));
    await writeFile(shell.file('run/report.json'), JSON.stringify(report));
    const { code, stdout, stderr } = await shell.run(['why', 'partner-b']);
    expect(code).toBe(1);
    expect(stderr).toContain(`its last report of ${report.observedAt}`);
    expect(stdout).toContain('198.51.100.30 did not answer [ike/no-answer]');
    expect((await shell.run(['why', 'partner-x'])).code).toBe(2);
  });
});
