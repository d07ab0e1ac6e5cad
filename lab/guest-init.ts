// The first program of a guest, as a shell script: mounts, enters the overlay, runs the command,
// writes down its status and switches the guest off.

export interface InitScript {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly sharedDirectory: string;
  /** Of the machine; the exit status is written to the file `status` in it. */
  readonly statusDirectory: string;
  /** Date of the machine: a guest starts without a clock. */
  readonly epochSeconds: number;
}

/** Variables that belong to the process that boots the guest. */
const OWN_VARIABLES = new Set(['TMPDIR', 'PWD', 'OLDPWD', 'SHLVL', '_', 'LD_PRELOAD']);

export function renderInit(script: InitScript): string {
  const shared = quote(script.sharedDirectory);
  const variables = Object.entries(script.environment)
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name) && !OWN_VARIABLES.has(name))
    .map(([name, value]) => `export ${name}=${quote(value)}`);
  return `#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
power_off() { echo o >/proc/sysrq-trigger; sleep 60; }
mount -t proc none /proc && mount -t sysfs none /sys && mount -t tmpfs none /mnt || power_off
date -s @${String(script.epochSeconds)} >/dev/null
echo sallyport-lab >/proc/sys/kernel/hostname
# Node.js maps io_uring's rings, and user-mode Linux (7.2) corrupts its page tables when a process with
# such a mapping forks: "Bad page map", then a panic soon or late. Kernels before 6.6 lack the switch.
if [ -e /proc/sys/kernel/io_uring_disabled ]; then echo 2 >/proc/sys/kernel/io_uring_disabled; fi
mkdir /mnt/upper /mnt/work /mnt/top /mnt/status
mount -t hostfs -o ${quote(script.statusDirectory)} none /mnt/status || power_off
top=/mnt/top
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work none $top || power_off
mount --rbind /proc $top/proc
mount --rbind /sys $top/sys
mount -t devtmpfs none $top/dev
mkdir -p $top/dev/pts $top/dev/shm $top${shared}
mount -t devpts none $top/dev/pts
mount -t tmpfs -o mode=1777 none $top/dev/shm
mount -t tmpfs -o mode=755 none $top/run
mkdir $top/run/netns $top/run/lock $top/run/machine
mount -t hostfs -o ${shared} none $top${shared} || power_off
# The overlay becomes the root of the guest, not only of this process: a mere chroot could not make
# mount namespaces inside.
cd $top && pivot_root . run/machine || power_off
# Else each line would end in a carriage return.
stty -opost </dev/tty0; stty -opost </dev/tty1
ip link set dev lo up
(
${variables.join('\n')}
export HOME=/root TMPDIR=/tmp
cd ${quote(script.directory)} || exit 125
exec setsid --wait ${[script.file, ...script.args].map(quote).join(' ')}
) </dev/null >/dev/tty0 2>/dev/tty1
echo $? >/run/machine/mnt/status/status
power_off
`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
