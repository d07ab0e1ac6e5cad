import { setTimeout as delay } from 'node:timers/promises';

/** Over when the time is, or the signal is given: who goes on then looks at the signal. Nothing below 0 is waited for. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, milliseconds), undefined, { signal }).catch(() => undefined);
}
