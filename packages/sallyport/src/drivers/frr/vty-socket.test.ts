import { describe, expect, it, vi } from 'vitest';
import { answer, FakeVty, type VtyAnswer } from './testing/fake-vty.ts';
import { VtySocket } from './vty-socket.ts';

const { signal } = new AbortController();

interface Talk {
  readonly fake: FakeVty;
  readonly vty: VtySocket;
  readonly onEnd: ReturnType<typeof vi.fn<() => void>>;
}

async function talk(
  respond: (line: string) => VtyAnswer,
  test: (talk: Talk) => Promise<void>,
): Promise<void> {
  await using fake = await FakeVty.listen(respond);
  const onEnd = vi.fn<() => void>();
  const vty = new VtySocket({ daemon: 'bgpd', path: fake.path, onEnd, answerMilliseconds: 300 });
  try {
    await test({ fake, vty, onEnd });
  } finally {
    vty.close();
  }
}

describe('what a command shows', () => {
  it('comes over one connection, which is made once', () =>
    talk(
      (line) => (line === 'enable' ? '' : `answer to ${line}`),
      async ({ fake, vty }) => {
        expect(await vty.show('show version', signal)).toBe('answer to show version');
        expect(await vty.show('show bgp', signal)).toBe('answer to show bgp');
        expect(fake.lines).toEqual(['enable', 'show version', 'show bgp']);
      },
    ));

  it('may be long, and come in any pieces', () =>
    talk(
      () => 'x'.repeat(300_000),
      async ({ vty }) => {
        expect(await vty.show('show bgp', signal)).toHaveLength(300_000);
      },
    ));

  it('is asked for one after another', () =>
    talk(
      (line) => line,
      async ({ vty }) => {
        const commands = ['a', 'b', 'c'];
        const shown = await Promise.all(commands.map((command) => vty.show(command, signal)));
        expect(shown).toEqual(commands);
      },
    ));

  it('with a warning is taken', () =>
    talk(
      () => answer('{}', 1),
      async ({ vty }) => {
        expect(await vty.show('show bgp summary json', signal)).toBe('{}');
      },
    ));

  it('that is refused is an error with what was said', () =>
    talk(
      (line) => (line === 'enable' ? '' : answer('% [BGP] Unknown command: bogus\n', 2)),
      async ({ vty }) => {
        await expect(vty.show('bogus', signal)).rejects.toThrow(
          'bgpd: bogus: % [BGP] Unknown command: bogus',
        );
      },
    ));
});

describe('lines of the configuration', () => {
  it('are typed between its beginning and its end', () =>
    talk(
      () => '',
      async ({ fake, vty }) => {
        await vty.configure([{ text: 'router bgp 65001' }, { text: 'exit' }], signal);
        expect(fake.lines).toEqual([
          'enable',
          'configure terminal',
          'router bgp 65001',
          'exit',
          'end',
        ]);
      },
    ));

  it('end with the first one that is refused', () =>
    talk(
      (line) => (line === 'two' ? answer('', 13) : ''),
      async ({ fake, vty }) => {
        const lines = ['one', 'two', 'three'].map((text) => ({ text }));
        await expect(vty.configure(lines, signal)).rejects.toThrow(
          'bgpd: two: refused with status 13',
        );
        expect(fake.lines.slice(2)).toEqual(['one', 'two', 'end']);
        expect(await vty.show('show version', signal)).toBe('');
      },
    ));

  it('with a secret tell why it was not taken', () =>
    talk(
      (line) => (line.includes('password') ? answer('% Error while applying TCP-Sig\n', 13) : ''),
      async ({ vty }) => {
        const line = { text: 'neighbor 192.0.2.1 password', secret: 'tell-nobody' };
        await expect(vty.configure([line], signal)).rejects.toThrow(
          'bgpd: neighbor 192.0.2.1 password: % Error while applying TCP-Sig',
        );
      },
    ));

  it('with a secret never tell it', () =>
    talk(
      (line) => (line.includes('password') ? answer(`% Unknown command: ${line}`, 2) : ''),
      async ({ fake, vty }) => {
        const line = { text: 'neighbor 192.0.2.1 password', secret: 'tell-nobody' };
        const error: unknown = await vty
          .configure([line], signal)
          .catch((reason: unknown) => reason);
        expect(String(error)).toBe(
          'VtyError: bgpd: neighbor 192.0.2.1 password: refused with status 2',
        );
        expect(fake.lines).toContain('neighbor 192.0.2.1 password tell-nobody');
      },
    ));
});

describe('a daemon', () => {
  it('that is not there is an error', async () => {
    const vty = new VtySocket({ daemon: 'bgpd', path: '/nowhere/bgpd.vty' });
    await expect(vty.show('show version', signal)).rejects.toThrow('bgpd at /nowhere/bgpd.vty');
  });

  it('that says nothing is given up, and tried anew', async () => {
    let isDeaf = true;
    await talk(
      (line) => (line === 'enable' || !isDeaf ? 'yes' : undefined),
      async ({ vty, fake }) => {
        await expect(vty.show('show version', signal)).rejects.toThrow('no answer in time');
        isDeaf = false;
        expect(await vty.show('show version', signal)).toBe('yes');
        expect(fake.lines.filter((line) => line === 'enable')).toHaveLength(2);
      },
    );
  });

  it('that says too much is not believed', () =>
    talk(
      (line) => (line === 'enable' ? '' : Buffer.concat([answer('a', 0), answer('b', 0)])),
      async ({ vty }) => {
        await expect(vty.show('show version', signal)).rejects.toThrow('more came than an answer');
      },
    ));

  it('that hangs up in the middle is an error', async () => {
    await using fake: FakeVty = await FakeVty.listen((line) => {
      if (line !== 'enable') fake.hangUp();
      return line === 'enable' ? '' : undefined;
    });
    const vty = new VtySocket({ daemon: 'bgpd', path: fake.path });
    await expect(vty.show('show version', signal)).rejects.toThrow('the daemon hung up');
  });

  it('that ends is told at once; one that was left is not', () =>
    talk(
      () => '',
      async ({ fake, vty, onEnd }) => {
        await vty.show('show version', signal);
        fake.hangUp();
        await vi.waitFor(() => {
          expect(onEnd).toHaveBeenCalledOnce();
        });
        await vty.show('show version', signal);
        vty.close();
        expect(onEnd).toHaveBeenCalledOnce();
      },
    ));

  it('is not asked any more by who has given up', () =>
    talk(
      (line) => (line === 'enable' ? '' : undefined),
      async ({ vty }) => {
        const end = new AbortController();
        const shown = vty.show('show version', end.signal);
        setTimeout(() => {
          end.abort();
        }, 20);
        await expect(shown).rejects.toThrow('given up');
        await expect(vty.show('show version', end.signal)).rejects.toThrow();
      },
    ));
});
