/** One change of state. Plain data. */
import type { EventReason } from './event-reasons.ts';

export interface EventObject {
  /** `Host`, or the kind of a declared object. */
  readonly kind: string;
  /** Absent for the host itself. */
  readonly namespace?: string;
  readonly name: string;
  readonly tunnel?: string;
  /** IKE daemon of the host; absent: its own one, or the host as a whole. */
  readonly shard?: string;
  /** Of a BGP session: its address, and what it is. */
  readonly neighbor?: string;
}

export interface EventCause {
  readonly code: string;
  readonly message: string;
}

export interface Event {
  /** RFC 3339. */
  readonly at: string;
  readonly host: string;
  readonly reason: EventReason;
  readonly object: EventObject;
  /** State, revision, version or id, whatever the reason is about. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly cause?: EventCause | undefined;
}

/** What a comparison of two reports tells; when and where is that of the second. */
export type Happening = Omit<Event, 'at' | 'host'>;
