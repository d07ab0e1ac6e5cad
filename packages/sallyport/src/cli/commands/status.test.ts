import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twoSites } from '../../model/testing.ts';
import { report } from '../../status/testing/reports.ts';
import { Shell } from '../testing/run.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await shell.declare(twoSites);
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
    expect(stdout).toContain('default/partner-a main: up since');
    expect(stdout).not.toContain('partner-b');
    const unknown = await shell.run(['status', 'partner-c']);
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
  });
});
