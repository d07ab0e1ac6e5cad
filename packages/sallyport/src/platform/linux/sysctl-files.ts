/**
 * /proc/sys of this network namespace. Sysctls carry no owner's mark, so the value that a shared one
 * had before Sallyport first changed it is kept in a file and put back at the end.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SysctlPlan } from '../../plan/host-plan.ts';
import { readJsonFile, writeFileAtomic } from '../atomic-file.ts';

const ROOT = '/proc/sys';

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

  /** `memoryFile`: path of the JSON file with former values. */
  constructor(memoryFile: string) {
    this.#memoryFile = memoryFile;
  }

  /** Present values of everything a plan may set; what does not exist is left out. */
  async read(interfaces: readonly string[]): Promise<Map<string, string>> {
    const keys = [...SHARED_KEYS, ...interfaces.flatMap(interfaceKeys)];
    const values = new Map<string, string>();
    for (const key of keys) {
      const value = await readValue(key);
      if (value !== undefined) values.set(key, value);
    }
    return values;
  }

  async write({ key, value }: SysctlPlan): Promise<void> {
    const before = await readValue(key);
    if (before !== undefined && before !== value && SHARED_KEYS.includes(key)) {
      const remembered = await this.#remembered();
      if (remembered[key] === undefined) {
        await writeFileAtomic(
          this.#memoryFile,
          JSON.stringify({ ...remembered, [key]: { before, ours: value } }),
        );
      }
    }
    await writeFile(join(ROOT, key), value);
  }

  /** Puts back what still has our value: what somebody else set since then is theirs. */
  async restore(): Promise<void> {
    for (const [key, { before, ours }] of Object.entries(await this.#remembered())) {
      if ((await readValue(key)) === ours) await writeFile(join(ROOT, key), before);
    }
    await writeFileAtomic(this.#memoryFile, '{}');
  }

  async #remembered(): Promise<Remembered> {
    const value = await readJsonFile(this.#memoryFile);
    // Written by this class alone, in a directory that only root can write.
    return (value ?? {}) as Remembered;
  }
}

async function readValue(key: string): Promise<string | undefined> {
  try {
    return (await readFile(join(ROOT, key), 'utf8')).trim();
  } catch {
    // Not there: the protocol or the interface is missing, and the write that needs it will say so.
    return undefined;
  }
}
