/** Since when each tunnel is in its state. */

import type { TunnelReading } from '../drivers/strongswan/parse.ts';
import type { Cause, TunnelReport, TunnelState } from '../status/host-report.ts';

export class TunnelHistory {
  readonly #entered = new Map<string, { readonly state: TunnelState; readonly since: string }>();
  /** Since when a tunnel is not known; what was known last stands again when the daemon answers. */
  readonly #unknown = new Map<string, string>();

  /** The reading with its history. At first sight an SA that is up has been so since it was made. */
  complete(reading: TunnelReading, cause: Cause | undefined, now: Date): TunnelReport {
    // A tunnel that has failed is down until it is up, however often it is tried in between.
    const isRetry = reading.state === 'connecting' && cause !== undefined;
    const state = isRetry ? 'down' : reading.state;
    if (state === 'unknown') return this.#completeUnknown(reading, cause, now);
    this.#unknown.delete(reading.name);
    const before = this.#entered.get(reading.name);
    const age = before === undefined && state === 'up' ? (reading.ike?.establishedSeconds ?? 0) : 0;
    const since =
      before?.state === state ? before.since : new Date(now.getTime() - age * 1000).toISOString();
    this.#entered.set(reading.name, { state, since });
    const isShown = cause !== undefined && state !== 'disabled';
    return { ...reading, state, since, ...(isShown ? { cause } : {}) };
  }

  #completeUnknown(reading: TunnelReading, cause: Cause | undefined, now: Date): TunnelReport {
    const since = this.#unknown.get(reading.name) ?? now.toISOString();
    this.#unknown.set(reading.name, since);
    return { ...reading, since, ...(cause === undefined ? {} : { cause }) };
  }

  /** Forgets tunnels that the plan no longer has. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const known of [this.#entered, this.#unknown])
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
  }
}
