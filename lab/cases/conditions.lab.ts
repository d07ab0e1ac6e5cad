// Conditions of declared objects follow what is really there, and outlive the agent.

// lab: any kernel

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ConditionView } from '../sallyport.ts';
import { LeftAndStranger, TO_RIGHT } from '../topologies/left-and-stranger.ts';
import { until } from '../until.ts';

/** Between two looks: in a guest the start of the command alone takes half a second. */
const LOOK_MILLISECONDS = 1_000;

describe('the conditions of a connection', () => {
  let site: LeftAndStranger;

  before(async () => {
    site = await LeftAndStranger.create();
  });
  after(async () => {
    await site.lab.close();
  });

  const untilIs = (type: string, words: string, milliseconds = 60_000): Promise<ConditionView> =>
    until(
      `${type} is ${words}`,
      async () => {
        const condition = await site.left.condition('connection', 'right', type);
        return `${condition.status} ${condition.reason}` === words ? condition : undefined;
      },
      milliseconds,
      LOOK_MILLISECONDS,
    );

  test('say that it is in effect and up, in a table as well', async () => {
    const table = await site.left.mustRun(['get', 'connections']);
    assert.match(table, /^KIND +NAME +GENERATION +ACCEPTED +PROGRAMMED +ESTABLISHED +HEALTHY\n/);
    assert.match(
      table,
      /\nConnection +default\/right +1 +True +True +True +Unknown \(NoTraffic\)\n$/,
    );
  });

  test('say which way packets go', async () => {
    const hostb = site.lab.host('hostb');
    assert.ok(await site.carries());
    await untilIs('Healthy', 'True BothWays');
    const silence =
      'table inet silent { chain in { type filter hook input priority 0; icmp type echo-request drop; }; }';
    await hostb.mustExec('nft', ['-f', '-'], { input: `${silence}\n` });
    const ping = site.lab.host('hosta').spawn('ping', ['-n', '-q', '-i', '0.5', '10.2.0.2']);
    await untilIs('Healthy', 'False OneWay', 120_000);
    await hostb.mustExec('nft', ['delete', 'table', 'inet', 'silent']);
    await untilIs('Healthy', 'True BothWays');
    ping.kill();
  });

  test('hold since they began to, whichever agent looks', async () => {
    const before = await site.left.conditions('connection', 'right');
    await site.left.endAgent('SIGKILL');
    await site.left.startAgent();
    assert.deepEqual(await site.left.conditions('connection', 'right'), before);
  });

  test('speak of the generation that is in effect', async () => {
    const disabled = await site.left.declare('disabled', `${TO_RIGHT}  adminState: disabled\n`);
    await site.left.mustRun(['apply', '-f', disabled]);
    await untilIs('Established', 'Unknown Disabled');
    const programmed = await site.left.condition('connection', 'right', 'Programmed');
    assert.deepEqual([programmed.status, programmed.observedGeneration], ['True', 2]);
    const secret = await site.left.condition('secret', 'key', 'Programmed');
    assert.deepEqual([secret.status, secret.observedGeneration], ['True', 1]);
  });

  test('name the cause where nothing comes up', async () => {
    await site.left.mustRun(['apply', '-f', site.file]);
    await untilIs('Established', 'True Established');
    await site.stranger.stop();
    const { message } = await untilIs('Established', 'False Down');
    assert.match(message, /^sp\.default\.right\.main is down: .* \[ike\/[a-z-]+\]$/);
    await untilIs('Healthy', 'False NotEstablished');
  });
});
