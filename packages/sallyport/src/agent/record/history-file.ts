/** The history of tunnels on disk, in the state directory: it outlives agent and machine. */
import { z } from 'zod';
import { readJsonFile, writeFileAtomic } from '../../platform/atomic-file.ts';
import type { LedgerRecord } from '../../status/counter-ledger.ts';
import { type Cause, TUNNEL_STATES, type TunnelState } from '../../status/host-report.ts';

export interface TunnelRecord {
  readonly state: TunnelState;
  /** RFC 3339, as all times here. */
  readonly since: string;
  readonly firstSeen: string;
  /** The last look. */
  readonly seenAt: string;
  readonly upSeconds: number;
  readonly flaps: number;
  readonly rekeys: number;
  readonly counters: LedgerRecord;
  readonly lastError?: Cause;
}

const FORMAT = 'sallyport.dev/tunnel-history/v1alpha1';

const count = z.number().min(0);
const time = z.iso.datetime();
const counters = { bytesIn: count, bytesOut: count, packetsIn: count, packetsOut: count };
const Stored: z.ZodType<TunnelRecord> = z.object({
  state: z.enum(TUNNEL_STATES),
  since: time,
  firstSeen: time,
  seenAt: time,
  upSeconds: count,
  flaps: count,
  rekeys: count,
  counters: z.object({
    ended: z.object(counters),
    sas: z.array(
      z.object({
        ...{ sa: z.string(), localAddress: z.string(), remoteAddress: z.string() },
        ...counters,
      }),
    ),
  }),
  lastError: z
    .object({ code: z.string(), message: z.string(), hint: z.string(), at: z.string() })
    .exactOptional(),
});
const File = z.object({ format: z.literal(FORMAT), tunnels: z.record(z.string(), z.unknown()) });

export class HistoryFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** By name of the tunnel, without those that are damaged. Throws where the whole file is. */
  async read(): Promise<Map<string, TunnelRecord>> {
    const value = await readJsonFile(this.#path);
    if (value === undefined) return new Map();
    const { tunnels } = File.parse(value);
    return new Map(
      Object.entries(tunnels).flatMap(([name, record]) => {
        const { data } = Stored.safeParse(record);
        return data === undefined ? [] : [[name, data] as const];
      }),
    );
  }

  async write(tunnels: ReadonlyMap<string, TunnelRecord>): Promise<void> {
    const content = { format: FORMAT, tunnels: Object.fromEntries(tunnels) };
    await writeFileAtomic(this.#path, JSON.stringify(content));
  }
}
