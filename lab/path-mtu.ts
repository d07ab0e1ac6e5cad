// What a host learns of the size of a path: packets that may not be fragmented, and the ICMP they get.

import { isIPv6 } from 'node:net';
import type { Host } from './host.ts';

/** IP and ICMP headers around the payload of a ping. */
const HEADERS = { 4: 28, 6: 48 } as const;

export type Answer =
  | { readonly kind: 'passed' }
  | { readonly kind: 'too-big'; readonly from: string; readonly mtuBytes: number }
  | { readonly kind: 'silence' };

/** Sends one IP packet of exactly this size; what the host has learnt of the path before is forgotten. */
export async function probe(host: Host, address: string, bytes: number): Promise<Answer> {
  const family = isIPv6(address) ? 6 : 4;
  const size = String(bytes - HEADERS[family]);
  const { stdout, stderr } = await host.exec('sh', [
    '-c',
    `ip -${String(family)} route flush cache; exec ping -n -c 1 -W 2 -M do -s ${size} ${address}`,
  ]);
  const tooBig = /From (\S+) icmp_seq=1 (?:Frag needed .*mtu = |Packet too big: mtu=)(\d+)/.exec(
    stdout,
  );
  if (tooBig !== null) {
    return { kind: 'too-big', from: tooBig[1] ?? '', mtuBytes: Number(tooBig[2]) };
  }
  const counts = /1 packets transmitted, (\d) received/.exec(stdout);
  if (counts === null || stderr !== '') throw new Error(`ping ${address}: ${stdout}${stderr}`);
  return { kind: counts[1] === '1' ? 'passed' : 'silence' };
}
