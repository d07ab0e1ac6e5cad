// Liars in place of `ip` and `nft`: while they are told to swallow, whatever writes is read to its end,
// answered with success and not done. Found by PATH, before the programs of the system.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Host } from '../host.ts';

/** Options under which the programs change something, unless they are to print JSON. */
const WRITING = { ip: '-batch', nft: '-f' } as const;

export class Shim {
  /** For the environment of whoever shall be lied to. */
  readonly path: string;
  readonly #directory: string;
  readonly #log: string;

  private constructor(host: Host) {
    this.#directory = host.file('shim');
    this.#log = host.file('shim.log');
    this.path = `${this.#directory}${delimiter}${process.env['PATH'] ?? ''}`;
  }

  static async on(host: Host): Promise<Shim> {
    const shim = new Shim(host);
    await mkdir(shim.#directory);
    return shim;
  }

  async swallow(swallowing: boolean): Promise<void> {
    for (const [program, option] of Object.entries(WRITING)) {
      const file = join(this.#directory, program);
      // Whole at once: it may be looked for at any time.
      if (swallowing) {
        await writeFile(`${file}.new`, this.#script(program, option), { mode: 0o755 });
        await rename(`${file}.new`, file);
      } else await rm(file, { force: true });
    }
  }

  /** Lines that were swallowed since this was last asked. */
  async take(): Promise<readonly string[]> {
    const text = await readFile(this.#log, 'utf8').catch(() => '');
    await rm(this.#log, { force: true });
    return text.split('\n').filter((line) => line !== '');
  }

  #script(program: string, option: string): string {
    return `#!/bin/sh
case " $* " in
  *' -json '*) ;;
  *' ${option} '*) sed 's/^/${program}: /' >>'${this.#log}'; exit 0;;
esac
PATH='${process.env['PATH'] ?? ''}' exec ${program} "$@"
`;
  }
}
