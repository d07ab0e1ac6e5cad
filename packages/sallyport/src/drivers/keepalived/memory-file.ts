/** `KeepalivedMemory` on disk, in the run directory: it must not survive a reboot, and the addresses do not either. */
import { readJsonFile, writeFileAtomic } from '../../platform/atomic-file.ts';
import type { KeepalivedMemory } from './state.ts';

const NOTHING: KeepalivedMemory = { routers: [], config: '' };

export class MemoryFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Empty where it cannot be read: then keepalived is told everything again, which does no harm. */
  async read(): Promise<KeepalivedMemory> {
    try {
      const value = await readJsonFile(this.#path);
      return isMemory(value) ? value : NOTHING;
    } catch {
      return NOTHING;
    }
  }

  async write(memory: KeepalivedMemory): Promise<void> {
    await writeFileAtomic(this.#path, JSON.stringify(memory));
  }
}

function isMemory(value: unknown): value is KeepalivedMemory {
  if (typeof value !== 'object' || value === null) return false;
  const routers: unknown = Reflect.get(value, 'routers');
  return (
    typeof Reflect.get(value, 'config') === 'string' &&
    Array.isArray(routers) &&
    routers.every(isRouter)
  );
}

/** As far as it is used without a plan: to find what was left behind. */
function isRouter(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const addresses: unknown = Reflect.get(value, 'virtualAddresses');
  return (
    ['name', 'interface'].every((field) => typeof Reflect.get(value, field) === 'string') &&
    Array.isArray(addresses) &&
    addresses.every((address) => typeof address === 'string')
  );
}
