/** `ip xfrm state list nokeys`: one block a state, its first line not indented. */

const ALGORITHM = /^\s+(?:aead|enc|auth|auth-trunc) /m;

/** A state without algorithms is larval (RFC 2367 §2.3): an SPI that is reserved, and no SA yet. */
export function parseSpis(text: string): ReadonlySet<string> {
  return new Set(
    text
      .split(/^(?=src )/m)
      .filter((block) => ALGORITHM.test(block))
      .flatMap((block) => / spi 0x([0-9a-f]{8}) /.exec(block)?.[1] ?? []),
  );
}

export interface KernelState {
  readonly source: string;
  readonly destination: string;
  /** `esp`, as `ip` writes it. */
  readonly protocol: string;
  readonly spi: string;
  /** 0: none. */
  readonly interfaceId: number;
}

/** Installed SAs and reserved SPIs. */
export function parseStates(text: string): KernelState[] {
  return text.split(/^(?=src )/m).flatMap((block) => {
    const [, source, destination] = /^src (\S+) dst (\S+)/.exec(block) ?? [];
    const [, protocol, spi] = /^\s+proto (\w+) spi 0x([0-9a-f]{8}) /m.exec(block) ?? [];
    if (source === undefined || destination === undefined) return [];
    if (protocol === undefined || spi === undefined) return [];
    return [{ source, destination, protocol, spi, interfaceId: interfaceIdIn(block) }];
  });
}

export interface KernelPolicy {
  /** `in`, `out`, `fwd`. */
  readonly direction: string;
  readonly index: number;
  /** 0: none. */
  readonly interfaceId: number;
}

/** `ip -statistics xfrm policy list nosock`. */
export function parsePolicies(text: string): KernelPolicy[] {
  return text.split(/^(?=src )/m).flatMap((block) => {
    const [, direction, index] = /^\s+dir (\w+) .*\bindex (\d+) /m.exec(block) ?? [];
    if (direction === undefined || index === undefined) return [];
    return [{ direction, index: Number(index), interfaceId: interfaceIdIn(block) }];
  });
}

function interfaceIdIn(block: string): number {
  return Number(/\bif_id (0x[0-9a-f]+)/.exec(block)?.[1] ?? 0);
}
