// What Sallyport tells of a tunnel that fails, as data and as text, and that it is told no longer once the
// fault is mended.

import assert from 'node:assert/strict';
import type { Sallyport, TunnelView } from './sallyport.ts';

export interface Told {
  readonly code: string;
  readonly message: RegExp;
  readonly hint: RegExp;
}

/** Of the connection `right`, until the agent tells it. Returns the tunnel. */
export async function untilTold(
  left: Sallyport,
  { code, message, hint }: Told,
  milliseconds = 60_000,
): Promise<TunnelView> {
  const tunnel = await left.untilTunnel(
    'right',
    `tells of ${code}`,
    ({ cause }) => cause?.code === code && message.test(cause.message),
    milliseconds,
  );
  assert.match(tunnel.cause?.hint ?? '', hint);
  const { stdout } = await left.run(['status', 'right']);
  assert.match(stdout, message);
  assert.ok(stdout.includes(`[${code}]`), stdout);
  assert.match(stdout, hint);
  return tunnel;
}

/** By itself: nobody touches Sallyport. */
export async function untilMended(left: Sallyport): Promise<void> {
  const { cause } = await left.untilTunnel(
    'right',
    'is up and tells of nothing',
    (tunnel) => tunnel.state === 'up' && tunnel.cause === undefined,
    120_000,
  );
  assert.equal(cause, undefined);
  const { status, stdout } = await left.run(['status', 'right']);
  assert.equal(status, 0);
  assert.doesNotMatch(stdout, /^ {2}(?:cause|do) /m);
}
