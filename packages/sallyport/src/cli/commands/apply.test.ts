import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { twoSites, vary } from '../../model/testing.ts';
import { down, report, up } from '../../status/testing/reports.ts';
import { Shell } from '../testing/run.ts';

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

async function isStored(): Promise<boolean> {
  return readFile(shell.file('state/plan.json')).then(
    () => true,
    () => false,
  );
}

describe('apply', () => {
  it('says what will change and what that means for traffic, does it, and gives the proof', async () => {
    await shell.startAgent(report);
    const { code, stdout, stderr } = await apply();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^revision [0-9a-f]{12} is in effect on gw1, read back/);
    expect(stderr).toContain('Connection default/partner-a added (hot: a new object)\n');
    expect(stderr).toMatch(/^host gw1: \d+ changes; no tunnel loses traffic$/m);
    expect(stderr).toMatch(/^ {2}add route 10\.20\.0\.0\/16 dev sp\w+ table 8300/m);
  });

  it('has said it before it stores anything', async () => {
    await shell.startAgent(report);
    const storedWhenSaid: Promise<boolean>[] = [];
    await shell.run(['apply', '-f', site, '--host', 'gw1'], {
      onOutput: (text) => {
        if (text.includes('host gw1:')) storedWhenSaid.push(isStored());
      },
    });
    expect(await Promise.all(storedWhenSaid)).toEqual([false]);
    expect(await isStored()).toBe(true);
  });

  it('names the fields that changed since, with the class of each change', async () => {
    await shell.startAgent(report);
    await apply();
    await writeFile(site, vary(twoSites, ['crypto: default', 'crypto: cnsa']));
    const { code, stderr } = await apply();
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^Connection default\/partner-a spec\.crypto: default -> cnsa \(roll: /m,
    );
    expect(stderr).not.toContain('added');
  });

  it('with --dry-run says the same, stores nothing, and ends with 3 where something would change', async () => {
    await shell.startAgent(report);
    const dry = await apply('--dry-run');
    expect(dry.code).toBe(3);
    expect(dry.stderr).toMatch(
      /^(warning: Host gw1: this machine does not have the address .*\n)+$/,
    );
    expect(dry.stdout).toMatch(/^host gw1: \d+ changes/m);
    expect(await isStored()).toBe(false);
    expect((await apply()).stderr).toBe(dry.stderr + dry.stdout);
  });

  it('with --dry-run ends with 0 where nothing would change', async () => {
    const host = twoSites.split('---\n')[0] ?? '';
    await writeFile(site, host);
    await shell.startAgent(report);
    await apply();
    const { code, stdout } = await apply('--dry-run');
    expect([code, stdout]).toEqual([0, 'host gw1: nothing to change\n']);
  });

  it.each(['json', 'yaml'] as const)(
    'gives the answer as %s on stdout, and the rest on stderr',
    async (format) => {
      await shell.startAgent(report);
      const { stdout, stderr } = await apply('-o', format);
      const answer: unknown = format === 'json' ? JSON.parse(stdout) : parse(stdout);
      expect(answer).toMatchObject({
        host: 'gw1',
        applied: true,
        inEffect: true,
        asked: [
          { class: 'hot', line: expect.stringContaining('Connection') as string },
          {},
          {},
          {},
        ],
      });
      expect(answer).toHaveProperty('changes.0.line');
      expect(stderr).toContain('host gw1:');
    },
  );

  it('says everything that is wrong at once, and changes nothing', async () => {
    await writeFile(
      site,
      vary(twoSites, ['gateway: edge', 'gateway: egde'], ['secret: a-psk', 'secret: b-psk']),
    );
    const { code, stdout, stderr } = await apply();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/spec\.gateway: .*did you mean "edge"/);
    expect(stderr).toMatch(/b-psk.*did you mean "a-psk"/);
    expect(await isStored()).toBe(false);
  });

  it('needs no key on a host whose tunnels do not use it, such as a node', async () => {
    await writeFile(
      site,
      `${twoSites}---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: node1}
spec: {role: node, addresses: [10.10.0.21]}
`,
    );
    await rm(shell.file('a.psk'));
    await shell.startAgent(report);
    const node = await shell.run(['apply', '-f', site, '--host', 'node1']);
    expect(node).toMatchObject({ code: 0 });
    expect(node.stderr).toMatch(/ warning: Secret default\/a-psk .*whose tunnels use it/);
    const gateway = await apply();
    expect([gateway.code, gateway.stdout]).toEqual([1, '']);
    expect(gateway.stderr).toMatch(/ error: Secret default\/a-psk .*\[secret\/file-missing\]/);
  });

  it('says that the change is stored where no agent runs, and fails', async () => {
    const { code, stdout } = await apply();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^revision \w{12} is stored; no agent runs .* start sallyport agent\n$/);
  });

  it('says what stands in the way where the agent does not get there in time', async () => {
    const { revisionInEffect: _, ...rest } = report;
    const differences = [
      { text: 'kernel: add route 10.20.0.0/16: RTNETLINK answers: no such device' },
    ];
    const problems = [
      {
        code: 'engine/foreign-daemon',
        severity: 'error',
        message: 'another IKE daemon',
        hint: 'stop it',
      },
    ] as const;
    await shell.startAgent({ ...rest, tunnels: [down], differences, problems }, 'nothing');
    const { code, stdout } = await apply('--timeout', '1');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^revision \w{12} is not in effect on gw1:\n/);
    expect(stdout).toContain('another IKE daemon; stop it [engine/foreign-daemon]\n');
    expect(stdout).toContain(differences[0]?.text);
    expect(stdout).toContain(
      `  default/partner-b main: ${down.cause?.message ?? ''}\n    ${down.cause?.hint ?? ''}\n`,
    );
    const json = await apply('--timeout', '1', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ inEffect: false, problems, differences });
  });

  it('takes nothing for a proof that was seen before the change was stored', async () => {
    await shell.startAgent(report, 'old plan');
    expect((await apply('--timeout', '1')).code).toBe(3);
  });

  it('refuses a plan that this host cannot carry out, and stores nothing', async () => {
    await writeFile(shell.file('bin/unshare'), '#!/bin/sh\nexit 1\n');
    await writeFile(site, vary(twoSites, ['  networks:', '  dataPlane: vti\n  networks:']));
    const { code, stdout, stderr } = await apply();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/error: .*data plane/);
    expect(await isStored()).toBe(false);
  });

  it('interrupted while it waits, says that the agent goes on', async () => {
    const { revisionInEffect: _, ...waiting } = report;
    await shell.startAgent(waiting, 'nothing');
    const interrupt = new AbortController();
    const server = shell.run(['apply', '-f', site, '--host', 'gw1'], {
      signal: interrupt.signal,
    });
    await expect.poll(isStored, { timeout: 20_000 }).toBe(true);
    interrupt.abort();
    const { code, stdout, stderr } = await server;
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toContain('interrupted: the change is stored, and the agent goes on with it\n');
  });

  it('does not choose a Host where none is this machine', async () => {
    const { code, stderr } = await shell.run(['apply', '-f', site]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/none of the declared Hosts \(gw1\) .* --host/);
    const other = await shell.run(['apply', '-f', site, '--host', 'gw7']);
    expect([other.code, other.stderr]).toEqual([
      2,
      'sallyport: no Host gw7 is declared; declared are: gw1\n',
    ]);
  });

  it('keeps what was applied before from other files', async () => {
    await shell.startAgent(report);
    const [host = '', ...others] = twoSites.split('---\n');
    await writeFile(site, host);
    await apply();
    await writeFile(site, others.join('---\n'));
    expect((await apply()).code).toBe(0);
    expect((await shell.run(['get'])).stdout.split('\n')).toHaveLength(6);
  });
});

describe('the proof of an apply', () => {
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

  it('gives tunnels that were just made a moment to come up', async () => {
    const { cause: _, ...rest } = down;
    const connecting = { ...rest, state: 'connecting' as const };
    await shell.startAgent({ ...report, tunnels: [connecting] });
    shell.laterTunnels = [{ ...up, name: connecting.name }];
    expect((await apply()).stdout).toMatch(/\ntunnels: 1 up\n$/);
  });

  it('tells why tunnels stay down though what was declared is in effect', async () => {
    await shell.startAgent({ ...report, tunnels: [up, down] });
    const { code, stdout } = await apply();
    expect(code).toBe(0);
    expect(stdout).toContain('tunnels: 1 up, 1 down; see sallyport status\n');
    expect(stdout).toContain(`  default/partner-b main: ${down.cause?.message ?? ''}\n`);
  });

  it('says what is known last where the agent is too busy to tell more', async () => {
    await shell.startAgent(report, 'no time');
    const { code, stdout } = await apply('--timeout', '1');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^revision \w{12} is not in effect on gw1:/);
  });
});
