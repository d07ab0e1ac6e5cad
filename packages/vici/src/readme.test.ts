// Runs every example of the README in a process of its own against a fake daemon and compares what it
// prints with the block below it.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { charonEvents, FakeDaemon } from './testing.ts';

const run = promisify(execFile);
const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n(?<code>.*?)```\n\n```text\n(?<output>.*?)```/gs)].map(
  ({ groups }) => ({ code: groups?.['code'] ?? '', output: groups?.['output'] ?? '' }),
);

let directory: string;
let daemon: FakeDaemon;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vici-readme-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  daemon = await FakeDaemon.listen({ events: [...charonEvents, 'alert'] });
  daemon
    .on('version', () => ({ daemon: 'charon-systemd', version: '6.0.3' }))
    .onList('list-sas', 'list-sa', () => [
      {
        berlin: {
          uniqueid: 1,
          state: 'ESTABLISHED',
          'remote-host': '198.51.100.7',
          'child-sas': {
            'lan-2': { name: 'lan', state: 'INSTALLED', 'bytes-in': 1200, 'bytes-out': 3400 },
          },
        },
      },
    ])
    .on('load-shared', () => ({ success: true }))
    .on('load-conn', () => ({ success: true }))
    .on('initiate', (message) => {
      const child = message.text('child') ?? '';
      const timeout = message.text('timeout') ?? '';
      throw new Error(`CHILD_SA '${child}' not established after ${timeout}ms`);
    });
});
afterEach(async () => {
  await daemon.close();
});

describe('the README', () => {
  test('has an output below every example', () => {
    expect(examples).toHaveLength([...readme.matchAll(/^```ts$/gm)].length);
    expect(examples.length).toBeGreaterThan(3);
  });

  test.each(examples.map(({ code, output }, index) => [index + 1, code, output] as const))(
    'example %i prints what it says',
    async (index, code, output) => {
      const file = join(directory, `example-${String(index)}.ts`);
      await writeFile(
        file,
        code
          .replaceAll(`'@sallyport/vici'`, `'${new URL('index.ts', import.meta.url).href}'`)
          .replaceAll(
            `'@sallyport/vici/testing'`,
            `'${new URL('testing.ts', import.meta.url).href}'`,
          )
          .replaceAll('/var/run/charon.vici', daemon.socket),
      );
      void daemon
        .until(() => daemon.registrations('child-updown') > 0)
        .then(() => {
          daemon.emit('ike-updown', { up: true, berlin: { uniqueid: 1, state: 'ESTABLISHED' } });
        });
      const { stdout } = await run(process.execPath, [file], {
        env: { ...process.env, LC_ALL: 'C' },
      });
      expect(stdout).toBe(output);
      expect(daemon.ignored).toEqual([]);
    },
  );
});
