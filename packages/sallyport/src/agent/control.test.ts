import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toAgentState } from '../status/agent-state.ts';
import { explanation } from '../status/testing/explanations.ts';
import { report } from '../status/testing/reports.ts';
import {
  askLook,
  askReport,
  askState,
  askWhy,
  parseReport,
  parseWhyRequest,
  serveControl,
} from './control.ts';
import { type Extent, UNTOLD } from './extent.ts';

const last = (): undefined => undefined;
const { signal: never } = new AbortController();
const why = () => Promise.resolve(explanation);
const work = () => Promise.resolve(report);

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'control-'));
  path = join(directory, 'agent.sock');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('the control socket', () => {
  it('answers with a fresh report, many at once', async () => {
    let looks = 0;
    const server = await serveControl(path, {
      report: () => {
        looks += 1;
        return Promise.resolve(report);
      },
      last,
      why,
      work,
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => askReport(path)));
    expect(answers).toEqual(Array.from({ length: 20 }, () => report));
    expect(looks).toBe(20);
    server.close();
  });

  it('takes the place of a dead agent’s socket', async () => {
    await writeFile(path, '');
    const server = await serveControl(path, {
      report: () => Promise.resolve(report),
      last,
      why,
      work,
    });
    expect(await askReport(path)).toEqual(report);
    server.close();
  });

  it('survives nonsense, and clients that go away', async () => {
    const server = await serveControl(path, {
      report: () => Promise.resolve(report),
      last,
      why,
      work,
    });
    const nonsense = connect(path);
    nonsense.write('\u0000\uffff{}\n');
    expect(await text(nonsense)).toMatch(/unknown request/);
    connect(path).destroy();
    expect(await askReport(path)).toEqual(report);
    server.close();
  });

  it('takes a request in pieces, and one that a person typed', async () => {
    const server = await serveControl(path, {
      report: () => Promise.resolve(report),
      last,
      why,
      work,
    });
    const slow = connect(path);
    slow.write('rep');
    await askReport(path);
    slow.write('ort\r\nand more\n');
    expect(parseReport(await text(slow))).toEqual(report);
    server.close();
  });

  it('keeps nothing of a request without an end', async () => {
    const server = await serveControl(path, {
      report: () => Promise.resolve(report),
      last,
      why,
      work,
    });
    const endless = connect(path);
    endless.write('x'.repeat(1_000_000));
    expect(await text(endless)).toMatch(/unknown request/);
    server.close();
  });

  it('lets go of clients that never ask, when it ends', async () => {
    const server = await serveControl(path, {
      report: () => Promise.resolve(report),
      last,
      why,
      work,
    });
    const silent = connect(path);
    const gone = once(silent, 'close');
    await once(silent, 'connect');
    await askReport(path);
    server.close();
    silent.resume();
    await gone;
  });

  it('does not begin where its socket cannot be', async () => {
    const nowhere = join(directory, 'nothing', 'agent.sock');
    await expect(
      serveControl(nowhere, { report: () => Promise.resolve(report), last, why, work }),
    ).rejects.toThrow('EACCES');
  });

  it('says what went wrong; what was found last is nothing then, either', async () => {
    const server = await serveControl(path, {
      report: () => Promise.reject(new Error('ending')),
      last,
      why,
      work,
    });
    await expect(askReport(path)).rejects.toThrow('the agent answers: ending');
    await expect(askLook(path, 10_000, never)).rejects.toThrow('the agent answers: ending');
    expect(await askState(path)).toBeUndefined();
    server.close();
  });

  it('is silent where no agent runs', async () => {
    expect(await askReport(path)).toBeUndefined();
  });
});

describe('asked for its state', () => {
  it('tells of the last round, without a new one', async () => {
    const server = await serveControl(path, {
      report: () => Promise.reject(new Error('nobody looks')),
      last: () => report,
      why,
      work,
    });
    expect(await askState(path)).toEqual(toAgentState(report));
    server.close();
    expect(await askState(path)).toBeUndefined();
  });

  it('looks where nothing has been seen yet', async () => {
    const server = await serveControl(path, {
      report: () => Promise.resolve(report),
      last,
      why,
      work,
    });
    expect(await askState(path)).toEqual(toAgentState(report));
    server.close();
  });
});

describe('asked for a look', () => {
  it('tells in few words what it sees now, not what it saw', async () => {
    const now = { ...report, observedAt: '2026-06-01T11:00:00.000Z' };
    const extents: Extent[] = [];
    const server = await serveControl(path, {
      report: (extent) => {
        extents.push(extent);
        return Promise.resolve(now);
      },
      last: () => report,
      why,
      work,
    });
    expect(await askLook(path, 10_000, never)).toEqual(toAgentState(now));
    // What changes nothing of a thousand SAs need not list them.
    expect(extents).toEqual([UNTOLD]);
    server.close();
    expect(await askLook(path, 10_000, never)).toBeUndefined();
  });

  it('is asked no longer than it may take', async () => {
    const silent = () => new Promise<never>(() => undefined);
    const server = await serveControl(path, { report: silent, last, why, work });
    expect(await askLook(path, 10, never)).toBeUndefined();
    expect(await askLook(path, 60_000, AbortSignal.abort())).toBeUndefined();
    server.close();
  });
});

describe('asked why', () => {
  const request = { namespace: 'default', connection: 'partner-a' };

  it('explains the connection, and passes on the target', async () => {
    const asked: unknown[] = [];
    const server = await serveControl(path, {
      report: () => Promise.resolve(report),
      last,
      work,
      why: (parsed) => {
        asked.push(parsed);
        return why();
      },
    });
    expect(await askWhy(path, request)).toEqual(explanation);
    expect(await askWhy(path, { ...request, target: 'fd02::1' })).toEqual(explanation);
    expect(asked).toEqual([request, { ...request, target: 'fd02::1' }]);
    server.close();
  });

  it('says what it could not do, and nothing where nobody is', async () => {
    expect(await askWhy(path, request)).toBeUndefined();
    const server = await serveControl(path, {
      report: () => Promise.resolve(report),
      last,
      work,
      why: () => Promise.reject(new Error('ip: not found')),
    });
    await expect(askWhy(path, request)).rejects.toThrow('the agent answers: ip: not found');
    server.close();
  });

  it('takes an answer of another version for none', async () => {
    const server = await serveControl(path, {
      report: () => Promise.resolve(report),
      last,
      work,
      why: () => Promise.resolve({ ...explanation, format: 'other' as never }),
    });
    expect(await askWhy(path, request)).toBeUndefined();
    server.close();
  });

  it.each([
    'why',
    'why ',
    'why partner-a',
    'why default/partner-a/main',
    'why default/Partner_A',
    'why /partner-a',
    'why default/',
    'why default/partner-a ',
    'why default/partner-a somewhere',
    'why default/partner-a 10.2.0.0/24',
    'why default/partner-a 10.2.0.1 10.2.0.2',
    'why  default/partner-a',
    'Why default/partner-a',
    'why default/partner-a -c',
  ])('does not understand "%s"', (line) => {
    expect(parseWhyRequest(line)).toBeUndefined();
  });
});

describe('parseReport', () => {
  it.each(['', 'null', '{}', '{"format":"sallyport.dev/host-report/v9"}', '[', '3'])(
    'takes "%s" for no report',
    (line) => {
      expect(parseReport(line)).toBeUndefined();
    },
  );
});
