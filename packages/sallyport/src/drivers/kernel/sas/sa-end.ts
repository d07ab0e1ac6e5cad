/**
 * `ip -s xfrm monitor nokeys`: what an SA had carried when the kernel took it out. charon counts for the last
 * time a moment earlier, and some packets go through in between.
 */
import type { SaEnd } from '../../../status/counter-ledger.ts';

/** Reads line by line; a message begins with a line that is not indented. */
export class SaEndReader {
  /** Of the SA that is told of; undefined where nothing has ended. */
  #destination: string | undefined;
  #spi: string | undefined;

  /** The SA, at the line that completes what is told of it. */
  read(line: string): SaEnd | undefined {
    if (!/^\s/.test(line)) {
      this.#destination = /^Deleted src \S+ dst (\S+)/.exec(line)?.[1];
      this.#spi = undefined;
      return undefined;
    }
    const destination = this.#destination;
    if (destination === undefined) return undefined;
    this.#spi ??= /^\s+proto esp spi 0x([0-9a-f]{8})\b/.exec(line)?.[1];
    const [, bytes, packets] = /^\s+(\d+)\(bytes\), (\d+)\(packets\)$/.exec(line.trimEnd()) ?? [];
    if (this.#spi === undefined || bytes === undefined) return undefined;
    this.#destination = undefined;
    return { destination, spi: this.#spi, bytes: Number(bytes), packets: Number(packets) };
  }
}
