/** What the driver does without a keepalived, and to what one has left. With one: `lab/cases/vrrp.lab.ts`. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandRunner } from '../../platform/linux/command.ts';
import { KeepalivedDriver } from './driver.ts';
import { UNPROVEN } from './report.ts';
import { V4, V6 } from './testing/routers.ts';

const { signal } = new AbortController();

let directory: string;
/** Addresses of eth0, one list for each look; the last one stays. */
let looks: string[][];
let lines: string[];

const commands: CommandRunner = {
  run: (file, args) => {
    const line = [file, ...args].join(' ');
    const answer = (stdout: string, code = 0) => Promise.resolve({ code, stdout, stderr: '' });
    if (file === 'systemctl' || line.startsWith('nft -j')) return answer('', 1);
    if (line !== 'ip -json address show') {
      lines.push(line);
      return answer('');
    }
    const [addresses = []] = looks.length > 1 ? looks.splice(0, 1) : looks;
    const addr_info = addresses.map((local) => ({ local }));
    return answer(JSON.stringify([{ ifname: 'eth0', flags: ['UP', 'LOWER_UP'], addr_info }]));
  },
};

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'keepalived-')), 'keepalived');
  looks = [['10.9.0.1', 'fd09::1']];
  lines = [];
});

afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true });
});

function newDriver(): KeepalivedDriver {
  return new KeepalivedDriver({ directory, commands });
}

function usabilityFile(): Promise<string> {
  return readFile(join(directory, 'usability', V4.name), 'utf8');
}

describe('names', () => {
  it.each(['a"b', 'a b', '../a', 'a\n', '$A', 'a{'])(
    'that keepalived would misread, as %j, are refused',
    (name) => {
      const problems = newDriver().check([{ ...V4, name }, V6]);
      expect(problems.map(({ code, value }) => [code, value])).toEqual([['keepalived/name', name]]);
    },
  );

  it('of plans are taken', () => {
    expect(newDriver().check([V4, { ...V6, interface: 'bond0.7' }])).toEqual([]);
  });
});

describe('addresses', () => {
  it('are held that are here, and of a virtual router', async () => {
    looks = [['10.9.0.1', '10.9.0.254', 'fd09::fe']];
    expect(await newDriver().held([V4, V6], signal)).toEqual(['10.9.0.254', 'fd09::fe']);
    expect(await newDriver().held([V6], signal)).toEqual(['fd09::fe']);
  });
});

describe('how fit the host is', () => {
  it('is told at once where it does not hold the addresses', async () => {
    const driver = newDriver();
    await driver.setUsability(V4, 'usable', 'proven', signal);
    expect(await usabilityFile()).toBe('0\n');
    await driver.setUsability(V4, 'last-resort', 'in doubt', signal);
    expect(await usabilityFile()).toBe('-100\n');
  });

  it('is told to a holder in doubt once it has given up the addresses', async () => {
    const driver = newDriver();
    await driver.setUsability(V4, 'usable', 'proven', signal);
    const told: string[] = [];
    const holding = ['10.9.0.1', '10.9.0.254'];
    looks = [holding, holding, ['10.9.0.1']];
    const run = commands.run.bind(commands);
    const watching: CommandRunner = {
      run: async (...args) => {
        told.push(await usabilityFile());
        return run(...args);
      },
    };
    await new KeepalivedDriver({ directory, commands: watching }).setUsability(
      V4,
      'last-resort',
      'in doubt',
      signal,
    );
    expect(told.filter((text, index) => told[index - 1] !== text)).toEqual(['0\n', '-254\n']);
    expect(await usabilityFile()).toBe('-100\n');
  });

  it('is nothing while the host has no address to speak with', async () => {
    looks = [['10.9.0.7']];
    await newDriver().setUsability(V4, 'usable', 'proven', signal);
    expect(await usabilityFile()).toBe('-254\n');
  });
});

describe('without a keepalived', () => {
  it('everything is still to be told', async () => {
    const driver = newDriver();
    const changes = driver.diff(await driver.observe(signal), [V4, V6]);
    expect(changes.map(({ action }) => action)).toEqual(['add', 'add', 'add']);
    expect(await driver.apply([], signal)).toEqual({ done: [], failed: [] });
  });

  it('routers are stopped, and no fitness is assumed', async () => {
    const { routers, problems } = await newDriver().report([V4], signal);
    expect(routers).toMatchObject([{ state: 'stopped', held: [] }]);
    expect(problems).toEqual([]);
    expect(UNPROVEN.usability).toBe('last-resort');
  });

  it('what one that was killed has left is removed, and nothing else', async () => {
    const driver = newDriver();
    await driver.setUsability(V4, 'usable', 'proven', signal);
    const memory = JSON.stringify({ routers: [V4, V6], config: '' });
    await writeFile(join(directory, 'loaded.json'), memory);
    looks = [['10.9.0.1', '10.9.0.254', '10.9.0.253', 'fd09::fe', 'fe80::1']];
    const changes = driver.diff(await driver.observe(signal), []);
    expect((await driver.apply(changes, signal)).failed).toEqual([]);
    expect(lines).toEqual([
      'ip address delete 10.9.0.254/32 dev eth0',
      'ip address delete fd09::fe/128 dev eth0',
    ]);
    expect(await readdir(join(directory, '..'))).toEqual([]);
  });

  it.each(['', '{', '{"routers":[{}],"config":""}', '{"routers":{},"config":1}', '3'])(
    'a memory that holds %j is none',
    async (text) => {
      const driver = newDriver();
      await driver.setUsability(V4, 'usable', 'proven', signal);
      await writeFile(join(directory, 'loaded.json'), text);
      expect((await driver.observe(signal)).memory).toEqual({ routers: [], config: '' });
    },
  );
});
