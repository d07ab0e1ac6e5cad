import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { buildMessage } from '@sallyport/vici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatChange } from '../drivers/driver.ts';
import { FakeCharon } from '../drivers/strongswan/testing/fake-charon.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { revisionOf } from '../plan/plan-host.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { report } from '../status/testing/reports.ts';
import { writePlanFile } from '../store/plan-file.ts';
import { serveControl } from './control.ts';
import { previewChanges } from './preview.ts';
import { FakeSystem } from './testing/fake-system.ts';

const { plan } = planWorld(WORLDS['policies, the best this kernel has'] ?? { text: '' });
const OURS = 'sp.default.partner-a.main';
const { signal } = new AbortController();

let system: FakeSystem;
let charon: FakeCharon;
let agent: Server | undefined;

beforeEach(async () => {
  system = await FakeSystem.start();
  charon = await FakeCharon.listen();
});
afterEach(async () => {
  agent?.close();
  agent = undefined;
  await charon[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

async function preview(trustsAgent = true): Promise<string[]> {
  const { directories } = system;
  const changes = await previewChanges(plan, { directories, trustsAgent }, signal);
  return changes.map((change) => `${change.driver}: ${formatChange(change)}`);
}

/** As in the file of a daemon that runs: this process. */
async function ownPid(): Promise<string> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return JSON.stringify({ pid: process.pid, started });
}

function contentOf({
  revision: _,
  sources: __,
  ...content
}: HostPlan): Parameters<typeof revisionOf>[0] {
  return content;
}

/** An agent that was told to use somebody else's daemon. */
async function startAgent(revisionInEffect?: string): Promise<void> {
  const engines = report.engines.map((engine) => ({
    ...engine,
    external: true,
    socket: charon.socket,
  }));
  const { revisionInEffect: _, ...rest } = report;
  const answer = {
    ...{ ...rest, engines },
    ...(revisionInEffect === undefined ? {} : { revisionInEffect }),
  };
  agent = await serveControl(system.paths.controlSocket, {
    report: () => Promise.resolve(answer),
    last: () => undefined,
    why: () => Promise.reject(new Error('nobody asks')),
    work: () => Promise.reject(new Error('nobody asks')),
  });
}

describe('previewChanges', () => {
  it('adds everything where nothing runs, kernel before daemon', async () => {
    const lines = await preview();
    const drivers = lines.map((line) => line.split(':', 1)[0]);
    expect(drivers).toEqual(drivers.toSorted());
    expect(new Set(drivers)).toEqual(new Set(['kernel', 'strongswan']));
    expect(lines).toContain(`strongswan: add IKE connection ${OURS}`);
  });

  it('looks into the daemon that the agent uses, at nothing but what is ours', async () => {
    const load = (name: string): unknown => charon.connections.set(name, buildMessage({}));
    load('theirs');
    load('sp.default.gone.main');
    await startAgent();
    const lines = (await preview()).filter((line) => line.startsWith('strongswan'));
    expect(lines).toContain(`strongswan: add IKE connection ${OURS}`);
    expect(lines).toContain('strongswan: remove IKE connection sp.default.gone.main');
    expect(lines.join()).not.toContain('theirs');
  });

  it('says that every tunnel is cut where the daemon has to be started anew', async () => {
    const { run } = system.directories;
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'charon.pid'), await ownPid());
    await writeFile(join(run, 'strongswan.conf'), 'of another release');
    const changes = await previewChanges(
      plan,
      { directories: system.directories, trustsAgent: true },
      signal,
    );
    expect(changes.filter(({ impact }) => impact === 'cut').map(formatChange)).toEqual([
      'replace the IKE daemon, which ends every tunnel of this host',
    ]);
  });

  it('starts no daemon anew that no tunnel needs any more', async () => {
    const { run } = system.directories;
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'charon.pid'), await ownPid());
    await writeFile(join(run, 'strongswan.conf'), 'of another release');
    const options = { directories: system.directories, trustsAgent: false };
    const changes = await previewChanges({ ...plan, tunnels: [] }, options, signal);
    expect(changes.filter(({ impact }) => impact === 'cut')).toEqual([]);
  });

  it('looks at each daemon by itself, and says which shard will be ended', async () => {
    const { plan: sharded } = planWorld(WORLDS['two shards beside the host'] ?? { text: '' });
    await mkdir(join(system.paths.shards, 'ike9'), { recursive: true });
    const changes = await previewChanges(
      sharded,
      { directories: system.directories, trustsAgent: true },
      signal,
    );
    const lines = changes.filter(({ driver }) => driver === 'strongswan').map(formatChange);
    for (const { name } of sharded.tunnels) expect(lines).toContain(`add IKE connection ${name}`);
    expect(lines.at(-1)).toBe('remove the IKE daemon, which ends every tunnel of this shard ike9');
  });

  it('looks at nothing that the agent has proven and that stays as it is', async () => {
    const before = { ...plan, tunnels: [] };
    await writePlanFile(system.paths.plan, { ...before, revision: revisionOf(contentOf(before)) });
    charon.connections.set('sp.default.drifted.main', buildMessage({}));
    await startAgent(revisionOf(contentOf(before)));
    expect(await preview()).toEqual([
      `strongswan: add pre-shared key of ${OURS}`,
      `strongswan: add IKE connection ${OURS}`,
    ]);
    const asked = charon.messages.filter(({ command }) => /^list-(conns|sas)$/.test(command));
    expect(asked.map(({ message }) => message)).toEqual([{ ike: OURS }, { ike: OURS }]);
  });

  it('looks at everything for who does not rely on the agent', async () => {
    await writePlanFile(system.paths.plan, plan);
    await startAgent(plan.revision);
    expect(await preview()).toEqual([]);
    expect(await preview(false)).toContain(`strongswan: add IKE connection ${OURS}`);
  });

  it('looks at everything where the agent has proven another plan than the stored one', async () => {
    await writePlanFile(system.paths.plan, plan);
    charon.connections.set('sp.default.gone.main', buildMessage({}));
    await startAgent('another');
    expect(await preview()).toContain('strongswan: remove IKE connection sp.default.gone.main');
  });

  it('changes nothing', async () => {
    await startAgent();
    await preview();
    expect(charon.changes).toEqual([]);
    const calls = (await readFile(system.calls, 'utf8')).trim().split('\n');
    expect(calls.filter((call) => !/ (show|list)|-json /.test(call))).toEqual([]);
  });

  it('fails where the kernel cannot be looked at', async () => {
    await system.program('ip', 'echo "Operation not permitted" >&2; exit 2');
    await expect(preview()).rejects.toThrow('Operation not permitted');
  });

  it('tells what BGP and virtual addresses take, after the tunnels they need', async () => {
    const worlds = [
      'BGP with a data centre and a cloud, another gateway, and nodes',
      'an address that one of two hosts holds',
    ];
    for (const [index, driver] of ['frr', 'keepalived'].entries()) {
      const world = WORLDS[worlds[index] ?? ''];
      const { directories } = system;
      const changes = await previewChanges(
        planWorld(world ?? { text: '' }).plan,
        { directories, trustsAgent: false },
        signal,
      );
      expect(changes.at(-1)?.driver).toBe(driver);
      expect(
        changes.filter((change) => change.driver === driver).map(({ action }) => action),
      ).not.toContain('remove');
    }
  });
});
