// Edit after edit of one tunnel under a stream of packets: none is lost, on it or on another.
// Its whole length is the measurement of `docs/benchmarks.md`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { atLength } from '../length.ts';
import { changed, type Mutation } from '../mutations/mutation.ts';
import { classOf } from '../mutations/results.ts';
import { MUTATIONS } from '../mutations/table.ts';
import { type Losses, Traffic } from '../mutations/traffic.ts';
import { DECLARATIONS, HERE, MutationWorld, TARGETS } from '../mutations/world.ts';
import { assertNoneLost } from '../none-lost.ts';
import { PacketFlow } from '../packet-flow.ts';

const EDITS = atLength({ whole: 100, short: 10 });
/** Through the tunnel that is edited: half of them in each direction. */
const PACKETS_PER_SECOND = 1_000;
const HERE_ADDRESS = '10.1.0.2';

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
    const [here, there] = [lab.host('hosta'), lab.host('hostb')];
    const other = await Traffic.start(here, TARGETS.other, 0.01);
    await other.mark();
    const flows = await Promise.all([
      PacketFlow.start(here, there, TARGETS.tunnel, PACKETS_PER_SECOND / 2),
      PacketFlow.start(there, here, HERE_ADDRESS, PACKETS_PER_SECOND / 2),
    ]);
    const start = performance.now();
    for (const mutation of pick(EDITS / 2)) {
      for (const isChanged of [true, false]) {
        await mutation.peer?.(world, isChanged);
        assert.ok(typeof mutation.change !== 'function');
        const text = isChanged ? changed(DECLARATIONS, mutation.change) : DECLARATIONS;
        const file = await world.declare(text);
        await left.mustRun(['apply', '-f', file, ...HERE, '--timeout', '25']);
      }
    }
    const seconds = (performance.now() - start) / 1_000;
    const [out, back] = await Promise.all(flows.map((flow) => flow.stop()));
    const theirs = await other.losses();
    assert.ok(out && back);
    const line = ({ sent, lost }: Losses): string =>
      `${String(lost)} of ${String(sent)} (${(sent / seconds).toFixed(0)}/s)`;
    context.diagnostic(
      `${String(EDITS)} edits in ${seconds.toFixed(0)} s; lost ${line(out)} there, ${line(back)} back, on another tunnel ${line(theirs)}`,
    );
    assertNoneLost(out, back);
    assert.equal(theirs.lost, 0);
  });
});
