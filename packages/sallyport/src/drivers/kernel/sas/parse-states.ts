/** `ip xfrm state list nokeys` and `ip -statistics xfrm policy list nosock`: blocks with an unindented first line. */

/** What SAs and policies have in common: whose they are, and what it takes to name them to the kernel. */
interface Owned {
  readonly reqid: number;
  /** 0: none. */
  readonly interfaceId: number;
  /** `value/mask` as `ip` writes it. */
  readonly mark?: string;
}

export interface KernelState extends Owned {
  readonly source: string;
  readonly destination: string;
  /** `esp`, as `ip` writes it. */
  readonly protocol: string;
  /** Eight hex digits. */
  readonly spi: string;
  /** False of a larval one (RFC 2367 §2.3), which has no algorithms: an SPI that is reserved, and no SA yet. */
  readonly isInstalled: boolean;
}

export interface KernelPolicy extends Owned {
  /** `in`, `out`, `fwd`. */
  readonly direction: string;
  readonly index: number;
}

/** SAs and policies of the kernel, everybody's. */
export interface KernelIpsec {
  readonly states: readonly KernelState[];
  readonly policies: readonly KernelPolicy[];
}

/** Names an SA: an SPI is one only together with its destination and protocol (RFC 4301 §4.1). */
export function nameOfState({
  destination,
  protocol,
  spi,
}: Pick<KernelState, 'destination' | 'protocol' | 'spi'>): string {
  return `${protocol} ${spi} to ${destination}`;
}

const ALGORITHM = /^\s+(?:aead|enc|auth|auth-trunc) /m;

export function parseStates(text: string): KernelState[] {
  return blocksOf(text).flatMap((block) => {
    const ends = endsOf(block);
    return ends === undefined
      ? []
      : [{ ...ends, isInstalled: ALGORITHM.test(block), ...ownerOf(block) }];
  });
}

export function parsePolicies(text: string): KernelPolicy[] {
  return blocksOf(text).flatMap((block) => {
    const [, direction, index] = /^\s+dir (\w+) .*\bindex (\d+) /m.exec(block) ?? [];
    if (direction === undefined || index === undefined) return [];
    return [{ direction, index: Number(index), ...ownerOf(block) }];
  });
}

/** Packets by {@link nameOfState}, from `ip -statistics xfrm state list nokeys`. */
export function parsePackets(text: string): ReadonlyMap<string, number> {
  return new Map(
    blocksOf(text).flatMap((block) => {
      const ends = endsOf(block);
      const packets = /lifetime current:\s+\d+\(bytes\), (\d+)\(packets\)/.exec(block)?.[1];
      return ends === undefined || packets === undefined
        ? []
        : [[nameOfState(ends), Number(packets)] as const];
    }),
  );
}

function endsOf(
  block: string,
): Pick<KernelState, 'source' | 'destination' | 'protocol' | 'spi'> | undefined {
  const [, source, destination] = /^src (\S+) dst (\S+)/.exec(block) ?? [];
  const [, protocol, spi] = /^\s+proto (\w+) spi 0x([0-9a-f]{8})\b/m.exec(block) ?? [];
  if (source === undefined || destination === undefined) return undefined;
  return protocol === undefined || spi === undefined
    ? undefined
    : { source, destination, protocol, spi };
}

function blocksOf(text: string): string[] {
  return text.split(/^(?=src )/m);
}

function ownerOf(block: string): Owned {
  const mark = /^\s+mark (\S+)/m.exec(block)?.[1];
  return {
    reqid: Number(/\breqid (\d+)/.exec(block)?.[1] ?? 0),
    interfaceId: Number(/\bif_id (0x[0-9a-f]+)/.exec(block)?.[1] ?? 0),
    ...(mark === undefined ? {} : { mark }),
  };
}
