// Commands that load, unload and list connections and pools.

import { type CallOptions, firstSection } from './command-set.ts';
import { SaCommands } from './commands-sa.ts';
import { type ConnectionInput, connectionMessage } from './connection-input.ts';
import { ViciInvalidInput } from './errors.ts';
import type { Message } from './message.ts';
import { checkConnection } from './validate.ts';

/**
 * What list-conns tells. Proposals, if_id and start_action are not listed, so this alone cannot show whether
 * a loaded connection is the wanted one; keep `fingerprint` of what was sent for that, or let the connection
 * carry it in something that is listed, such as the `groups` of the local round.
 */
export interface LoadedConnection {
  readonly name: string;
  readonly localAddrs: readonly string[];
  readonly remoteAddrs: readonly string[];
  /** Since 6.0.3. */
  readonly localPort?: number;
  readonly remotePort?: number;
  /** IKEv1, IKEv2 or IKEv1/2. */
  readonly version: string;
  readonly reauthSeconds: number;
  readonly rekeySeconds: number;
  /** UNIQUE_NO, UNIQUE_NEVER, UNIQUE_REPLACE or UNIQUE_KEEP. */
  readonly unique: string;
  readonly dpdDelaySeconds?: number;
  readonly dpdTimeoutSeconds?: number;
  readonly local: readonly LoadedAuthentication[];
  readonly remote: readonly LoadedAuthentication[];
  readonly children: readonly LoadedChild[];
  readonly raw: Message;
}

export interface LoadedAuthentication {
  /** "public key", "pre-shared key", "EAP" and so on, in the daemon's words. */
  readonly class: string;
  readonly id?: string;
  readonly caId?: string;
  readonly groups: readonly string[];
  /** Subjects of the certificates. */
  readonly certs: readonly string[];
  readonly cacerts: readonly string[];
  readonly raw: Message;
}

export interface LoadedChild {
  readonly name: string;
  readonly mode: string;
  readonly rekeySeconds: number;
  readonly rekeyBytes: bigint;
  readonly rekeyPackets: bigint;
  readonly dpdAction: string;
  readonly closeAction: string;
  readonly localTs: readonly string[];
  readonly remoteTs: readonly string[];
  readonly raw: Message;
}

/** Attributes (dns, nbns, subnet, ...) of a pool of virtual addresses. */
export interface PoolInput {
  /** A range or prefix of addresses, e.g. `10.9.0.0/24`. */
  readonly addrs: string;
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
}

export interface Pool {
  readonly name: string;
  readonly base: string;
  readonly size: number;
  readonly online: number;
  readonly offline: number;
  readonly leases: readonly {
    readonly address: string;
    readonly identity: string;
    readonly status: string;
  }[];
}

export abstract class ConnectionCommands extends SaCommands {
  /**
   * Loads or replaces one connection. A list where a scalar belongs, or the reverse, and what does not fit
   * the wire is refused here with the key's path; all else is for the daemon to judge. A change of only
   * `dpd_timeout` or `dscp` is ignored by the daemon without a word: see `connectionUpdate`.
   */
  async loadConn(name: string, connection: ConnectionInput, options?: CallOptions): Promise<void> {
    // A newer daemon may know more keys than we do, so those are left to it.
    const problems = checkConnection(name, connection).filter(({ code }) => code !== 'unknown-key');
    if (problems.length > 0) {
      const list = problems.map((problem) => `${problem.path.join('.')}: ${problem.message}`);
      throw new ViciInvalidInput(`load-conn "${name}": ${list.join('; ')}`);
    }
    await this.call('load-conn', connectionMessage(name, connection), options);
  }

  /** Forgets a connection and its start actions; see the manual for what that means for live SAs. */
  async unloadConn(name: string, options?: CallOptions): Promise<void> {
    await this.call('unload-conn', { name }, options);
  }

  /** Names of the connections loaded over VICI. */
  async getConns(options?: CallOptions): Promise<readonly string[]> {
    return (await this.call('get-conns', {}, options)).list('conns');
  }

