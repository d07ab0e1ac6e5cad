// What must not cost a packet, on a machine that may stand still itself.

import assert from 'node:assert/strict';
import { STALL_MILLISECONDS } from './stalls.ts';

export interface Loss {
  /** How many, or which ones. */
  readonly lost: number | readonly number[];
  /** How many the machine itself may have cost. */
  readonly excused: number;
}

/**
 * A packet on an SA that is not installed yet is held for a tenth of a second: where the machine stands still for
 * longer, what comes in that time is lost whatever runs there.
 */
export function excusedPackets(stalledMilliseconds: number, packetsPerSecond: number): number {
  if (stalledMilliseconds < STALL_MILLISECONDS) return 0;
  return Math.ceil((stalledMilliseconds * packetsPerSecond) / 1_000);
}

export function assertNoneLost(...losses: readonly Loss[]): void {
  for (const { lost, excused } of losses) {
    const count = typeof lost === 'number' ? lost : lost.length;
    assert.ok(
      count <= excused,
      `${String(count)} packets lost, ${String(excused)} excused: ${String(lost)}`,
    );
  }
}
