import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { revisionOf } from '../plan/plan-host.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { readPlanFile, writePlanFile } from '../store/plan-file.ts';
import { PlanSource } from './plan-source.ts';

const { plan } = planWorld(WORLDS['dual-stack inside, IPv4 outside'] ?? { text: '' });
const { plan: other } = planWorld(WORLDS['VTI, pinned'] ?? { text: '' });
const { plan: empty } = planWorld(WORLDS['nothing to carry'] ?? { text: '' });

let directory: string;
let path: string;
let copy: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plan-source-'));
  path = join(directory, 'plan.json');
  copy = join(directory, 'agent', 'plan.json');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('PlanSource', () => {
  it('has no plan before the first one, and says what to do', async () => {
    const { plan: none, problem } = await new PlanSource(path, copy).read();
    expect(none).toBeUndefined();
    expect(problem?.code).toBe('agent/no-plan');
    expect(problem?.hint).toContain('sallyport apply');
  });

  it('keeps the very objects of tunnels that another plan leaves as they are', async () => {
    const [tunnel] = plan.tunnels;
    await writePlanFile(path, plan);
    const source = new PlanSource(path, copy);
    const first = await source.read();
    const { revision: _, sources, ...content } = { ...plan, driftPolicy: 'report' as const };
    await writePlanFile(path, { ...content, sources, revision: revisionOf(content) });
    const second = await source.read();
    expect(second.plan?.driftPolicy).toBe('report');
    expect(second.plan?.tunnels[0]).toEqual(tunnel);
    expect(second.plan?.tunnels[0]).toBe(first.plan?.tunnels[0]);
  });

  it.each<{ what: string; content: (text: string) => string | undefined }>([
    { what: 'is gone', content: () => undefined },
    { what: 'is empty', content: () => '' },
    { what: 'is cut short', content: (text) => text.slice(0, 100) },
    { what: 'is another JSON', content: () => '[1]' },
    { what: 'is of another version', content: (text) => text.replace('v1alpha1', 'v9') },
    { what: 'has damaged sources', content: (text) => text.replace('"generation":1', '"x":1') },
    { what: 'has one changed byte', content: (text) => text.replace('10.20.0.0', '10.21.0.0') },
    {
      what: 'has suddenly no tunnel',
      content: () => JSON.stringify({ plan: empty }),
    },
  ])('keeps the last good plan, also over a restart, where the file $what', async ({ content }) => {
    await writePlanFile(path, plan);
    const source = new PlanSource(path, copy);
    expect(await source.read()).toEqual({ plan });
    const broken = content(await readFile(path, 'utf8'));
    if (broken === undefined) await rm(path);
    else await writeFile(path, broken);
    for (const reader of [source, source, new PlanSource(path, copy)]) {
      const { plan: kept, problem } = await reader.read();
      expect(kept?.revision).toBe(plan.revision);
      expect(problem).toMatchObject({ code: 'agent/plan-refused', severity: 'warning' });
    }
  });

  it('gives the very same plan until the file changes, and again after a fault', async () => {
    await writePlanFile(path, plan);
    const source = new PlanSource(path, copy);
    const { plan: first } = await source.read();
    expect((await source.read()).plan).toBe(first);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.slice(0, -9));
    expect((await source.read()).problem?.code).toBe('agent/plan-refused');
    await writeFile(path, text);
    expect(await source.read()).toEqual({ plan });
    await writePlanFile(path, other);
    expect((await source.read()).plan).toEqual(other);
  });

  it('gives a later generation of the same plan', async () => {
    await writePlanFile(path, plan);
    const source = new PlanSource(path, copy);
    await source.read();
    const sources = plan.sources.map((object) => ({ ...object, generation: 7 }));
    await writePlanFile(path, { ...plan, sources });
    expect((await source.read()).plan?.sources).toEqual(sources);
  });

  it('obeys a plan without tunnels that somebody asked for', async () => {
    await writePlanFile(path, plan);
    const source = new PlanSource(path, copy);
    await source.read();
    await writePlanFile(path, empty);
    expect(await source.read()).toEqual({ plan: empty });
  });

  it('obeys a plan whose copy cannot be kept, and says so', async () => {
    await writePlanFile(path, plan);
    // A file where the directory of the copy should be: nobody can write there, not even root.
    await writeFile(join(directory, 'agent'), '');
    const source = new PlanSource(path, copy);
    const { plan: obeyed, problem } = await source.read();
    expect(obeyed?.revision).toBe(plan.revision);
    expect(problem?.code).toBe('agent/copy-not-kept');
    // As long as it is so, and no longer.
    expect((await source.read()).problem?.code).toBe('agent/copy-not-kept');
    await rm(join(directory, 'agent'));
    expect(await source.read()).toEqual({ plan });
    expect((await readPlanFile(copy))?.revision).toBe(plan.revision);
  });

  it('notices that the file was replaced', async () => {
    const source = new PlanSource(path, copy);
    const changed = Promise.withResolvers<undefined>();
    const watcher = await source.watch(() => {
      changed.resolve(undefined);
    });
    await writePlanFile(path, other);
    await changed.promise;
    watcher.close();
    expect((await source.read()).plan?.revision).toBe(other.revision);
  });
});
