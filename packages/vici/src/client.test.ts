import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ViciClient, type ViciClientOptions } from './client.ts';
import { collect } from './command-set.ts';
import {
  ViciClosed,
  ViciCommandError,
  ViciDisconnected,
  ViciInvalidInput,
  ViciProtocolError,
  ViciTimeout,
  ViciUnknownCommand,
  ViciUnknownEvent,
} from './errors.ts';
import { FakeDaemon } from './testing.ts';

let daemon: FakeDaemon;
const clients: ViciClient[] = [];

beforeEach(async () => {
  daemon = await FakeDaemon.listen();
  daemon.on('version', () => ({ daemon: 'charon', version: '6.0.3' }));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await daemon.close();
});

function open(options: Partial<ViciClientOptions> = {}): ViciClient {
  const reconnect = { initialMs: 1, maxMs: 2 };
  const client = new ViciClient({ socket: daemon.socket, reconnect, ...options });
  clients.push(client);
  return client;
}

/** A promise with its way to settle it, for handlers that answer when the test says so. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let openGate: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    openGate = resolve;
  });
  return { opened, open: openGate };
}

describe('calls', () => {
  test('connect on first use, and once for many', async () => {
    const client = open();
    expect(daemon.accepted).toBe(0);
    expect(client.generation).toBe(0);
    const replies = await Promise.all(Array.from({ length: 20 }, () => client.version()));
    expect(replies.every(({ version }) => version === '6.0.3')).toBe(true);
    expect(daemon.accepted).toBeLessThanOrEqual(2);
    expect(client.generation).toBe(1);
  });

  test('of the config lane arrive in the order they were made, also while connecting', async () => {
    daemon.on('load-conn', () => ({ success: true }));
    const client = open();
    const calls: Promise<void>[] = [];
    for (let n = 0; n < 50; n++) calls.push(client.loadConn(`c${String(n)}`, { version: 2 }));
    await calls[0];
    for (let n = 50; n < 60; n++) calls.push(client.loadConn(`c${String(n)}`, { version: 2 }));
    await Promise.all(calls);
    const names = daemon.received.map(({ message }) => [...message.keys()][0]);
    expect(names).toEqual(Array.from({ length: 60 }, (_, n) => `c${String(n)}`));
    expect(new Set(daemon.received.map(({ connection }) => connection)).size).toBe(1);
  });

  test('of the long lane hold up neither queries nor each other', async () => {
    const blocked = gate();
    daemon.on('initiate', async () => {
      await blocked.opened;
      return { success: true };
    });
    const client = open({ longConnections: 2 });
    const attempts = ['a', 'b', 'c'].map((child) => client.initiate({ child }));
    await daemon.until(() => daemon.received.length === 2);
    await client.version();
    expect(daemon.received.map(({ command }) => command)).toEqual([
      'initiate',
      'initiate',
      'version',
    ]);
    blocked.open();
    await Promise.all(attempts);
    expect(daemon.received.at(-1)?.message.text('child')).toBe('c');
  });

  test('that were aborted while they waited for their turn are never sent', async () => {
    const blocked = gate();
    daemon.on('initiate', async () => {
      await blocked.opened;
      return { success: true };
    });
    const client = open({ longConnections: 1 });
    const first = client.initiate({ child: 'a' });
    await daemon.until(() => daemon.received.length === 1);
    const abort = new AbortController();
    const second = client.initiate({ child: 'b', signal: abort.signal });
    const third = client.initiate({ child: 'c' });
    abort.abort(new Error('changed my mind'));
    await expect(second).rejects.toThrow('changed my mind');
    blocked.open();
    await Promise.all([first, third]);
    expect(daemon.received.map(({ message }) => message.text('child'))).toEqual(['a', 'c']);
  });

  test('that were aborted while blocking free their place without waiting', async () => {
    daemon.on('initiate', (message) =>
      message.text('child') === 'a' ? new Promise<never>(() => undefined) : { success: true },
    );
    const client = open({ longConnections: 1 });
    const abort = new AbortController();
    const first = client.initiate({ child: 'a', signal: abort.signal });
    await daemon.until(() => daemon.received.length === 1);
    abort.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await client.initiate({ child: 'b' });
    expect(client.generation).toBe(1);
  });

  test('turn success=no into an error with the words and counts of the daemon', async () => {
    daemon.on('terminate', () => ({
      success: false,
      matches: 2,
      terminated: 1,
      errmsg: 'terminating SA timed out',
    }));
    const error = await open()
      .terminate({ ike: 'site' })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ViciCommandError);
    expect(error).toMatchObject({
      code: 'vici/command-failed',
      command: 'terminate',
      errmsg: 'terminating SA timed out',
      matches: 2,
      terminated: 1,
    });
  });

  test('the daemon does not know are errors of their own', async () => {
    await expect(open().reloadSettings()).rejects.toEqual(
      new ViciUnknownCommand('reload-settings'),
    );
  });

  test('that get no answer time out; the next one uses a new connection', async () => {
    daemon.on('stats', () => undefined);
    const client = open();
    await expect(client.stats({ timeoutMs: 20 })).rejects.toBeInstanceOf(ViciTimeout);
    expect((await client.version()).version).toBe('6.0.3');
    expect(daemon.accepted).toBe(2);
    expect(client.generation).toBe(1);
  });

  test('with input that cannot be sent fail before a connection is made', async () => {
    const client = open();
    await expect(client.call('x', { ['n'.repeat(256)]: '1' })).rejects.toBeInstanceOf(
      ViciInvalidInput,
    );
    await expect(client.loadConn('n'.repeat(256), {})).rejects.toThrow(/256/);
    const wrong: object = { local_addrs: '192.0.2.1' };
    await expect(client.loadConn('site', wrong)).rejects.toThrow(/site\.local_addrs: a list/);
    expect(daemon.accepted).toBe(0);
  });

  test('leave keys to the daemon that only it can judge', async () => {
    daemon.on('load-conn', () => ({ success: true }));
    const newer: object = { from_a_later_version: '1' };
    await open().loadConn('site', newer);
    expect(daemon.received[0]?.message.section('site')?.text('from_a_later_version')).toBe('1');
  });

  test('never carry a secret into an error', async () => {
    daemon.on('load-shared', () => ({ success: false, errmsg: 'refused' }));
    const secret = { id: 's', type: 'IKE', data: Buffer.from('hunter2'), owners: [] } as const;
    const client = open();
    const refused = await client.loadShared(secret).catch((error: unknown) => error);
    const tooLong = { ...secret, data: Buffer.alloc(70_000, 'hunter2') };
    const invalid = await client.loadShared(tooLong).catch((error: unknown) => error);
    for (const error of [refused, invalid]) {
      expect(error).toBeInstanceOf(Error);
      const { stack = '' } = error instanceof Error ? error : new Error('unreachable');
      expect(stack + JSON.stringify(error)).not.toContain('hunter2');
    }
  });
});

describe('a daemon that is away', () => {
  test('fails calls at once', async () => {
    await daemon.stop();
    const client = open();
    await expect(client.version()).rejects.toBeInstanceOf(ViciDisconnected);
    await daemon.start();
    expect((await client.version()).version).toBe('6.0.3');
    expect(client.generation).toBe(1);
  });

  test('fails the calls in progress and begins a new generation when it is back', async () => {
    daemon.on('stats', () => new Promise<never>(() => undefined));
    const client = open();
    const call = client.stats();
    await daemon.until(() => daemon.received.length === 1);
    await daemon.stop();
    await expect(call).rejects.toBeInstanceOf(ViciDisconnected);
    await daemon.start();
    await client.version();
    expect(client.generation).toBe(2);
  });

  test('is noticed and told once per generation to whoever listens', async () => {
    const client = open();
    const seen: number[] = [];
    const steps = [gate(), gate(), gate()];
    const stop = client.onReset((generation) => {
      seen.push(generation);
      steps[generation - 1]?.open();
    });
    await steps[0]?.opened;
    await client.version();
    await daemon.stop();
    await daemon.start();
    await steps[1]?.opened;
    await client.version();
    expect(seen).toEqual([1, 2]);
    stop();
    await daemon.stop();
    await expect(client.version()).rejects.toBeInstanceOf(ViciDisconnected);
    await daemon.start();
    await client.version();
    expect(seen).toEqual([1, 2]);
    expect(client.generation).toBe(3);
  });

  test('with nobody listening keeps no connection open for events', async () => {
    const client = open();
    await client.version();
    expect(daemon.connections).toBe(1);
  });
});

describe('streams', () => {
  test('hand over one message after the other', async () => {
    daemon.onList('list-conns', 'list-conn', () => [{ a: { version: 'IKEv2' } }, { b: {} }]);
    const client = open();
    expect((await collect(client.listConns())).map(({ name }) => name)).toEqual(['a', 'b']);
    await client.version();
    expect(daemon.registrations('list-conn')).toBe(0);
    expect(daemon.ignored).toEqual([]);
  });

  test('run next to each other on the same event without double delivery', async () => {
    daemon.onList('list-conns', 'list-conn', () =>
      Array.from({ length: 300 }, (_, n) => ({ [`c${String(n)}`]: {} })),
    );
    const client = open({ queryConnections: 1 });
    const lists = await Promise.all([1, 2, 3].map(() => collect(client.listConns())));
    expect(lists.map((list) => list.length)).toEqual([300, 300, 300]);
    expect(daemon.accepted).toBe(1);
  });

  test('left early leave the connection in step', async () => {
    daemon.onList('list-conns', 'list-conn', () =>
      Array.from({ length: 3000 }, (_, n) => ({ [`c${String(n)}`]: {} })),
    );
    const client = open({ queryConnections: 1 });
    for await (const { name } of client.listConns()) {
      expect(name).toBe('c0');
      break;
    }
    expect((await client.version()).version).toBe('6.0.3');
    expect(daemon.accepted).toBe(1);
  });

  test('with a reader that stands still for longer than the bound still lose nothing', async () => {
    daemon.onList('list-conns', 'list-conn', () =>
      Array.from({ length: 20_000 }, (_, n) => ({ [`c${String(n)}`]: {} })),
    );
    const client = open({ maxPauseMs: 1, callTimeoutMs: 60_000 });
    const other = gate();
    let count = 0;
    for await (const { name } of client.listConns()) {
      expect(name).toBe(`c${String(count)}`);
      count += 1;
      if (count === 1) {
        // Only answered once reading goes on, since it stands behind the listing.
        void Promise.all([client.version(), client.version()]).then(other.open);
        await other.opened;
      }
    }
    expect(count).toBe(20_000);
  });

  test('end with an error when the daemon refuses or does not know', async () => {
    daemon.on('list-sas', () => ({ success: false, errmsg: 'not now' }));
    const client = open();
    await expect(collect(client.listSas())).rejects.toThrow(
      'list-sas: the daemon answered "not now"',
    );
    await expect(collect(client.listCerts())).rejects.toBeInstanceOf(ViciUnknownCommand);
    await expect(collect(client.stream('list-sas', 'no-event'))).rejects.toBeInstanceOf(
      ViciUnknownEvent,
    );
    expect(daemon.received.map(({ command }) => command)).toEqual(['list-sas']);
  });

  test('end with the reason of their signal', async () => {
    const blocked = gate();
    daemon.on('list-sas', async (_, call) => {
      call.emit('list-sa', { a: {} });
      await blocked.opened;
      return {};
    });
    const client = open();
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      for await (const sa of client.listSas({ signal: abort.signal })) {
        expect(sa.name).toBe('a');
        abort.abort(new Error('seen enough'));
      }
    };
    await expect(read()).rejects.toThrow('seen enough');
    blocked.open();
    await client.version();
  });
});

describe('closing', () => {
  test('ends calls in progress and refuses later ones', async () => {
    daemon.on('stats', () => undefined);
    const client = open();
    const call = client.stats();
    await daemon.until(() => daemon.received.length === 1);
    await client.close();
    await expect(call).rejects.toBeInstanceOf(ViciClosed);
    await expect(client.version()).rejects.toBeInstanceOf(ViciClosed);
    await expect(collect(client.listSas())).rejects.toBeInstanceOf(ViciClosed);
    expect(() => client.subscribe(['log'])).toThrow(ViciClosed);
    await daemon.until(() => daemon.connections === 0);
  });

  test('happens at the end of an await using block', async () => {
    {
      await using client = open();
      client.onReset(() => undefined);
      await client.version();
    }
    await daemon.until(() => daemon.connections === 0);
  });
});

describe('a server that is no charon', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
    server = undefined;
  });

  test('is a protocol error, not a crash', async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const listening = server;
    await new Promise<void>((resolve) => {
      listening.listen(0, '127.0.0.1', resolve);
    });
    const address = listening.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const client = open({ socket: `tcp://127.0.0.1:${String(port)}` });
    await expect(client.version()).rejects.toBeInstanceOf(ViciProtocolError);
  });
});
