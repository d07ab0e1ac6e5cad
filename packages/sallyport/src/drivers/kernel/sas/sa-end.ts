/**
 * `ip -s xfrm monitor nokeys`: what an SA had carried when the kernel took it out. charon counts for the last
 * time a moment earlier, and some packets go through in between.
 */
export interface SaEnd {
  /** Eight hex digits, as the daemon writes them. */
  readonly spi: string;
  readonly bytes: number;
  readonly packets: number;
}

/** Reads line by line; a message begins with a line that is not indented. */
export class SaEndReader {
  #isEnd = false;
  #spi: string | undefined;

  /** The SA, at the line that completes what is told of it. */
  read(line: string): SaEnd | undefined {
    if (!/^\s/.test(line)) {
      this.#isEnd = line.startsWith('Deleted src ');
      this.#spi = undefined;
      return undefined;
    }
    if (!this.#isEnd) return undefined;
    this.#spi ??= /^\s+proto esp spi 0x([0-9a-f]{8})\b/.exec(line)?.[1];
    const [, bytes, packets] = /^\s+(\d+)\(bytes\), (\d+)\(packets\)$/.exec(line.trimEnd()) ?? [];
    if (this.#spi === undefined || bytes === undefined) return undefined;
    this.#isEnd = false;
    return { spi: this.#spi, bytes: Number(bytes), packets: Number(packets) };
  }
}
