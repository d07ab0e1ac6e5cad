/** With a directory in the place of /proc/sys. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSysctlKey, SysctlFiles } from './sysctl-files.ts';

const IPV4 = 'net/ipv4/ip_forward';
const IPV6 = 'net/ipv6/conf/all/forwarding';
const OF_OURS = 'net/ipv4/conf/sp1/rp_filter';

let directory: string;
let memoryFile: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sysctl-'));
  memoryFile = join(directory, 'state', 'sysctls.json');
  await set(IPV4, '0');
  await set(IPV6, '0');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** As an agent has it that was just started. */
const files = (): SysctlFiles => new SysctlFiles(memoryFile, join(directory, 'sys'));
const valueOf = (key: string): Promise<string> => readFile(join(directory, 'sys', key), 'utf8');

/** By somebody else; the kernel shows values with a line break. */
async function set(key: string, value: string): Promise<void> {
  const path = join(directory, 'sys', key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${value}\n`);
}

describe('read', () => {
  it('finds shared keys and those of our interfaces, and leaves out what is not there', async () => {
    await set(OF_OURS, '2');
    await set('net/ipv4/conf/eth0/rp_filter', '1');
    await rm(join(directory, 'sys', IPV6));
    expect([...(await files().read(['sp1', 'sp2']))]).toEqual([
      [IPV4, '0'],
      [OF_OURS, '2'],
    ]);
  });
});

describe('what a shared sysctl was', () => {
  it('is put back, also by an agent that was started since', async () => {
    await files().write({ key: IPV4, value: '1' });
    expect(await valueOf(IPV4)).toBe('1');
    await files().restore();
    expect(await valueOf(IPV4)).toBe('0');
  });

  it('is remembered from before the first change, not from before the last one', async () => {
    await set(IPV4, '2');
    await files().write({ key: IPV4, value: '1' });
    await set(IPV4, '0');
    await files().write({ key: IPV4, value: '1' });
    await files().restore();
    expect(await valueOf(IPV4)).toBe('2');
  });

  it('is remembered for each of them', async () => {
    await files().write({ key: IPV4, value: '1' });
    await files().write({ key: IPV6, value: '1' });
    await files().restore();
    expect([await valueOf(IPV4), await valueOf(IPV6)]).toEqual(['0', '0']);
  });

  it('stays where it was ours to begin with', async () => {
    await set(IPV4, '1');
    await files().write({ key: IPV4, value: '1' });
    await files().restore();
    expect((await valueOf(IPV4)).trim()).toBe('1');
  });

  it('is not put over what somebody else set since then', async () => {
    await files().write({ key: IPV6, value: '1' });
    await set(IPV6, '2');
    await files().restore();
    expect((await valueOf(IPV6)).trim()).toBe('2');
  });

  it('is put back once: afterwards it is no more ours', async () => {
    await files().write({ key: IPV4, value: '1' });
    await files().restore();
    await set(IPV4, '1');
    await files().restore();
    expect((await valueOf(IPV4)).trim()).toBe('1');
  });

  it('survives a crash between remembering and changing', async () => {
    await files().write({ key: IPV4, value: '1' });
    // As if the change had not come about any more.
    await set(IPV4, '0');
    await files().write({ key: IPV4, value: '1' });
    expect(await valueOf(IPV4)).toBe('1');
    await files().restore();
    expect(await valueOf(IPV4)).toBe('0');
  });

  it('is not lost: what cannot be remembered is not changed', async () => {
    await writeFile(dirname(memoryFile), 'in the way of the directory');
    await expect(files().write({ key: IPV4, value: '1' })).rejects.toThrow(memoryFile);
    expect((await valueOf(IPV4)).trim()).toBe('0');
  });

  it('is not guessed where the memory is damaged', async () => {
    await mkdir(dirname(memoryFile));
    await writeFile(memoryFile, '{"net');
    const fault = `former values in ${memoryFile} cannot be read`;
    await expect(files().write({ key: IPV4, value: '1' })).rejects.toThrow(fault);
    await expect(files().restore()).rejects.toThrow(fault);
    expect((await valueOf(IPV4)).trim()).toBe('0');
    expect(await readFile(memoryFile, 'utf8')).toBe('{"net');
  });

  it('is put back for the others where one fails, and tried again later', async () => {
    await files().write({ key: IPV6, value: '1' });
    // A file that nobody may write, not even root, stands for the first one.
    await rm(join(directory, 'sys', IPV4));
    await symlink('/proc/sys/kernel/ostype', join(directory, 'sys', IPV4));
    const both = { [IPV4]: { before: '0', ours: 'Linux' }, [IPV6]: { before: '0', ours: '1' } };
    await writeFile(memoryFile, JSON.stringify(both));
    await expect(files().restore()).rejects.toThrow(IPV4);
    expect(await valueOf(IPV6)).toBe('0');
    expect(JSON.parse(await readFile(memoryFile, 'utf8'))).toEqual(both);
  });
});

describe('write', () => {
  it('remembers nothing of our own interfaces, which take their sysctls with them', async () => {
    await set(OF_OURS, '0');
    await files().write({ key: OF_OURS, value: '2' });
    await files().restore();
    expect(await valueOf(OF_OURS)).toBe('2');
  });

  it('says which sysctl there is not', async () => {
    await expect(files().write({ key: OF_OURS, value: '2' })).rejects.toThrow(OF_OURS);
  });
});

describe('isSysctlKey', () => {
  it.each([
    [IPV4, true],
    [IPV6, true],
    [OF_OURS, true],
    ['net/ipv4/conf/sp1/disable_policy', true],
    ['net/ipv4/conf/sp2/rp_filter', false],
    ['net/ipv4/conf/all/rp_filter', false],
    ['net/ipv4/conf/sp1/../all/rp_filter', false],
    ['kernel/panic', false],
  ])('%s: %s', (key, expected) => {
    expect(isSysctlKey(key, ['sp1'])).toBe(expected);
  });
});
