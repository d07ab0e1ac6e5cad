/**
 * The socket file of our daemon. Somebody may remove it while the daemon runs, and nobody could ask it
 * anything any more: a socket cannot be bound a second time. So it has a second name, from which the first
 * one is made again (unix(7): what is connected to is the inode, not the name).
 */
import { link, rm, stat } from 'node:fs/promises';

export class ViciSocket {
  readonly path: string;
  readonly #spare: string;

  constructor(path: string) {
    this.path = path;
    this.#spare = `${path}.spare`;
  }

  async isThere(): Promise<boolean> {
    return (await inodeOf(this.path)) !== undefined;
  }

  /** While the daemon answers: gives its socket the second name. */
  async keep(): Promise<void> {
    const inode = await inodeOf(this.path);
    if (inode === (await inodeOf(this.#spare))) return;
    await rm(this.#spare, { force: true });
    // Gone in this moment, which the next look finds.
    await link(this.path, this.#spare).catch(() => undefined);
  }

  /** True where the removed file is there again. */
  async restore(): Promise<boolean> {
    return link(this.#spare, this.path).then(
      () => true,
      () => false,
    );
  }

  /** Of a daemon that has ended. */
  async remove(): Promise<void> {
    for (const path of [this.path, this.#spare]) await rm(path, { force: true });
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found?.ino;
}
