import { afterEach, beforeEach, expect, it } from 'vitest';
import { twoSites } from '../model/testing.ts';
import { report } from '../status/testing/reports.ts';
import { Shell } from './testing/run.ts';

let shell: Shell;
let site: string;

beforeEach(async () => {
  shell = await Shell.create();
  await shell.fakeSystem();
  site = await shell.declare(twoSites);
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

const apply = (...words: string[]) => shell.run(['apply', '-f', site, '--host', 'gw1', ...words]);

it('asks again where a round of the agent fails', async () => {
  await shell.startAgent(report);
  shell.failingRounds = 1;
  expect(await apply()).toMatchObject({ code: 0 });
});

it('has no proof while none succeeds, whatever was found before, and says why', async () => {
  await shell.startAgent(report);
  await apply();
  shell.failingRounds = Number.POSITIVE_INFINITY;
  const { code, stdout } = await apply('--timeout', '1');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^revision \w{12} is stored; the agent answers: the round failed\n$/);
});

it('says what is known last where the agent is too busy to tell more', async () => {
  await shell.startAgent(report, 'no time');
  const { code, stdout } = await apply('--timeout', '1');
  expect(code).toBe(3);
  expect(stdout).toMatch(/^revision \w{12} is not in effect on gw1:/);
});
