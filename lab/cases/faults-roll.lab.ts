// An agent that dies while a changed tunnel is exchanged, between any two steps: the next one finishes
// the exchange, with one tunnel in the end, and not one packet is lost on the way.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { KEY } from '../declarations/left-site.ts';
import { leftovers } from '../leftovers.ts';
import { assertNoneLost } from '../none-lost.ts';
import { lossLine, startPingStream } from '../ping-stream.ts';
import { LeftAndStranger, TO_RIGHT } from '../topologies/left-and-stranger.ts';
import { until } from '../until.ts';

const CHARON_LOG = 'run/charon.log';
const LINK_LOG = 'links.log';

/** By which line of which log a step shows. */
const STEPS: readonly (readonly [what: string, log: string, line: RegExp])[] = [
  ['the new configuration is loaded', CHARON_LOG, /(?:replaced|updated) vici connection: sp\./],
  ['packets of the peer begin to be held', LINK_LOG, /\bsph83\d\d:/],
  ['the new SA is initiated', CHARON_LOG, /initiating IKE_SA sp\./],
  ['the new SA is up beside the old one', CHARON_LOG, /CHILD_SA v4\{\d+\} established/],
  ['the old SA is retired', CHARON_LOG, /deleting IKE_SA sp\./],
];

const INTERVAL_SECONDS = 0.002;
/** Between two looks at a log: an exchange takes some hundred times as long. */
const LOOK_MILLISECONDS = 2;

describe('an agent that dies in the middle of an exchange', () => {
  let site: LeftAndStranger;
  let delaySeconds = 10;

  before(async () => {
    site = await LeftAndStranger.create();
    const { host } = site.left;
    host.spawn('ip', ['monitor', 'link'], { outputFile: host.file(LINK_LOG) });
  });
  after(async () => {
    await site.lab.close();
  });

  const read = (log: string): Promise<string> =>
    readFile(site.left.host.file(log), 'utf8').catch(() => '');
  /** Returns as soon as the line stands in what is written from now on. */
  const appears = async (log: string, line: RegExp): Promise<void> => {
    const { length } = await read(log);
    const end = performance.now() + 60_000;
    while (!line.test((await read(log)).slice(length))) {
      assert.ok(performance.now() < end, `no ${String(line)} in ${log}`);
      await delay(LOOK_MILLISECONDS);
    }
  };
  const ikeSas = async (): Promise<readonly string[]> =>
    (await site.left.swanctl(['--list-sas', '--raw'])).match(/(?<=\{sp\.\S+ \{uniqueid=)\d+/g) ??
    [];

  for (const [step, log, line] of STEPS) {
    test(`when ${step}, leaves an exchange that the next one finishes`, async (context) => {
      const { left, lab } = site;
      const before = await left.tunnel('right');
      const { agent } = await left.report();
      delaySeconds += 1;
      const file = await left.declare(
        'site',
        `${TO_RIGHT}  liveness: {delaySeconds: ${String(delaySeconds)}}\n`,
        { key: KEY },
      );
      const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', INTERVAL_SECONDS);
      const dying = appears(log, line).then(() => process.kill(agent.pid, 'SIGKILL'));
      const applying = left.run(['apply', '-f', file, '--timeout', '1']);
      await dying;
      await applying;
      const found = await ikeSas();
      await left.startAgent();
      await left.untilAsDeclared();
      await until('one IKE SA is left', async () => (await ikeSas()).length === 1, 10_000);
      const [last] = await ikeSas();
      const tunnel = await left.tunnel('right');
      assert.equal(tunnel.ike?.uniqueId, last);
      assert.notEqual(last, before.ike?.uniqueId);
      assert.equal(tunnel.children.length, 1);
      // What the first agent has brought up is taken over, not made once more.
      if (step.startsWith('the new SA is up') || step.startsWith('the old'))
        assert.ok(found.includes(last ?? ''));
      await until(
        'no packet is held any more',
        async () => (await left.host.mustExec('ip', ['link', 'show', 'type', 'ifb'])) === '',
        5_000,
      );
      assert.deepEqual(
        (await leftovers(left.host)).filter((name) => name.startsWith('sph')),
        [],
      );
      const result = await stream.stop();
      context.diagnostic(`${found.length} IKE SAs when it was dead; ${lossLine(result)}`);
      assertNoneLost(result);
    });
  }
});
