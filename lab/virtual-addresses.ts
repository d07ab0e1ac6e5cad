// The keepalived driver on a host of the lab, alone: `node virtual-addresses.ts DIRECTORY ACTION [USABILITY REASON]`,
// with the virtual routers as JSON on standard input. Each call is a life of an agent.

import { text } from 'node:stream/consumers';
import { formatChange } from '../packages/sallyport/dist/drivers/driver.js';
import { KeepalivedDriver } from '../packages/sallyport/dist/drivers/keepalived/driver.js';
import type { Usability } from '../packages/sallyport/dist/drivers/keepalived/usability.js';
import type { VrrpPlan } from '../packages/sallyport/dist/plan/vrrp-plan.js';
import { systemCommands } from '../packages/sallyport/dist/platform/linux/command.js';

const [directory = '', action, usability, reason = ''] = process.argv.slice(2);
const routers = JSON.parse(await text(process.stdin)) as VrrpPlan[];
const driver = new KeepalivedDriver({ directory, commands: systemCommands });
const { signal } = new AbortController();

async function apply(): Promise<string[]> {
  const changes = driver.diff(await driver.observe(signal), routers);
  const { failed } = await driver.apply(changes, signal);
  for (const { error } of failed) throw new Error(error);
  return changes.map(formatChange);
}

async function answer(): Promise<unknown> {
  switch (action) {
    case 'apply':
      return apply();
    case 'usability':
      for (const router of routers)
        await driver.setUsability(router, usability as Usability, reason, signal);
      return undefined;
    case 'report':
      return driver.report(routers, signal);
    case 'keep':
      for (;;) {
        await apply();
        await driver.untilGone(signal);
      }
    case 'clean':
      return driver.cleanUp(signal);
    default:
      throw new Error(`no action ${String(action)}`);
  }
}

process.stdout.write(JSON.stringify((await answer()) ?? null));