  async *listConns(
    options: CallOptions & { readonly ike?: string } = {},
  ): AsyncGenerator<LoadedConnection, void, undefined> {
    const { ike, ...call } = options;
    for await (const message of this.stream('list-conns', 'list-conn', { ike }, call)) {
      const section = firstSection(message);
      if (section !== undefined) yield parseLoadedConnection(...section);
    }
  }

  async loadPool(name: string, pool: PoolInput, options?: CallOptions): Promise<void> {
    const section = { addrs: pool.addrs, ...pool.attributes };
    await this.call('load-pool', new Map([[name, section]]), options);
  }

  /** Refused by the daemon while a lease of it is online. */
  async unloadPool(name: string, options?: CallOptions): Promise<void> {
    await this.call('unload-pool', { name }, options);
  }

  async getPools(
    options: CallOptions & { readonly leases?: boolean; readonly name?: string } = {},
  ): Promise<readonly Pool[]> {
    const { leases, name, ...call } = options;
    const reply = await this.call('get-pools', { leases, name }, { lane: 'query', ...call });
    return [...reply.sections()].map(([pool, section]) => parsePool(pool, section));
  }
}

/** Reads the section of one connection out of list-conns; `name` is the section's name. */
export function parseLoadedConnection(name: string, raw: Message): LoadedConnection {
  const localPort = raw.integer('local_port');
  const remotePort = raw.integer('remote_port');
  const dpdDelay = raw.integer('dpd_delay');
  const dpdTimeout = raw.integer('dpd_timeout');
  const rounds = (prefix: string): LoadedAuthentication[] =>
    [...raw.sections()]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, section]) => parseAuthentication(section));
  return {
    name,
    localAddrs: raw.list('local_addrs'),
    remoteAddrs: raw.list('remote_addrs'),
    ...(localPort === undefined ? {} : { localPort }),
    ...(remotePort === undefined ? {} : { remotePort }),
    version: raw.text('version') ?? '',
    reauthSeconds: raw.integer('reauth_time') ?? 0,
    rekeySeconds: raw.integer('rekey_time') ?? 0,
    unique: raw.text('unique') ?? '',
    ...(dpdDelay === undefined ? {} : { dpdDelaySeconds: dpdDelay }),
    ...(dpdTimeout === undefined ? {} : { dpdTimeoutSeconds: dpdTimeout }),
    local: rounds('local-'),
    remote: rounds('remote-'),
    children: [...(raw.section('children')?.sections() ?? [])].map(([child, section]) =>
      parseChild(child, section),
    ),
    raw,
  };
}

function parseAuthentication(raw: Message): LoadedAuthentication {
  const id = raw.text('id');
  const caId = raw.text('ca_id');
  return {
    class: raw.text('class') ?? '',
    ...(id === undefined ? {} : { id }),
    ...(caId === undefined ? {} : { caId }),
    groups: raw.list('groups'),
    certs: raw.list('certs'),
    cacerts: raw.list('cacerts'),
    raw,
  };
}

function parseChild(name: string, raw: Message): LoadedChild {
  return {
    name,
    mode: raw.text('mode') ?? '',
    rekeySeconds: raw.integer('rekey_time') ?? 0,
    rekeyBytes: raw.bigint('rekey_bytes') ?? 0n,
    rekeyPackets: raw.bigint('rekey_packets') ?? 0n,
    dpdAction: raw.text('dpd_action') ?? '',
    closeAction: raw.text('close_action') ?? '',
    localTs: raw.list('local-ts'),
    remoteTs: raw.list('remote-ts'),
    raw,
  };
}

function parsePool(name: string, raw: Message): Pool {
  return {
    name,
    base: raw.text('base') ?? '',
    size: raw.integer('size') ?? 0,
    online: raw.integer('online') ?? 0,
    offline: raw.integer('offline') ?? 0,
    leases: [...(raw.section('leases')?.sections() ?? [])].map(([, lease]) => ({
      address: lease.text('address') ?? '',
      identity: lease.text('identity') ?? '',
      status: lease.text('status') ?? '',
    })),
  };
}
