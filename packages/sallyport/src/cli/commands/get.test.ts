import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { judge, twoSites } from '../../model/testing.ts';
import { certificates, conditions, down, report, up } from '../../status/testing/reports.ts';
import { Shell } from '../testing/run.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

const { hosts, gateways, connections, secrets } = judge(twoSites).objects;
const objects = [
  ...connections.values(),
  ...gateways.values(),
  ...hosts.values(),
  ...secrets.values(),
];

async function store(): Promise<void> {
  const [first, ...others] = objects;
  // One of them in another namespace, with a name that is there twice.
  const elsewhere = { ...first, metadata: { namespace: 'lab', name: 'partner-a', generation: 4 } };
  await mkdir(shell.file('state'));
  await writeFile(
    shell.file('state/objects.json'),
    JSON.stringify(
      [first, elsewhere, ...others].map((object) => ({ file: '/etc/site.yaml', object })),
    ),
  );
}

describe('get', () => {
  it('shows nothing before anything was applied, and says so', async () => {
    expect(await shell.run(['get'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no such declaration is in effect\n',
    });
    expect((await shell.run(['get', '-o', 'json'])).stdout).toBe('[]\n');
  });

  it('lists what is stored, one line each', async () => {
    await store();
    expect(await shell.run(['get'])).toEqual({
      code: 0,
      stdout: [
        'Connection   default/partner-a  generation 1',
        'Connection   lab/partner-a      generation 4',
        'Gateway      default/edge       generation 1',
        'Host         default/gw1        generation 1',
        'Secret       default/a-psk      generation 1',
        '',
      ].join('\n'),
      stderr: 'no agent runs on this host: what is in effect is not known\n',
    });
  });

  it('shows what is in effect of each, where an agent tells', async () => {
    await store();
    await shell.startAgent(report);
    const { stdout, stderr } = await shell.run(['get']);
    expect(stderr).toBe('');
    expect(stdout).toBe(
      [
        'KIND        NAME               GENERATION  ACCEPTED  PROGRAMMED         ESTABLISHED         HEALTHY',
        'Connection  default/partner-a  1           True      True               False (Connecting)  Unknown (NoTraffic)',
        'Connection  lab/partner-a      4           True      Unknown (NotUsed)  Unknown (NotUsed)   Unknown (NotUsed)',
        'Gateway     default/edge       1           True      Unknown (NotUsed)  Unknown (NotUsed)   -',
        'Host        default/gw1        1           True      Unknown (NotUsed)  Unknown (NotUsed)   -',
        'Secret      default/a-psk      1           True      Unknown (NotUsed)  -                   -',
        '',
      ].join('\n'),
    );
    const json = await shell.run(['get', 'connection', 'partner-a', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual([{ ...objects[0], status: { conditions } }]);
  });

  it.each([
    { words: ['connections'], lines: ['default/partner-a', 'lab/partner-a'] },
    { words: ['-n', 'lab'], lines: ['lab/partner-a'] },
    { words: ['connection', '-n', 'default'], lines: ['default/partner-a'] },
    { words: ['connection', 'partner-a'], lines: ['default/partner-a'] },
    { words: ['connection', 'partner-a', '-n', 'lab'], lines: ['lab/partner-a'] },
    { words: ['connection', 'lab/partner-a'], lines: ['lab/partner-a'] },
    { words: ['GATEWAYS'], lines: ['default/edge'] },
    { words: ['Host', 'gw1'], lines: ['default/gw1'] },
    { words: ['cryptopolicies'], lines: [] },
  ])('lists for $words just $lines', async ({ words, lines }) => {
    await store();
    const { code, stdout } = await shell.run(['get', ...words]);
    expect(code).toBe(0);
    expect([...stdout.matchAll(/(?<= )\S+\/\S+/g)].map(([name]) => name)).toEqual(lines);
  });

  it('gives the objects themselves as json and yaml', async () => {
    await store();
    const json: unknown = JSON.parse((await shell.run(['get', 'hosts', '-o', 'json'])).stdout);
    expect(json).toEqual([...hosts.values()]);
    expect(parse((await shell.run(['get', 'hosts', '-o', 'yaml'])).stdout)).toEqual(json);
  });

  it.each([
    { words: ['connection', 'patner-a'], hint: 'did you mean default/partner-a?' },
    { words: ['gateway', 'edge', '-n', 'lab'], hint: 'did you mean default/edge?' },
    { words: ['gateway', 'partner-a'], hint: 'see sallyport get' },
  ])('does not find $words, and names what is near', async ({ words, hint }) => {
    await store();
    const { code, stdout, stderr } = await shell.run(['get', ...words]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^sallyport: \w+ \w+\/\S+ is not there; /);
    expect(stderr).toContain(hint);
  });

  it('refuses a damaged store instead of taking it for empty', async () => {
    await mkdir(shell.file('state'));
    await writeFile(shell.file('state/objects.json'), '[{"file"');
    const { code, stdout, stderr } = await shell.run(['get']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^sallyport: /);
  });
});

describe('describe', () => {
  it('shows a declaration, and what is really there of it', async () => {
    await store();
    await shell.startAgent(report);
    const { code, stdout, stderr } = await shell.run(['describe', 'connection', 'partner-a']);
    expect([code, stderr]).toEqual([0, '']);
    const [declaration = '', state = ''] = stdout.split('---\n');
    expect(parse(declaration)).toEqual(objects[0]);
    expect(state).toMatch(/^conditions\n {2}Accepted +True +Accepted, generation 1, for .*: valid/);
    expect(state).toMatch(/\n\nhost gw1: .*\n\ndefault\/partner-a main: up since/);
    expect(state).not.toContain('partner-b');
  });

  it('does not mix connections of one name in two namespaces', async () => {
    await store();
    await shell.startAgent({
      ...report,
      tunnels: [up, { ...down, connection: 'partner-a', namespace: 'lab' }],
    });
    const { stdout } = await shell.run(['describe', 'connection', 'lab/partner-a']);
    expect(stdout).toContain('lab/partner-a main: DOWN');
    expect(stdout).not.toContain('default/partner-a main');
  });

  it('says that nobody knows what is there where no agent runs', async () => {
    await store();
    const { code, stdout, stderr } = await shell.run(['describe', 'connection', 'partner-a']);
    expect([code, stderr]).toEqual([
      0,
      'no agent runs on this host: what is in effect is not known\n',
    ]);
    expect(parse(stdout)).toEqual(objects[0]);
  });

  it('gives declaration and tunnels as data', async () => {
    await store();
    await shell.startAgent(report);
    const words = ['describe', 'connection', 'partner-a', '-o'];
    const json: unknown = JSON.parse((await shell.run([...words, 'json'])).stdout);
    expect(json).toEqual({ ...objects[0], status: { conditions, tunnels: [up] } });
    expect(parse((await shell.run([...words, 'yaml'])).stdout)).toEqual(json);
  });

  it('shows of other kinds what is declared, and its conditions', async () => {
    await store();
    await shell.startAgent(report);
    const { stdout, stderr } = await shell.run(['describe', 'host', 'gw1']);
    const [declaration = '', state] = stdout.split('---\n');
    expect([parse(declaration), stderr]).toEqual([[...hosts.values()][0], '']);
    expect(state).toMatch(/^conditions\n( {2}\S.*\n){3}$/);
  });

  it('shows of a Secret the certificate that was read back', async () => {
    await store();
    const tunnel = { ...up, certificates: { ...certificates, secret: 'a-psk' } };
    await shell.startAgent({ ...report, tunnels: [tunnel] });
    const words = ['describe', 'secret', 'a-psk'];
    const { stdout } = await shell.run(words);
    const [, state = ''] = stdout.split('---\n');
    const held: unknown = parse(state.slice(state.indexOf('\n\n')));
    expect(held).toEqual({ 'read back from the daemon': certificates.local });
    const json: unknown = JSON.parse((await shell.run([...words, '-o', 'json'])).stdout);
    expect(json).toMatchObject({ status: { certificate: certificates.local } });
  });

  it('names the nearest where there is no such object', async () => {
    await store();
    const { code, stderr } = await shell.run(['describe', 'connection', 'partner-b']);
    expect([code, stderr]).toEqual([
      2,
      'sallyport: Connection default/partner-b is not there; did you mean default/partner-a?\n',
    ]);
  });
});
