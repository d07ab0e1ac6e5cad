// The steps of the demo, as a person would do them. Each one holds or fails; the end counts them.

import { existsSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPlane } from './data-plane.ts';
import { cacheDirectory } from './paths.ts';
import type { TunnelView } from './sallyport.ts';
import { PARTNERS_INNER_PREFIXES, Partners } from './topologies/partners.ts';
import { until } from './until.ts';

const PATHS = [
  ['web1', '10.2.0.2'],
  ['web2', '10.3.0.2'],
  ['web1', 'fd0b::2'],
  ['web2', '10.20.0.2'],
] as const;

const results: { readonly step: string; readonly seconds: number; readonly fault?: string }[] = [];

async function step(title: string, run: () => Promise<void>): Promise<void> {
  process.stdout.write(`\n== ${String(results.length + 1)}. ${title}\n`);
  const started = performance.now();
  const fault = await run().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (fault !== undefined) process.stdout.write(`FAILED: ${fault}\n`);
  const seconds = (performance.now() - started) / 1_000;
  results.push({ step: title, seconds, ...(fault === undefined ? {} : { fault }) });
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const partners = await Partners.create({ dataPlane });
const { lab, gateway, declarations } = partners;

/** Runs a command as a person would type it, and shows what it prints. */
async function sallyport(...words: string[]): Promise<string> {
  const shown = words.map((word) => (word === declarations ? 'partners/' : word));
  process.stdout.write(`$ sallyport ${shown.join(' ')}\n`);
  const { status, stdout, stderr } = await gateway.run(words);
  process.stdout.write(stderr + stdout);
  must(status === 0, `exit code ${String(status)}`);
  return stdout;
}

async function tunnels(): Promise<readonly TunnelView[]> {
  return (await gateway.report()).tunnels;
}

async function stateOf(connection: string): Promise<TunnelView | undefined> {
  return (await tunnels()).find((tunnel) => tunnel.connection === connection);
}

async function mustReach(from: 'web1' | 'web2', to: string): Promise<void> {
  const { sent, received } = await lab.host(from).ping(to);
  process.stdout.write(`ping ${from} -> ${to}: ${String(received)} of ${String(sent)} answered\n`);
  must(received === sent, `${from} does not reach ${to}`);
}

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
  await until('the tunnel is up', async () => (await stateOf('partner-a'))?.state === 'up', 90_000);
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
if (process.env['KEEP'] === '1') await keep();
await step('Delete everything: nothing is left', async () => {
  await sallyport('delete', '-f', declarations);
  await gateway.endAgent('SIGTERM');
  await sallyport('agent', '--teardown');
  const left = [
    await gateway.host
      .mustExec('ip', ['-oneline', 'link', 'show'])
      .then((text) => text.match(/ sp[0-9a-f]{8}@/g) ?? []),
    await gateway.host
      .mustExec('ip', ['route', 'show', 'table', 'all', 'protocol', '83'])
      .then((text) => text.match(/.+/g) ?? []),
    await gateway.host
      .mustExec('ip', ['rule', 'show'])
      .then((text) => text.match(/83[0-9]0:.*/g) ?? []),
    await gateway.host
      .mustExec('nft', ['list', 'tables'])
      .then((text) => text.match(/sallyport/g) ?? []),
    existsSync(gateway.host.file('run/charon.pid')) ? ['charon'] : [],
  ].flat();
  const found = left.length === 0 ? 'no interface, route, rule, table or daemon' : left.join('; ');
  process.stdout.write(`left over: ${found}\n`);
  must(left.length === 0, `left: ${left.join('; ')}`);
});

process.stdout.write('\n');
for (const { step: title, seconds, fault } of results) {
  process.stdout.write(
    `${fault === undefined ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1).padStart(5)} s  ${title}\n`,
  );
}
const failed = results.filter(({ fault }) => fault !== undefined).length;
if (failed > 0)
  process.stdout.write(
    `\nagent's log:\n${await gateway.host.mustExec('tail', ['-40', gateway.host.file('agent.log')])}`,
  );
process.stdout.write(`${String(results.length - failed)} passed, ${String(failed)} failed\n`);
await lab.close();
process.exit(failed === 0 ? 0 : 1);

/** Leaves the lab up until `make demo-clean`. */
async function keep(): Promise<void> {
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
