// The first act: one gateway between two partners, as a person would set it up.

import { existsSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPlane } from '../data-plane.ts';
import { leftovers } from '../leftovers.ts';
import { cacheDirectory } from '../paths.ts';
import type { TunnelView } from '../sallyport.ts';
import { PARTNERS_INNER_PREFIXES, Partners } from '../topologies/partners.ts';
import { until } from '../until.ts';
import { must, step, type } from './step.ts';

const PATHS = [
  ['web1', '10.2.0.2'],
  ['web2', '10.3.0.2'],
  ['web1', 'fd0b::2'],
  ['web2', '10.20.0.2'],
] as const;

/** What there is of logs, for a demo that failed. */
export async function showPartners(): Promise<string> {
  const partners = await Partners.create({ dataPlane });
  const { lab, gateway, declarations } = partners;

  /** Runs a command as a person would type it, and shows what it prints. */
  const sallyport = (...words: string[]): Promise<void> =>
    type(gateway, words, (word) => (word === declarations ? 'partners/' : word));

  const tunnels = async (): Promise<readonly TunnelView[]> => (await gateway.report()).tunnels;

  const stateOf = async (connection: string): Promise<TunnelView | undefined> =>
    (await tunnels()).find((tunnel) => tunnel.connection === connection);

  const mustReach = async (from: 'web1' | 'web2', to: string): Promise<void> => {
    const { sent, received } = await lab.host(from).ping(to);
    process.stdout.write(
      `ping ${from} -> ${to}: ${String(received)} of ${String(sent)} answered\n`,
    );
    must(received === sent, `${from} does not reach ${to}`);
  };

  await step('Check the declarations', async () => {
    await sallyport('validate', '-f', declarations);
  });
  await step('Read the plan', async () => {
    await sallyport('plan', '-f', declarations, '--host', 'gw');
  });
  await gateway.startAgent();
  await step('Apply, and wait for the proof', async () => {
    await sallyport('apply', '-f', declarations, '--timeout', '60');
  });
  await step('All tunnels are up', async () => {
    await until(
      'all tunnels are up',
      async () => (await tunnels()).every(({ state }) => state === 'up'),
      60_000,
    );
    await sallyport('status');
  });
  await step('Hosts reach both partners, and between the gateways there is only ESP', async () => {
    const sniffer = await lab
      .host('internet')
      .sniff('gw', { innerPrefixes: PARTNERS_INNER_PREFIXES });
    for (const [from, to] of PATHS) await mustReach(from, to);
    const { esp, espInUdp, clear } = await sniffer.stop();
    process.stdout.write(
      `sniffer: ${String(esp)} ESP, ${String(espInUdp)} ESP in UDP, ${String(clear.length)} in clear\n`,
    );
    must(clear.length === 0, `in clear: ${clear.join('; ')}`);
    must(esp + espInUdp === 24, 'not every packet was encrypted');
  });
  await step(
    'The tunnel to partner A is cut: packets are dropped, none leaves in clear',
    async () => {
      const sniffer = await lab
        .host('internet')
        .sniff('gw', { innerPrefixes: PARTNERS_INNER_PREFIXES });
      await partners.partnerA.stop();
      await until(
        'the tunnel is down',
        async () => (await stateOf('partner-a'))?.state !== 'up',
        30_000,
      );
      const { received } = await lab.host('web1').ping('10.2.0.2');
      must(received === 0, 'something answered');
      const other = await lab.host('web1').ping('fd0b::2');
      must(other.received === other.sent, 'partner B lost packets');
      const { clear } = await sniffer.stop();
      process.stdout.write(
        `web1 -> 10.2.0.2: none answered; in clear: ${String(clear.length)}; partner B: nothing lost\n`,
      );
      must(clear.length === 0, `in clear: ${clear.join('; ')}`);
    },
  );
  await step('Why it is down', async () => {
    await until(
      'the cause is known',
      async () => (await stateOf('partner-a'))?.cause?.code === 'ike/no-answer',
      60_000,
    );
    const { stdout } = await gateway.run(['status', 'partner-a']);
    process.stdout.write(`$ sallyport status partner-a\n${stdout}`);
  });
  await step('Partner A is back: the tunnel recovers by itself', async () => {
    await partners.partnerA.start();
    await until(
      'the tunnel is up',
      async () => (await stateOf('partner-a'))?.state === 'up',
      90_000,
    );
    await mustReach('web1', '10.2.0.2');
  });
  await step('charon is killed: it comes back with all tunnels', async () => {
    const { pid } = JSON.parse(await readFile(gateway.host.file('run/charon.pid'), 'utf8')) as {
      pid: number;
    };
    process.kill(pid, 'SIGKILL');
    await until(
      'all tunnels are up',
      async () => (await tunnels()).every(({ state }) => state === 'up'),
      60_000,
    );
    process.stdout.write(
      `killed pid ${String(pid)}; ${String((await tunnels()).length)} tunnels up\n`,
    );
    for (const [from, to] of PATHS) await mustReach(from, to);
  });
  await step('The agent ends: the tunnels stay', async () => {
    await gateway.endAgent('SIGTERM');
    process.stdout.write('no agent runs\n');
    await mustReach('web1', '10.2.0.2');
    await gateway.startAgent();
    await until(
      'all tunnels are known again',
      async () => (await gateway.run(['status'])).status === 0,
      30_000,
    );
  });
  if (process.env['KEEP'] === '1') await keepUp();
  await step('Delete everything: nothing is left', async () => {
    await sallyport('delete', '-f', declarations);
    await gateway.endAgent('SIGTERM');
    await sallyport('agent', '--teardown');
    const left = await leftovers(gateway.host);
    const found =
      left.length === 0 ? 'no interface, route, rule, table or daemon' : left.join('; ');
    process.stdout.write(`left over: ${found}\n`);
    must(left.length === 0, `left: ${left.join('; ')}`);
  });
  const log = await gateway.log();
  await lab.close();
  return log;
}

/** Leaves the lab up until `make demo-clean`. */
async function keepUp(): Promise<void> {
  const stop = join(cacheDirectory, 'demo.stop');
  rmSync(stop, { force: true });
  process.stdout.write(`
The lab is up. Hosts are network namespaces: web1 web2 gw internet gwa hosta gwb hostb.
Look around from another shell where the lab runs on this machine's kernel:
  nsenter --target ${String(process.pid)} --all ip netns exec gw ip xfrm state
\`make demo-clean\` ends it.
`);
  await until('make demo-clean', () => Promise.resolve(existsSync(stop)), 24 * 3_600_000);
  rmSync(stop, { force: true });
}
