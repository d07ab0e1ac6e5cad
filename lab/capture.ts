// Reads what tcpdump wrote: a pcap file of Ethernet frames, and what each IP packet in it is.
//
// Format: draft-ietf-opsawg-pcap §4 and §5. ESP in UDP: RFC 3948 §2.

/** What an interface saw. */
export interface Frame {
  /** When the kernel got it, in milliseconds since 1970. */
  readonly at: number;
  readonly bytes: Buffer;
}

/** Of an IP packet on the wire. */
export interface Packet {
  readonly source: string;
  readonly destination: string;
  /** Protocol of the payload, IPv6 extension headers skipped. */
  readonly protocol: number;
  /** All of it, IP header included. */
  readonly bytes: number;
  /** Empty in all fragments but the first. */
  readonly payload: Buffer;
  readonly isLaterFragment: boolean;
  /** The first one as well. */
  readonly isFragment: boolean;
}

export type PacketKind = 'esp' | 'espInUdp' | 'ike' | 'keepalive' | 'other';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const ETHERNET_HEADER_BYTES = 14;

/** The complete records of a capture, also while it is being written. */
export function readFrames(file: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  let offset = FILE_HEADER_BYTES;
  while (offset + RECORD_HEADER_BYTES <= file.length) {
    const start = offset + RECORD_HEADER_BYTES;
    const at = file.readUInt32LE(offset) * 1_000 + file.readUInt32LE(offset + 4) / 1_000;
    offset = start + file.readUInt32LE(start - 8);
    if (offset <= file.length) frames.push({ at, bytes: file.subarray(start, offset) });
  }
  return frames;
}

/** Undefined for what is not IP: ARP and the like. */
export function parsePacket(frame: Buffer): Packet | undefined {
  const type = frame.readUInt16BE(12);
  const packet = frame.subarray(ETHERNET_HEADER_BYTES);
  if (type === 0x0800) return parseIpv4(packet);
  return type === 0x86dd ? parseIpv6(packet) : undefined;
}

export function kindOf({ protocol, payload, isLaterFragment }: Packet): PacketKind {
  if (protocol === 50) return 'esp';
  if (protocol !== 17 || isLaterFragment || payload.length < 8) return 'other';
  const ports = [payload.readUInt16BE(0), payload.readUInt16BE(2)];
  if (ports.includes(500)) return 'ike';
  if (!ports.includes(4500)) return 'other';
  // RFC 3948 §2.2 and §2.3: four zero bytes before IKE; a single 0xff keeps a NAT's entry alive.
  const inside = payload.subarray(8);
  if (inside.length === 1 && inside.readUInt8(0) === 0xff) return 'keepalive';
  return inside.length < 4 || inside.readUInt32BE(0) === 0 ? 'ike' : 'espInUdp';
}

/** Largest segment that the sender of a SYN says it takes (RFC 9293 §3.7.1); absent in other packets. */
export function segmentLimitOf({ protocol, payload, isLaterFragment }: Packet): number | undefined {
  if (protocol !== 6 || isLaterFragment || payload.length < 20) return undefined;
  if ((payload.readUInt8(13) & 0x02) === 0) return undefined;
  const end = (payload.readUInt8(12) >> 4) * 4;
  let offset = 20;
  while (offset + 4 <= end) {
    const kind = payload.readUInt8(offset);
    if (kind === 2) return payload.readUInt16BE(offset + 2);
    // End of list and padding have no length.
    if (kind === 0) return undefined;
    offset += kind === 1 ? 1 : Math.max(2, payload.readUInt8(offset + 1));
  }
  return undefined;
}

function parseIpv4(packet: Buffer): Packet {
  const headerBytes = (packet.readUInt8(0) & 0x0f) * 4;
  return {
    source: ipv4Text(packet.subarray(12, 16)),
    destination: ipv4Text(packet.subarray(16, 20)),
    protocol: packet.readUInt8(9),
    bytes: packet.readUInt16BE(2),
    payload: packet.subarray(headerBytes, packet.readUInt16BE(2)),
    isLaterFragment: (packet.readUInt16BE(6) & 0x1fff) !== 0,
    isFragment: (packet.readUInt16BE(6) & 0x3fff) !== 0,
  };
}

function parseIpv6(packet: Buffer): Packet {
  let protocol = packet.readUInt8(6);
  let offset = 40;
  let isLaterFragment = false;
  let isFragment = false;
  // Hop-by-hop, routing, fragment, destination options (RFC 8200 §4.1).
  while ([0, 43, 44, 60].includes(protocol) && offset + 8 <= packet.length) {
    isFragment ||= protocol === 44;
    if (protocol === 44) isLaterFragment ||= (packet.readUInt16BE(offset + 2) & 0xfff8) !== 0;
    const length = protocol === 44 ? 8 : (packet.readUInt8(offset + 1) + 1) * 8;
    protocol = packet.readUInt8(offset);
    offset += length;
  }
  return {
    source: ipv6Text(packet.subarray(8, 24)),
    destination: ipv6Text(packet.subarray(24, 40)),
    protocol,
    bytes: 40 + packet.readUInt16BE(4),
    payload: packet.subarray(offset),
    isLaterFragment,
    isFragment,
  };
}

function ipv4Text(bytes: Buffer): string {
  return [...bytes].join('.');
}

function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return groups.join(':');
}
