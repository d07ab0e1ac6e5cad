// Records a conversation with a real charon for the unit tests:
//
//   node --conditions=@sallyport/source packages/vici/lab/record.ts >packages/vici/src/testdata/charon-VERSION.rec
//
// A proxy between client and daemon writes every packet down, connection by connection.

import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { collect, ViciClient } from '../src/index.ts';
import { Framer } from '../src/packet.ts';
import { startPair, tunnel } from './pair.ts';

const [here, there] = await startPair();
const connections: string[][] = [];
const daemonPath = here.socket.slice('unix://'.length);
const proxyPath = join(daemonPath, '..', 'proxy');
const proxy = createServer((client) => {
  const lines: string[] = [];
  connections.push(lines);
  const daemon = connect({ path: daemonPath });
  const tap = (direction: string): ((chunk: Uint8Array) => void) => {
    const framer = new Framer();
    return (chunk) => {
      framer.push(chunk, (segment) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(segment.length);
        lines.push(`${direction} ${length.toString('hex')}${Buffer.from(segment).toString('hex')}`);
      });
    };
  };
  client.on('data', tap('>'));
  daemon.on('data', tap('<'));
  // The client simply hangs up when it is done.
  client.on('error', () => daemon.destroy());
  daemon.on('error', () => client.destroy());
  client.pipe(daemon);
  daemon.pipe(client);
});
await new Promise<void>((resolve) => {
  proxy.listen(proxyPath, resolve);
});

const client = new ViciClient({ socket: proxyPath });
const { version } = await client.version();
await client.loadConn('site', tunnel('10.0.0.1', '10.0.0.2', 1, 2));
const names = ['ike-updown', 'ike-rekey', 'child-updown', 'child-rekey'];
const subscription = client.subscribe(names);
const events = subscription[Symbol.asyncIterator]();
await events.next();

async function until(name: string): Promise<void> {
  for (;;) {
    const { value } = await events.next();
    if (value?.type === 'event' && value.name === name) return;
  }
}

await client.getConns();
await collect(client.listConns());
await client.install('net', 'site');
await collect(client.listPolicies());
await client.initiate({ child: 'net', ike: 'site' });
await until('child-updown');
await collect(client.listSas());
await client.rekey({ child: 'net' });
await until('child-rekey');
await client.rekey({ ike: 'site' });
await until('ike-rekey');
await client.terminate({ ike: 'site' });
await until('ike-updown');
await client.stats();
await client.getAlgorithms();
await client.getCounters('site');
await client.supports('alert');
await client.call('no-such-command').catch(() => undefined);
subscription.close();
await client.close();
proxy.close();
await here[Symbol.asyncDispose]();
await there[Symbol.asyncDispose]();

console.log(`# Recorded from charon-systemd ${version} by lab/record.ts.`);
for (const [index, lines] of connections.entries()) {
  console.log(`# connection ${String(index + 1)}`);
  for (const line of lines) console.log(line);
}
