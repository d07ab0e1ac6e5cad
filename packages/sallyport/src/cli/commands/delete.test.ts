import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thirdPartner, twoSites } from '../../model/testing.ts';
import { report } from '../../status/testing/reports.ts';
import { type Outcome, Shell } from '../testing/run.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await shell.fakeSystem();
  const site = await shell.declare(`${twoSites}${thirdPartner}`);
  await shell.startAgent(report);
  expect((await shell.run(['apply', '-f', site, '--host', 'gw1'])).code).toBe(0);
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

const remove = (...words: string[]): Promise<Outcome> =>
  shell.run(['delete', '--host', 'gw1', ...words]);

async function stored(): Promise<string[]> {
  const { stdout } = await shell.run(['get']);
  const [, ...lines] = stdout.trimEnd().split('\n');
  return lines.map((line) => line.split(/\s+/).slice(0, 2).join(' '));
}

const REST = [
  'Connection default/partner-a',
  'Gateway default/edge',
  'Host default/gw1',
  'Secret default/a-psk',
];

async function plannedConnections(): Promise<string[]> {
  const { plan } = JSON.parse(await readFile(shell.file('state/plan.json'), 'utf8')) as {
    plan: { tunnels: { connection: string }[] };
  };
  return plan.tunnels.map(({ connection }) => connection);
}

describe('delete', () => {
  it('removes the named object and no other, and says it first', async () => {
    const { code, stdout, stderr } = await remove('connection', 'partner-c');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^revision \w{12} is in effect/)]);
    expect(stderr).toContain(
      'Connection default/partner-c removed (cut: everything of it is removed)',
    );
    expect(stderr).not.toContain('partner-a removed');
    expect(await stored()).toEqual(REST);
    expect(await plannedConnections()).toEqual(['partner-a']);
  });

  it('removes what files declare, and says what of it is not there', async () => {
    const text = thirdPartner
      .concat(thirdPartner.replace('partner-c', 'partner-d'))
      .replace(/^---\n/, '');
    await writeFile(shell.file('gone.yaml'), text);
    const { code, stderr } = await remove('-f', shell.file('gone.yaml'));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Connection default\/partner-d is not there\n/);
    expect(await stored()).toEqual(REST);
  });

  it('removes everything, the declared Host with it', async () => {
    const { code } = await remove('-f', shell.file('site.yaml'));
    expect([code, await plannedConnections()]).toEqual([0, []]);
    expect((await shell.run(['get', '-o', 'json'])).stdout).toBe('[]\n');
  });

  it('with --dry-run removes nothing, and ends with 3', async () => {
    const { code, stdout } = await remove('connection', 'partner-c', '--dry-run');
    expect([code, stdout]).toEqual([3, expect.stringContaining('default/partner-c removed')]);
    expect(await stored()).toHaveLength(5);
  });

  it('keeps what others still need, and says who does', async () => {
    const { code, stdout, stderr } = await remove('gateway', 'edge');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('Connection default/partner-a spec.gateway: ');
    expect(stderr).toContain('Connection default/partner-c spec.gateway: ');
    expect(await stored()).toHaveLength(5);
  });

  it.each([
    { words: ['connection', 'partner-x'], says: 'did you mean default/partner-a?' },
    { words: ['connection', 'elsewhere'], says: 'is not there; see sallyport get' },
    { words: ['connection', 'partner-a', '-n', 'other'], says: 'did you mean default/partner-a?' },
    { words: ['conection', 'partner-a'], says: 'did you mean "Connection"?' },
    { words: ['connection'], says: 'name an object, for example: connection partner-a' },
    { words: [], says: 'name an object' },
    { words: ['host', 'gw1', '-f', 'x.yaml'], says: 'not by both' },
  ])('calls $words wrong use', async ({ words, says }) => {
    const { code, stdout, stderr } = await remove(...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    expect(await stored()).toHaveLength(5);
  });

  it('removes nothing where a file cannot be read or understood', async () => {
    await writeFile(shell.file('bad.yaml'), 'kind: [');
    const { code, stderr } = await remove('-f', shell.file('bad.yaml'), shell.file('none.yaml'));
    expect(code).toBe(1);
    expect(stderr).toContain('bad.yaml:1:');
    expect(stderr).toContain('none.yaml');
    expect(await stored()).toHaveLength(5);
  });
});
