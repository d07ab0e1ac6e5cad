// What happens to hosts. Each fault comes without a word to anybody else, and those that can be taken back return
// how.

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { mustExecute } from './execute.ts';
import type { Host } from './host.ts';
import { processesOf, signal } from './processes.ts';

/** Takes a fault back. */
export type Undo = () => Promise<void>;

/** kill -9 of every process of a host whose program, or the script that it runs, has this name. */
export async function killDaemon(host: Host, program: string): Promise<void> {
  await signalDaemon(host, program, 'SIGKILL');
}

/** In order: it says goodbye to its neighbours. */
export async function endDaemon(host: Host, program: string): Promise<void> {
  await signalDaemon(host, program, 'SIGTERM');
}

async function signalDaemon(host: Host, program: string, name: NodeJS.Signals): Promise<void> {
  const found = (await processesOf(host)).filter(({ command }) =>
    command.split(' ', 2).some((path) => path === program || path.endsWith(`/${program}`)),
  );
  if (found.length === 0) throw new Error(`no ${program} runs on ${host.name}`);
  for (const { pid } of found) signal(pid, name);
}

/**
 * All its processes stand still and nothing passes its interfaces, from one instant to the next; no neighbour loses
 * its carrier, as behind a switch. Taken back it goes on as it was, like a virtual machine that was paused.
 */
export async function powerOff(
  host: Host,
  interfaces: readonly string[] = ['wan', 'lan'],
): Promise<Undo> {
  const arriving = interfaces.map(
    (device) =>
      `chain ${device} { type filter hook ingress device "${device}" priority 0; policy drop; }`,
  );
  await host.mustExec('nft', ['-f', '-'], {
    input: `table netdev lab_power {
${arriving.join('\n')}
}
table inet lab_power {
chain leaving { type filter hook output priority -400; policy drop; oifname "lo" accept; }
}
`,
  });
  const thaw = await freeze(host);
  return async () => {
    await host.mustExec('nft', ['-f', '-'], {
      input: 'delete table netdev lab_power\ndelete table inet lab_power\n',
    });
    await thaw();
  };
}

/** All its processes stand still, as without a processor; its kernel goes on. */
export async function freeze(host: Host): Promise<Undo> {
  const frozen = new Set<number>();
  // What a process starts while we look is frozen in the next round.
  for (let more = true; more; ) {
    const running = (await processesOf(host)).filter(({ pid }) => !frozen.has(pid));
    for (const { pid } of running) {
      signal(pid, 'SIGSTOP');
      frozen.add(pid);
    }
    more = running.length > 0;
  }
  return () => {
    for (const pid of frozen) signal(pid, 'SIGCONT');
    return Promise.resolve();
  };
}

/** No process of a host gets the processor for a while. */
export async function stall(host: Host, milliseconds: number): Promise<void> {
  const thaw = await freeze(host);
  await delay(milliseconds);
  await thaw();
}

/** A share of the packets that arrive at an interface gets lost, those of the other direction do not. */
export async function loseArrivals(host: Host, device: string, percent: number): Promise<Undo> {
  const table = `netdev lab_loss_${device}`;
  const hook = `type filter hook ingress device "${device}" priority 0;`;
  // Not netem: kernels without it have this.
  const rule = `numgen random mod 100 < ${String(percent)} drop`;
  await host.mustExec('nft', ['-f', '-'], {
    input: `table ${table} {\nchain arriving {\n${hook}\n${rule}\n}\n}\n`,
  });
  return async () => {
    await host.mustExec('nft', ['delete', 'table', ...table.split(' ')]);
  };
}

/** Of what comes in from a gateway and goes out to it, IKE passes, and no ESP (RFC 3948 §2.2 tells them apart). */
export async function loseEsp(router: Host, device: string): Promise<void> {
  const rules = ['meta l4proto esp drop', 'udp dport 4500 @th,64,32 != 0 drop'];
  const chain = (direction: 'iifname' | 'oifname'): string =>
    rules.map((rule) => `${direction} "${device}" ${rule}`).join('\n');
  await router.mustExec('nft', ['-f', '-'], {
    input: `table inet lab_esp {
chain forwarded {
type filter hook forward priority 0;
${chain('iifname')}
${chain('oifname')}
}
}
`,
  });
}

/** The interfaces that lead into tunnels go down, whatever made them. */
export async function takeTunnelsDown(host: Host): Promise<void> {
  const links = JSON.parse(await host.mustExec('ip', ['-json', 'link', 'show'])) as readonly {
    readonly ifname: string;
  }[];
  const tunnels = links.filter(({ ifname }) => /^(?:ipsec0|sp[0-9a-f]{8})$/.test(ifname));
  if (tunnels.length === 0) throw new Error(`${host.name} has no interface of a tunnel`);
  await host.ip(tunnels.map(({ ifname }) => `link set dev ${ifname} down`));
}

const DISK_MEGABYTES = 64;

/** Whether this kernel has a file system for disks. */
export async function canHaveDisks(): Promise<boolean> {
  return /^\text4$/m.test(await readFile('/proc/filesystems', 'utf8'));
}

/** Puts the files of a host on a disk of its own, for `hangDisk`; before anything runs there. */
export async function giveDisk(host: Host): Promise<void> {
  const image = `${host.directory}.img`;
  await mustExecute('truncate', ['-s', `${String(DISK_MEGABYTES)}M`, image]);
  await mustExecute('mkfs.ext4', ['-q', image]);
  await mustExecute('mount', ['-o', 'loop', image, host.directory]);
}

/** Whoever writes to the disk of a host waits. */
export async function hangDisk(host: Host, milliseconds: number): Promise<void> {
  await mustExecute('fsfreeze', ['--freeze', host.directory]);
  try {
    await delay(milliseconds);
  } finally {
    await mustExecute('fsfreeze', ['--unfreeze', host.directory]);
  }
}
