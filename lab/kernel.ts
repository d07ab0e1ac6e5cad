// Chooses the kernel that the lab runs on, in this order: what SALLYPORT_LAB_KERNEL names; the
// machine's own, if it has ESP and XFRM interfaces; a ready user-mode Linux beside the project;
// Debian's; at last the machine's own all the same, with ESP in user space. The choice is printed with every result: another kernel must give the same ones.

import { execFile } from 'node:child_process';
import { access, chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory, projectDirectory } from './paths.ts';

const execute = promisify(execFile);

/** The machine's own kernel. */
export interface HostKernel {
  readonly kind: 'host';
  readonly release: string;
  /** False: only user-space ESP can be tested. */
  readonly hasEsp: boolean;
}

/** A user-mode Linux executable. */
export interface UmlKernel {
  readonly kind: 'uml';
  readonly release: string;
  readonly path: string;
  /** From 6.16 on, `seccomp=on` replaces ptrace and is several times faster. */
  readonly hasSeccomp: boolean;
}

export type LabKernel = HostKernel | UmlKernel;
export type KernelWish = 'auto' | 'host' | 'uml';

const DEBIAN_UML = '/usr/bin/linux.uml';

export async function chooseKernel(wish: KernelWish): Promise<LabKernel> {
  const named = process.env['SALLYPORT_LAB_KERNEL'] ?? '';
  if (wish === 'auto' && named === 'host') return hostKernel();
  if (wish !== 'host' && named !== '' && named !== 'host') return umlKernel(named);
  if (wish !== 'uml') {
    const own = await hostKernel();
    if (wish === 'host' || own.hasEsp) return own;
  }
  const path = (await readyKernel()) ?? ((await exists(DEBIAN_UML)) ? DEBIAN_UML : undefined);
  if (path !== undefined) return umlKernel(path);
  if (wish === 'auto') {
    process.stderr.write(
      "lab: neither this machine's kernel nor a user-mode Linux has ESP: only ESP in user space is tried\n",
    );
    return hostKernel();
  }
  throw new Error(
    'no kernel with ESP: name a user-mode Linux in SALLYPORT_LAB_KERNEL, or install user-mode-linux',
  );
}

async function hostKernel(): Promise<HostKernel> {
  return { kind: 'host', release: release(), hasEsp: await hasEsp() };
}

/** Tries it in a network namespace that ends with the attempt; modules load on demand by this. */
async function hasEsp(): Promise<boolean> {
  const inside = ['ip', '-batch', '-'];
  const attempt = execute('unshare', ['--net', '--', ...inside]);
  attempt.child.stdin?.end(
    [
      'link add probe type xfrm dev lo if_id 1',
      'xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x100 mode tunnel ' +
        `aead rfc4106(gcm(aes)) 0x${'00'.repeat(36)} 128 if_id 1`,
      '',
    ].join('\n'),
  );
  return attempt.then(
    () => true,
    () => false,
  );
}

async function umlKernel(path: string): Promise<UmlKernel> {
  const { stdout } = await execute(path, ['--version']);
  const version = stdout.trim();
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  // Older ones hand the CPU's registers over in an area of fixed size and panic where AMX makes
  // that larger ("ptrace set fp regs failed, errno = 14").
  if (atLeast([major, minor], [6, 13]) || !(await hasAmx())) {
    return { kind: 'uml', release: version, path, hasSeccomp: atLeast([major, minor], [6, 16]) };
  }
  throw new Error(
    `${path} is ${version}: on a CPU with AMX, user-mode Linux 6.13 or newer is needed`,
  );
}

function atLeast(
  [major, minor]: readonly [number, number],
  floor: readonly [number, number],
): boolean {
  return major > floor[0] || (major === floor[0] && minor >= floor[1]);
}

async function hasAmx(): Promise<boolean> {
  return /\bamx_tile\b/.test(await readFile('/proc/cpuinfo', 'utf8'));
}

/** The newest packed kernel beside the project, unpacked once. */
async function readyKernel(): Promise<string | undefined> {
  const directory = join(projectDirectory, '..', 'shared', 'lab', 'kernel');
  const names = await readdir(directory).catch(() => []);
  const packed = names
    .filter((name) => /^linux-lab-.*\.xz$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  if (packed === undefined) return undefined;
  const path = join(cacheDirectory, basename(packed, '.xz'));
  if (!(await exists(path))) await unpack(join(directory, packed), path);
  return path;
}

async function unpack(packed: string, path: string): Promise<void> {
  await mkdir(cacheDirectory, { recursive: true });
  // Renamed when complete: another run may be looking for it at the same time.
  const partial = `${path}.${String(process.pid)}`;
  const { stdout } = await execute('xz', ['--decompress', '--stdout', packed], {
    encoding: 'buffer',
    maxBuffer: 1 << 30,
  });
  try {
    await writeFile(partial, stdout);
    await chmod(partial, 0o755);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
