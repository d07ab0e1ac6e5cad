import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostPlan } from '../plan/host-plan.ts';
import { revisionOf } from '../plan/plan-host.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { PlanRefusedError, readPlanFile, writePlanFile } from './plan-file.ts';

const { plan } = planWorld(WORLDS['dual-stack inside, IPv4 outside'] ?? { text: '' });
const { plan: empty } = planWorld(WORLDS['nothing to carry'] ?? { text: '' });

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plan-file-'));
  path = join(directory, 'plan.json');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** A plan whose revision is right, whatever else is not. */
function sealed(change: Record<string, unknown>): string {
  const { revision: _, sources, ...content } = { ...plan, ...change } as HostPlan;
  return JSON.stringify({ plan: { ...content, sources, revision: revisionOf(content) } });
}

describe('the plan file', () => {
  it('gives back the plan that was written', async () => {
    await writePlanFile(path, plan);
    expect(await readPlanFile(path)).toEqual(plan);
  });

  it('says that a plan without tunnels is meant, and only then', async () => {
    await writePlanFile(path, empty);
    expect(JSON.parse(await readFile(path, 'utf8'))).toHaveProperty('removal', 'explicit');
    expect(await readPlanFile(path)).toEqual(empty);
    await writePlanFile(path, plan);
    expect(JSON.parse(await readFile(path, 'utf8'))).not.toHaveProperty('removal');
  });

  it('is no fault where there is none yet', async () => {
    expect(await readPlanFile(path)).toBeUndefined();
  });

  it.each<{ what: string; content: string; reason: string }>([
    { what: 'no text', content: '', reason: 'Unexpected end of JSON input' },
    { what: 'binary', content: '\u0000\uFFFD', reason: 'not valid JSON' },
    { what: 'null', content: 'null', reason: 'is not an object' },
    { what: 'a number', content: '7', reason: 'is not an object' },
    { what: 'a list', content: '[]', reason: 'is not a host plan of this version' },
    { what: 'no plan', content: '{}', reason: 'is not a host plan of this version' },
    {
      what: 'a plan that is null',
      content: '{"plan":null}',
      reason: 'is not a host plan of this version',
    },
    {
      what: 'a plan of a later version',
      content: sealed({ format: 'sallyport.dev/host-plan/v2' }),
      reason: 'is not a host plan of this version',
    },
    {
      what: 'a plan that was changed by hand',
      content: JSON.stringify({ plan: { ...plan, host: 'gw2' } }),
      reason: 'does not match its own revision',
    },
    {
      what: 'no sources',
      content: sealed({ sources: undefined }),
      reason: 'does not match its own revision',
    },
    {
      what: 'tunnels that are no list',
      content: sealed({ tunnels: { length: 1 } }),
      reason: 'has no list of tunnels',
    },
    {
      what: 'no tunnel, and nobody who asked for that',
      content: JSON.stringify({ plan: empty }),
      reason: 'is empty without an explicit removal',
    },
    {
      what: 'no tunnel, and a removal in other words',
      content: JSON.stringify({ plan: empty, removal: true }),
      reason: 'is empty without an explicit removal',
    },
  ])('with $what is refused, named with its reason', async ({ content, reason }) => {
    await writeFile(path, content);
    const error = await readPlanFile(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PlanRefusedError);
    const { message } = error as PlanRefusedError;
    expect(message).toContain(reason);
    expect(message.startsWith(`${path}: `)).toBe(true);
    expect(message.endsWith('the last good plan stays in effect')).toBe(true);
  });

  it('does not mind which objects a plan stands for', async () => {
    await writeFile(path, JSON.stringify({ plan: { ...plan, sources: [] } }));
    expect((await readPlanFile(path))?.revision).toBe(plan.revision);
  });
});
