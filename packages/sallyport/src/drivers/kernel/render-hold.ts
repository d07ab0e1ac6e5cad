/** The lines for `ip -batch` and `tc -batch` that hold packets of one peer; see `inbound-hold.ts`. */
import { type Family, familyOf, widthOf } from '../../lib/prefix.ts';
import { OWNER } from '../../plan/host-plan.ts';

export interface HeldPeer {
  /** Outer addresses. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** Inbound SPIs of the standing SAs, in hex without a prefix: their packets are not held. */
  readonly spis: readonly string[];
}

export const HOLD_PREFIX = 'sph';

/** Longer than a daemon needs from the answer on its wire to the SA in its kernel, also on a busy machine. */
export const HOLD_MILLISECONDS = 100;

/** Packets that may wait: a million a second for the time of the hold. */
const QUEUE_PACKETS = 100_000;

/** Any rate makes netem keep the order; this one is above that of every link. */
const RATE = '1tbit';

export interface HoldLines {
  readonly ip: readonly string[];
  readonly tc: readonly string[];
}

/** `tc` is for the link. */
export interface PlaceLines extends HoldLines {
  /** For our own device. */
  readonly queue: readonly string[];
}

export function renderPlace(number: number, link: string, peer: HeldPeer): PlaceLines {
  const device = `${HOLD_PREFIX}${number}`;
  const family = familyOf(peer.remoteAddress) ?? 4;
  const filter = `filter add dev ${link} ingress protocol ${PROTOCOL[family]} pref ${number} u32`;
  const redirect = `action mirred egress redirect dev ${device}`;
  return {
    ip: [
      `link add name ${device} group ${OWNER.routeProtocol} type ifb`,
      `link set dev ${device} alias "sallyport hold ${link}" up`,
    ],
    queue: [
      `qdisc add dev ${device} root netem delay ${HOLD_MILLISECONDS}ms rate ${RATE} limit ${QUEUE_PACKETS}`,
    ],
    tc: [
      // The first match decides: what has its SA, and IKE, passes as ever.
      ...peer.spis.flatMap((spi) =>
        carriers(family, peer).map(
          ({ match, spiAt }) =>
            `${filter} ${match} match u32 0x${spi} 0xffffffff at ${spiAt} action pass`,
        ),
      ),
      ...carriers(family, peer).flatMap(({ match, spiAt, isUdp }) => [
        // Non-ESP marker (RFC 3948 §2.2): IKE on port 4500.
        ...(isUdp ? [`${filter} ${match} match u32 0 0xffffffff at ${spiAt} action pass`] : []),
        `${filter} ${match} ${redirect}`,
      ]),
    ],
  };
}

/** From now on nothing waits longer than what came before it. */
export function renderRelease(number: number): string[] {
  return [
    `qdisc change dev ${HOLD_PREFIX}${number} root netem delay 0ms rate ${RATE} limit ${QUEUE_PACKETS}`,
  ];
}

/** `link` absent: not known, and so nothing to undo there. */
export function renderRemove(number: number, link: string | undefined): HoldLines {
  return {
    tc: link === undefined ? [] : [`filter delete dev ${link} ingress pref ${number}`],
    ip: [`link delete dev ${HOLD_PREFIX}${number}`],
  };
}

const PROTOCOL: Readonly<Record<Family, 'ip' | 'ipv6'>> = { 4: 'ip', 6: 'ipv6' };
const HEADER_BYTES: Readonly<Record<Family, number>> = { 4: 20, 6: 40 };
const UDP_HEADER_BYTES = 8;

interface Carrier {
  readonly match: string;
  /** Where the SPI stands in the packet, in bytes from the outer header. */
  readonly spiAt: number;
  readonly isUdp: boolean;
}

/** ESP as a protocol (RFC 4303 §2), and in UDP to our port 4500 (RFC 3948 §2.1). */
function carriers(family: Family, { remoteAddress }: HeldPeer): Carrier[] {
  const word = family === 4 ? 'ip' : 'ip6';
  const source = `match ${word} src ${remoteAddress}/${widthOf(family)}`;
  const header = HEADER_BYTES[family];
  return [
    { match: `match ${word} protocol 50 0xff ${source}`, spiAt: header, isUdp: false },
    {
      match: `match ${word} protocol 17 0xff ${source} match ${word} dport 4500 0xffff`,
      spiAt: header + UDP_HEADER_BYTES,
      isUdp: true,
    },
  ];
}
