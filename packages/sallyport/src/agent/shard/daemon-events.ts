/** What the daemon tells by itself: changes of SAs, log lines, and alerts where it has them. */
import {
  parseSaEvent,
  type SaEvent,
  type ViciClient,
  type ViciEvent,
  ViciUnknownEvent,
} from '@sallyport/vici';
import type { Log } from '../log.ts';
import type { LogLine } from './failures.ts';

const SA_EVENTS = ['ike-updown', 'ike-update', 'child-updown', 'ike-rekey', 'child-rekey', 'log'];

export interface DaemonEventsOptions {
  readonly client: {
    subscribe(...args: Parameters<ViciClient['subscribe']>): AsyncIterable<ViciEvent>;
  };
  readonly log: Log;
  /** Anything may be different. `isNew`: in a new life of the daemon everything is. */
  readonly onChange: (isNew: boolean) => void;
  /** From now on nothing is told of SAs. */
  readonly onDeaf: () => void;
  readonly onSa: (event: SaEvent) => void;
  readonly onLog: (line: LogLine) => void;
  /** `ikeName`: connection of the SA that the alert is about. */
  readonly onAlert: (alert: string, ikeName: string) => void;
}

/** Ends with the signal, or for good where the daemon lacks an event. */
export async function followDaemonEvents(
  options: DaemonEventsOptions,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([followSas(options, signal), followAlerts(options, signal)]);
}

async function followSas(
  { client, log, onChange, onDeaf, onSa, onLog }: DaemonEventsOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const event of client.subscribe(SA_EVENTS, { signal, limit: 100_000 })) {
      if (event.type !== 'event') {
        // Or events were missed.
        onChange(event.type === 'reset');
        continue;
      }
      const parsed = readEvent(event);
      if (parsed?.type === 'log') onLog(parsed);
      else if (parsed === undefined) onChange(false);
      else onSa(parsed);
    }
  } catch (error) {
    if (signal.aborted) return;
    onDeaf();
    const isOld = error instanceof ViciUnknownEvent;
    log.warn(
      { error: String(error) },
      isOld ? 'the daemon lacks an event; going on by timer' : 'events ended; going on by timer',
    );
  }
}

/** Undefined where it tells nothing that can be understood. */
function readEvent({ name, message }: Extract<ViciEvent, { type: 'event' }>): SaEvent | undefined {
  try {
    return parseSaEvent(name, message);
  } catch {
    return undefined;
  }
}

/** Since strongSwan 6.0.3. Before it, and where they end, the log alone tells. */
async function followAlerts(
  { client, log, onAlert }: DaemonEventsOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const event of client.subscribe(['alert'], { signal })) {
      if (event.type !== 'event') continue;
      const parsed = readEvent(event);
      if (parsed?.type === 'alert' && parsed.sa !== undefined)
        onAlert(parsed.alert, parsed.sa.name);
    }
  } catch (error) {
    if (signal.aborted) return;
    log.debug({ error: String(error) }, 'no alerts from the daemon; its log tells of failures');
  }
}
