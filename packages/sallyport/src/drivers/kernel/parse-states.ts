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
