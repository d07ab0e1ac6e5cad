/**
 * What this host can do, found by trying it in a network namespace that ends with the trial: a kernel
 * lists neither its link types nor its transforms, and modules may load at first use.
 */
import { access } from 'node:fs/promises';
import { canonicalAddress } from '../../lib/canonical-address.ts';
import { isJson, jsonRows, textOf } from '../../lib/json-fields.ts';
import type { DataPlane } from '../../model/gateway.ts';
import type { CommandRunner } from './command.ts';
import { outputOf } from './command.ts';

export interface Capabilities {
  /** Data planes, best first. */
  readonly available: readonly DataPlane[];
  /** Why the others are missing, by name. */
  readonly missing: ReadonlyMap<DataPlane, string>;
  /** Whether packets of a peer can wait while its tunnel is exchanged; see `InboundHold`. */
  readonly canHoldPackets: boolean;
}

/** libipsec offers ESP in user space where this plugin is installed. */
const LIBIPSEC_PLUGIN = '/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so';
const TUN_DEVICE = '/dev/net/tun';

/** SA that the trial installs: AES-GCM with a 16-byte tag, in a namespace of its own. */
const ESP_STATE =
  'xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x100 mode tunnel aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128';

const TRIALS = {
  esp: ESP_STATE,
  xfrm: 'link add name sptrial0 type xfrm dev lo if_id 1',
  vti: 'link add name sptrial1 type vti local 192.0.2.1 remote 192.0.2.2 key 1',
  ifb: 'link add name sptrial2 type ifb',
} as const;

/** The parts of a hold that tc has, tried on the loopback device of a namespace. */
const HOLD_LINES = [
  'qdisc add dev lo root netem delay 1ms rate 1tbit',
  'qdisc add dev lo clsact',
  'filter add dev lo ingress protocol ip pref 1 u32 match u32 0 0 action mirred egress redirect dev lo',
  '',
].join('\n');

/** `isThere` tells of files by their paths. */
export async function detectCapabilities(
  commands: CommandRunner,
  signal: AbortSignal,
  isThere: (path: string) => Promise<boolean> = isAccessible,
): Promise<Capabilities> {
  const works = { esp: '', xfrm: '', vti: '', ifb: '' };
  const trials = Object.entries(TRIALS) as [keyof typeof TRIALS, string][];
  const [hold] = await Promise.all([
    commands.run('unshare', ['--net', '--', 'tc', '-batch', '-'], { signal, input: HOLD_LINES }),
    ...trials.map(async ([name, line]) => {
      const args = ['--net', '--', 'ip', ...line.split(' ')];
      const result = await commands.run('unshare', args, { signal });
      works[name] = result.code === 0 ? '' : result.stderr.trim() || `exit code ${result.code}`;
    }),
  ]);
  const missing = new Map<DataPlane, string>();
  const noEsp = works.esp === '' ? '' : `the kernel has no ESP with AES-GCM (${works.esp})`;
  const note = (plane: DataPlane, reason: string): void => {
    if (reason !== '') missing.set(plane, reason);
  };
  note(
    'xfrm-interface',
    noEsp || (works.xfrm && `the kernel has no XFRM interfaces (${works.xfrm})`),
  );
  note('vti', noEsp || (works.vti && `the kernel has no VTI (${works.vti})`));
  note('policy', noEsp);
  note('userspace', await userspaceObstacle(isThere));
  const all = ['xfrm-interface', 'vti', 'policy', 'userspace'] as const;
  const canHoldPackets = works.ifb === '' && hold.code === 0;
  const available = all.filter((plane) => !missing.has(plane));
  return { available, missing, canHoldPackets };
}

async function userspaceObstacle(isThere: (path: string) => Promise<boolean>): Promise<string> {
  for (const path of [TUN_DEVICE, LIBIPSEC_PLUGIN]) {
    if (!(await isThere(path))) return `${path} is missing`;
  }
  return '';
}

function isAccessible(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Smallest MTU of the interfaces that hold one of the outer addresses; undefined where none does. */
export async function detectUnderlayMtu(
  commands: CommandRunner,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const text = await outputOf(commands, 'ip', ['-json', 'address', 'show'], { signal });
  const wanted = new Set(addresses.map(canonicalAddress));
  const sizes = jsonRows(text).flatMap((link) => {
    const { mtu, addr_info: infos, ifname } = link;
    // An address on lo is reached through any link; its MTU says nothing.
    if (typeof mtu !== 'number' || !Array.isArray(infos) || ifname === 'lo') return [];
    const held = infos.filter(isJson).map((info) => textOf(info, 'local') ?? '');
    return held.some((address) => wanted.has(canonicalAddress(address))) ? [mtu] : [];
  });
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}
