// Edit after edit of one tunnel under a stream of packets: none is lost, on it or on another.
// Its whole length is the measurement of `docs/benchmarks.md`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { atLength } from '../length.ts';
import { changed, type Mutation } from '../mutations/mutation.ts';
import { classOf } from '../mutations/results.ts';
import { MUTATIONS } from '../mutations/table.ts';
import { Traffic } from '../mutations/traffic.ts';
import { DECLARATIONS, HERE, MutationWorld, TARGETS } from '../mutations/world.ts';

const EDITS = atLength({ whole: 100, short: 10 });

/** All kinds of edits of the tunnel that may lose nothing; each is made and taken back. */
const LOSSLESS = MUTATIONS.filter(
  ({ fields, tunnel, isSilent, altersPolicy }) =>
    tunnel === 'tunnel' &&
    isSilent !== true &&
    altersPolicy !== true &&
    fields.every((field) => classOf(field) !== 'cut'),
);

/** From all over the table where there is no time for every one. */
function pick(count: number): readonly Mutation[] {
  const step = Math.max(1, LOSSLESS.length / count);
  return Array.from({ length: count }, (_, index) => {
    const found = LOSSLESS[Math.floor(index * step) % LOSSLESS.length];
    assert.ok(found);
    return found;
  });
}

describe('a tunnel that is edited again and again', () => {
  test(`loses no packet, and no other does: ${String(EDITS)} edits`, async (context) => {
    await using world = await MutationWorld.create();
    const { lab, left } = world;
    const own = await Traffic.start(lab.host('hosta'), TARGETS.tunnel, 0.001);
    const other = await Traffic.start(lab.host('hosta'), TARGETS.other, 0.01);
    const start = performance.now();
    await Promise.all([own.mark(), other.mark()]);
    for (const mutation of pick(EDITS / 2)) {
      for (const isChanged of [true, false]) {
        await mutation.peer?.(world, isChanged);
        assert.ok(typeof mutation.change !== 'function');
        const text = isChanged ? changed(DECLARATIONS, mutation.change) : DECLARATIONS;
        const file = await world.declare(text);
        await left.mustRun(['apply', '-f', file, ...HERE, '--timeout', '25']);
      }
    }
    const [ours, theirs] = [await own.losses(), await other.losses()];
    const seconds = (performance.now() - start) / 1_000;
    const rate = (sent: number): string => `${String(sent)} (${(sent / seconds).toFixed(0)}/s)`;
    context.diagnostic(
      `${String(EDITS)} edits in ${seconds.toFixed(0)} s; lost ${String(ours.lost)} of ${rate(ours.sent)}, on another tunnel ${String(theirs.lost)} of ${rate(theirs.sent)}`,
    );
    assert.deepEqual([ours.lost, theirs.lost], [0, 0]);
  });
});
