// One mutation: applied and proven; then the way back is sabotaged, which must show in Sallyport's own
// words and in the proof; then the way is clear, and what was asked for comes into effect by itself.

import assert from 'node:assert/strict';
import { askReport } from '../../packages/sallyport/dist/agent/control.js';
import type { HostReport } from '../../packages/sallyport/dist/status/host-report.js';
import { until } from '../until.ts';
import { type Evidence, gather } from './evidence.ts';
import { changed, type Mutation } from './mutation.ts';
import type { Proof } from './proofs.ts';
import type { Losses, Traffic } from './traffic.ts';
import type { ViciProxy } from './vici-proxy.ts';
import { DECLARATIONS, HERE, KEYS, type MutationWorld, TARGETS, type TunnelName } from './world.ts';

export interface TrialResult {
  readonly mutation: Mutation;
  /** On the tunnel that is changed, there and back. */
  readonly own: Losses;
  /** On the one that is not. */
  readonly other: Losses;
}

const PATIENCE_MILLISECONDS = 40_000;
/** Between two reports: for each of them the agent looks at everything. */
const LOOK_MILLISECONDS = 300;

/** What a mutation that broke off may have left beside the others. */
const LEFT_OVER = ['default/renamed', 'moved/tunnel', 'moved/certified'];

export class Trial {
  readonly #world: MutationWorld;
  readonly #proxy: ViciProxy;
  readonly #traffic: Readonly<Record<TunnelName, Traffic>>;
  #applied: string = DECLARATIONS;

  constructor(
    world: MutationWorld,
    proxy: ViciProxy,
    traffic: Readonly<Record<TunnelName, Traffic>>,
  ) {
    this.#world = world;
    this.#proxy = proxy;
    this.#traffic = traffic;
  }

  async run(mutation: Mutation): Promise<TrialResult> {
    const original = changed(DECLARATIONS, mutation.given ?? []);
    const mutated =
      typeof mutation.change === 'function'
        ? mutation.change(original)
        : changed(original, mutation.change);
    const pairs = [mutation.proofs, ...(mutation.more ?? [])];
    const [deletedBefore, deletedBack] = mutation.deletes ?? [[], []];
    if (this.#applied !== original) await this.#mustApply(original);
    const [own, other] = [this.#traffic[mutation.tunnel], this.#traffic.other];
    await Promise.all([own.mark(), other.mark()]);

    const before = await this.#look();
    await mutation.peer?.(this.#world, true);
    await this.#delete(deletedBefore);
    await this.#mustApply(mutated);
    const after = await this.#look();
    for (const [provesOriginal, provesChanged] of pairs) {
      provesChanged(after, before);
      if (mutation.isSilent !== true) mustFail(provesOriginal, after, after);
    }

    await mutation.peer?.(this.#world, false);
    await this.#delete(deletedBack);
    const start = await this.#look();
    await this.#sabotaged(original, mutation, start);
    await until(
      'what was held up comes into effect',
      async () => isInEffect(await this.#report()),
      PATIENCE_MILLISECONDS,
      LOOK_MILLISECONDS,
    ).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${JSON.stringify(await this.#report(), undefined, 1)}`);
    });
    // A tunnel that was cut comes up again in its own time.
    const losses = { own: await own.losses(), other: await other.losses() };
    const end = await this.#look();
    for (const [provesOriginal] of pairs) provesOriginal(end, start);
    return { mutation, ...losses };
  }

  /** After one that has failed: everything as at the beginning. */
  async recover(): Promise<void> {
    await this.#swallow(false);
    await this.#world.agreeOn(KEYS.first);
    for (const connection of LEFT_OVER) {
      const [namespace = '', name = ''] = connection.split('/');
      await this.#world.left.run(['delete', 'connection', name, '-n', namespace, ...HERE]);
    }
    await this.#mustApply(DECLARATIONS);
    await this.#world.left.untilUp(...Object.keys(TARGETS));
  }

  /** Applies while every change is swallowed on its way: nobody may take it for done. */
  async #sabotaged(text: string, mutation: Mutation, start: Evidence): Promise<void> {
    await this.#swallow(true);
    const file = await this.#world.declare(text);
    this.#applied = text;
    const isSilent = mutation.isSilent === true;
    const patience = isSilent ? [] : ['--timeout', '1'];
    const args = ['apply', '-f', file, ...HERE, ...patience];
    const { status, stdout, stderr } = await this.#world.left.run(args);
    const said = `${stdout}${stderr}`;
    // On a busy machine the command may end before the agent has come so far.
    const wanted = await this.#world.left.planRevision();
    const report = await until(
      'the agent tries what is swallowed',
      async () => {
        const last = await this.#report();
        return last?.wantedRevision === wanted ? last : undefined;
      },
      PATIENCE_MILLISECONDS,
      LOOK_MILLISECONDS,
    );
    const swallowed = [...this.#proxy.take(), ...(await this.#world.shim.take())];
    if (isSilent) {
      assert.deepEqual([status, swallowed], [0, []], said);
    } else {
      assert.ok(swallowed.length > 0, `nothing was swallowed\n${said}`);
      assert.notEqual(status, 0, `Sallyport claims what was swallowed\n${said}`);
      assert.ok(!isInEffect(report));
      assert.notDeepEqual(report.differences, []);
      const now = await this.#look();
      for (const [provesOriginal] of [mutation.proofs, ...(mutation.more ?? [])])
        mustFail(provesOriginal, now, start);
    }
    await this.#swallow(false);
  }

  async #mustApply(text: string): Promise<void> {
    const file = await this.#world.declare(text);
    await this.#world.left.mustRun(['apply', '-f', file, ...HERE]);
    this.#applied = text;
  }

  async #delete(connections: readonly string[]): Promise<void> {
    for (const connection of connections) {
      const [namespace = '', name = ''] = connection.split('/');
      await this.#world.left.mustRun(['delete', 'connection', name, '-n', namespace, ...HERE]);
    }
  }

  async #swallow(swallowing: boolean): Promise<void> {
    this.#proxy.isSwallowing = swallowing;
    await this.#world.shim.swallow(swallowing);
  }

  #look(): Promise<Evidence> {
    return gather(this.#world.left.host, this.#proxy.daemonPath);
  }

  /** A fresh one: the agent looks at everything again. */
  #report(): Promise<HostReport | undefined> {
    return askReport(this.#world.left.host.file('run/agent.sock'));
  }
}

function isInEffect(report: HostReport | undefined): boolean {
  return report?.wantedRevision !== undefined && report.wantedRevision === report.revisionInEffect;
}

/** A proof that holds of everything proves nothing. */
function mustFail(proof: Proof, now: Evidence, was: Evidence): void {
  assert.throws(() => {
    proof(now, was);
  }, 'the proof holds although nothing has changed');
}
