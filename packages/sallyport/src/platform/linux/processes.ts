/** Processes of this network namespace, whoever started them. */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Pids of those with such a name (proc(5), /proc/pid/comm) that share our network namespace. */
export async function processesNamed(name: string): Promise<number[]> {
  const ours = await readlink('/proc/self/ns/net');
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // It may end while we look.
      const comm = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      if (comm.trimEnd() !== name) return [];
      const namespace = await readlink(`/proc/${pid}/ns/net`).catch(() => '');
      return namespace === ours ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
