// Commands that make, end and list security associations.

import { type CallOptions, firstSection } from './command-set.ts';
import { DaemonCommands } from './commands-daemon.ts';
import type { Message } from './message.ts';
import { type IkeSa, parseIkeSa } from './sa.ts';

/** Names are of configurations, ids are `uniqueId`s of SAs. */
export interface SaFilter {
  readonly ike?: string;
  readonly child?: string;
  readonly ikeId?: string;
  readonly childId?: string;
}

export interface InitiateOptions extends CallOptions {
  readonly child?: string;
  readonly ike?: string;
  /**
   * How long the daemon waits for the SA, in milliseconds; default 10,000. 0 waits without end, -1 returns
   * at once, when the answer only means that the job was queued. Our own deadline is some seconds later.
   */
  readonly timeoutMs?: number;
  /** Refuse when the daemon has too many half-open SAs or jobs. */
  readonly initLimits?: boolean;
}

export interface TerminateOptions extends CallOptions, SaFilter {
  /** Drop an IKE_SA without waiting for the peer's answer to the DELETE. */
  readonly force?: boolean;
  /** As for initiate. */
  readonly timeoutMs?: number;
}

export interface RekeyOptions extends CallOptions, SaFilter {
  /** Authenticate anew instead (IKEv2). */
  readonly reauth?: boolean;
}

export interface RedirectOptions extends CallOptions {
  /** Where the peers shall go: an address or a host name. */
  readonly gateway: string;
  readonly ike?: string;
  readonly ikeId?: string;
  /** An address, a CIDR prefix or a range. */
  readonly peerIp?: string;
  /** An identity, wildcards allowed. */
  readonly peerId?: string;
}

export interface ListSasOptions extends CallOptions, SaFilter {
  /** Skip SAs that another thread works on: absent then does not mean down. */
  readonly noblock?: boolean;
}

export interface ListPoliciesOptions extends CallOptions {
  readonly child?: string;
  readonly ike?: string;
  /** Which kinds to list; default all three. */
  readonly kinds?: readonly ('trap' | 'drop' | 'pass')[];
}

export interface InstalledPolicy {
  /** `ike/child`, or `child` alone. */
  readonly key: string;
  readonly child: string;
  readonly ike?: string;
  readonly mode: string;
  readonly reqid?: number;
  readonly label?: string;
  readonly localTs: readonly string[];
  readonly remoteTs: readonly string[];
  readonly raw: Message;
}

const DEFAULT_WAIT_MS = 10_000;
/** Added to the daemon's own waiting before a missing answer counts as lost. */
const MARGIN_MS = 5_000;
/** Largest delay of a Node.js timer; stands for "no deadline". */
const MAX_TIMER_MS = 2 ** 31 - 1;

export abstract class SaCommands extends DaemonCommands {
  /** Begins a CHILD_SA (or an IKE_SA alone) and waits for it. Beginning it twice makes two of it. */
  async initiate(options: InitiateOptions): Promise<void> {
    const { child, ike, timeoutMs = DEFAULT_WAIT_MS, initLimits } = options;
    await this.call(
      'initiate',
      { child, ike, timeout: timeoutMs, 'init-limits': initLimits, loglevel: -1 },
      waiting(timeoutMs, options),
    );
  }

  /** Ends SAs, one after the other. No match is a `ViciCommandError`. */
  async terminate(
    options: TerminateOptions,
  ): Promise<{ readonly matches: number; readonly terminated: number }> {
    const { force, timeoutMs = DEFAULT_WAIT_MS } = options;
    const reply = await this.call(
      'terminate',
      { ...filter(options), force, timeout: timeoutMs, loglevel: -1 },
      waiting(timeoutMs, options),
    );
    return {
      matches: reply.integer('matches') ?? 0,
      terminated: reply.integer('terminated') ?? 0,
    };
  }

  /** Queues a rekeying; resolves with the number of SAs that matched. */
  async rekey(options: RekeyOptions): Promise<number> {
    const reply = await this.call(
      'rekey',
      { ...filter(options), reauth: options.reauth },
      callOptions(options),
    );
    return reply.integer('matches') ?? 0;
  }

  /** Sends peers that began an IKEv2 SA to another gateway (RFC 5685). */
  async redirect(options: RedirectOptions): Promise<number> {
    const { gateway, ike, ikeId, peerIp, peerId } = options;
    const reply = await this.call(
      'redirect',
      { gateway, ike, 'ike-id': ikeId, 'peer-ip': peerIp, 'peer-id': peerId },
      callOptions(options),
    );
    return reply.integer('matches') ?? 0;
  }

  /** Installs the trap, drop or pass policy of a child. */
  async install(child: string, ike?: string, options?: CallOptions): Promise<void> {
    await this.call('install', { child, ike }, options);
  }

  /** Removes such a policy; without `ike` of the first connection that has it. SAs stay. */
  async uninstall(child: string, ike?: string, options?: CallOptions): Promise<void> {
    await this.call('uninstall', { child, ike }, options);
  }

  async *listSas(options: ListSasOptions = {}): AsyncGenerator<IkeSa, void, undefined> {
    // Any value of noblock counts as set, so it must be left out when unwanted.
    const noblock = options.noblock === true ? true : undefined;
    const request = { ...filter(options), noblock };
    for await (const message of this.stream('list-sas', 'list-sa', request, callOptions(options))) {
      const section = firstSection(message);
      if (section !== undefined) yield parseIkeSa(...section);
    }
  }

  async *listPolicies(
    options: ListPoliciesOptions = {},
  ): AsyncGenerator<InstalledPolicy, void, undefined> {
    const { child, ike, kinds = ['trap', 'drop', 'pass'] } = options;
    const request = {
      child,
      ike,
      ...Object.fromEntries(kinds.map((kind) => [kind, true])),
    };
    const messages = this.stream('list-policies', 'list-policy', request, callOptions(options));
    for await (const message of messages) {
      const section = firstSection(message);
      if (section !== undefined) yield parsePolicy(...section);
    }
  }
}

function parsePolicy(key: string, raw: Message): InstalledPolicy {
  const ike = raw.text('ike');
  const reqid = raw.integer('reqid');
  const label = raw.text('label');
  return {
    key,
    child: raw.text('child') ?? key.slice(key.indexOf('/') + 1),
    ...(ike === undefined ? {} : { ike }),
    mode: raw.text('mode') ?? '',
    ...(reqid === undefined ? {} : { reqid }),
    ...(label === undefined ? {} : { label }),
    localTs: raw.list('local-ts'),
    remoteTs: raw.list('remote-ts'),
    raw,
  };
}

function filter(options: SaFilter): {
  readonly ike: string | undefined;
  readonly child: string | undefined;
  readonly 'ike-id': string | undefined;
  readonly 'child-id': string | undefined;
} {
  const { ike, child, ikeId, childId } = options;
  return { ike, child, 'ike-id': ikeId, 'child-id': childId };
}

function callOptions(options: CallOptions): CallOptions {
  const { signal, timeoutMs, lane } = options;
  return { signal, timeoutMs, lane };
}

/** Deadline and lane of a call that the daemon may hold back on purpose. */
function waiting(waitMs: number, options: CallOptions): CallOptions {
  const { signal, lane } = options;
  // Not blocking: it keeps its place behind the load-conn before it.
  if (waitMs < 0) return { signal, lane: lane ?? 'config' };
  const deadlineMs = waitMs === 0 ? MAX_TIMER_MS : Math.min(waitMs + MARGIN_MS, MAX_TIMER_MS);
  return { signal, timeoutMs: deadlineMs, lane: lane ?? 'long' };
}
