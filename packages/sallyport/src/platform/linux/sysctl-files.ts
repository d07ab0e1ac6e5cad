/**
 * /proc/sys of this network namespace. Sysctls carry no owner's mark, so the value that a shared one
 * had before Sallyport first changed it is kept in a file and put back at the end.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../lib/message-of.ts';
import type { SysctlPlan } from '../../plan/host-plan.ts';
import { readJsonFile, writeFileAtomic } from '../atomic-file.ts';

/** Shared keys that plans may set; those of our own interfaces go with them. */
const SHARED_KEYS = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'];
const INTERFACE_KEYS = ['disable_policy', 'rp_filter'];

/** Whether a plan may set the key, `interfaces` being the names of its own ones. */
export function isSysctlKey(key: string, interfaces: readonly string[]): boolean {
  return SHARED_KEYS.includes(key) || interfaces.some((name) => interfaceKeys(name).includes(key));
}

function interfaceKeys(name: string): string[] {
  return INTERFACE_KEYS.map((key) => `net/ipv4/conf/${name}/${key}`);
}

type Remembered = Readonly<Record<string, { readonly before: string; readonly ours: string }>>;

export class SysctlFiles {
  readonly #memoryFile: string;
  readonly #root: string;

  /** `memoryFile`: path of the JSON file with former values. */
  constructor(memoryFile: string, root = '/proc/sys') {
    this.#memoryFile = memoryFile;
    this.#root = root;
  }

  /** Present values of everything a plan may set; what does not exist is left out. */
  async read(interfaces: readonly string[]): Promise<Map<string, string>> {
    const keys = [...SHARED_KEYS, ...interfaces.flatMap(interfaceKeys)];
    const values = new Map<string, string>();
    for (const key of keys) {
      const value = await this.#valueOf(key);
      if (value !== undefined) values.set(key, value);
    }
    return values;
  }

  async write({ key, value }: SysctlPlan): Promise<void> {
    const before = await this.#valueOf(key);
    if (before !== undefined && before !== value && SHARED_KEYS.includes(key)) {
      const remembered = await this.#remembered();
      if (remembered[key] === undefined) {
        await writeFileAtomic(
          this.#memoryFile,
          JSON.stringify({ ...remembered, [key]: { before, ours: value } }),
        );
      }
    }
    await writeFile(join(this.#root, key), value);
  }

  /**
   * Puts back what still has our value: what somebody else set since then is theirs. Goes on after a
   * failure, and remembers everything until nothing failed.
   */
  async restore(): Promise<void> {
    const remembered = Object.entries(await this.#remembered());
    const results = await Promise.allSettled(
      remembered.map(async ([key, { before, ours }]) => {
        if ((await this.#valueOf(key)) === ours) await writeFile(join(this.#root, key), before);
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await writeFileAtomic(this.#memoryFile, '{}');
  }

  async #remembered(): Promise<Remembered> {
    try {
      const value = await readJsonFile(this.#memoryFile);
      // Written by this class alone, in a directory that only root can write.
      return (value ?? {}) as Remembered;
    } catch (cause) {
      // Changing a sysctl now would lose for good what it was before.
      const message = messageOf(cause);
      throw new Error(`former values in ${this.#memoryFile} cannot be read: ${message}`, { cause });
    }
  }

  async #valueOf(key: string): Promise<string | undefined> {
    try {
      return (await readFile(join(this.#root, key), 'utf8')).trim();
    } catch {
      // Not there: the protocol or the interface is missing, and the write that needs it will say so.
      return undefined;
    }
  }
}
