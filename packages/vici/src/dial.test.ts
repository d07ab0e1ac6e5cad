import { expect, test } from 'vitest';
import { Dialer } from './dial.ts';
import { ViciDisconnected } from './errors.ts';
import { FakeDaemon } from './testing.ts';

test('a daemon that is away is told by the address, and the next dial is free to succeed', async () => {
  await using daemon = await FakeDaemon.listen();
  const path = daemon.socket.slice('unix://'.length);
  await daemon.stop();
  const dialer = new Dialer({ path }, daemon.socket, 1000);
  const attempts = await Promise.allSettled([dialer.dial(), dialer.dial()]);
  for (const attempt of attempts) {
    const error: unknown = attempt.status === 'rejected' ? attempt.reason : undefined;
    expect(error).toBeInstanceOf(ViciDisconnected);
    expect(error).toMatchObject({
      message: `cannot connect to ${daemon.socket}`,
      retry: 'dependency',
    });
  }
  await daemon.start();
  const socket = await dialer.dial();
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});
