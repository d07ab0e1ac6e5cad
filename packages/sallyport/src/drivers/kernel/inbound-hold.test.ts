import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InboundHold } from './inbound-hold.ts';
import { HOLD_MILLISECONDS } from './render-hold.ts';
import { FakeCommands } from './testing/fake-commands.ts';

const { signal } = new AbortController();
const peer = { localAddress: '192.0.2.1', remoteAddress: '198.51.100.1', spis: ['c1'] };

function make(): { hold: InboundHold; commands: FakeCommands } {
  const commands = new FakeCommands().on(/^ip -json route get/, {
    stdout: '[{"dst":"198.51.100.1","dev":"wan"}]',
  });
  return { hold: new InboundHold(commands), commands };
}

/** What was deleted, in order. */
function deletions({ calls }: FakeCommands): string[] {
  return calls.flatMap(({ line, input }) =>
    `${line.replace(/^tc /, '')}\n${input}`.split('\n').filter((text) => / delete /.test(text)),
  );
}

describe('place', () => {
  it('is placed on the link that leads to the peer, with its queue first and its filters last', async () => {
    const { hold, commands } = make();
    await hold.place(peer, signal);
    expect(commands.calls.map(({ line }) => line)).toEqual([
      'ip -json route get 198.51.100.1 from 192.0.2.1',
      'ip -batch -',
      'tc -batch -',
      'tc qdisc add dev wan clsact',
      'tc -batch -',
    ]);
  });

  it('uses another number for each exchange that is under way', async () => {
    const { hold, commands } = make();
    await hold.place(peer, signal);
    await hold.place(peer, signal);
    const devices = commands.calls.flatMap(({ input }) => /name (sph\d+)/.exec(input)?.[1] ?? []);
    expect(devices).toEqual(['sph8300', 'sph8301']);
  });

  it('takes back what it had begun where a part is missing in the kernel', async () => {
    const { hold, commands } = make();
    commands.on(/^tc -batch/, { code: 1, stderr: 'Error: Specified qdisc kind is unknown.' });
    commands.on(/^ip -json -Numeric link show dev sph8300/, {
      stdout: '[{"ifname":"sph8300","ifalias":"sallyport hold wan"}]',
    });
    await expect(hold.place(peer, signal)).rejects.toThrow('Specified qdisc kind is unknown');
    expect(commands.calls.at(-1)).toEqual({
      line: 'ip -force -batch -',
      input: 'link delete dev sph8300\n',
    });
    // To touch its qdisc would lose packets of every tunnel on the link.
    expect(commands.calls.map(({ line }) => line)).not.toContain('tc qdisc add dev wan clsact');
  });

  it('does not try again on a kernel that lacks a part', async () => {
    const { hold, commands } = make();
    commands.on(/^ip -batch/, { code: 2, stderr: 'Error: Unknown device type.' });
    await expect(hold.place(peer, signal)).rejects.toThrow('Unknown device type');
    const count = commands.calls.length;
    await expect(hold.place(peer, signal)).rejects.toThrow('Unknown device type');
    expect(commands.calls).toHaveLength(count);
  });

  it('says that no link leads to the peer', async () => {
    const { hold, commands } = make();
    commands.on(/^ip -json route get/, { stdout: '[]' });
    await expect(hold.place(peer, signal)).rejects.toThrow('no link leads to 198.51.100.1');
  });

  it('leaves a device alone whose name is taken by somebody else', async () => {
    const { hold, commands } = make();
    commands.on(/^ip -batch/, { code: 2, stderr: 'RTNETLINK answers: File exists' });
    commands.on(/^ip -json -Numeric link show dev sph8300/, {
      stdout: '[{"ifname":"sph8300","group":"0"}]',
    });
    await expect(hold.place(peer, signal)).rejects.toThrow('File exists');
    expect(deletions(commands)).toEqual([]);
  });

  it('gives numbers back when an exchange could not be held, and says when there are no more', async () => {
    const { hold, commands } = make();
    commands.on(/^ip -batch/, { code: 2, stderr: 'No buffer space available' });
    for (let count = 0; count < 101; count += 1) {
      await expect(hold.place(peer, signal)).rejects.toThrow('No buffer space available');
    }
    commands.on(/^ip -batch/, {});
    for (let count = 0; count < 100; count += 1) await hold.place(peer, signal);
    await expect(hold.place(peer, signal)).rejects.toThrow('more than 100 tunnels');
  });
});

describe('release', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lets the queue run empty before it takes the hold away', async () => {
    const { hold, commands } = make();
    const release = await hold.place(peer, signal);
    commands.calls.length = 0;
    const released = release();
    await vi.advanceTimersByTimeAsync(2 * HOLD_MILLISECONDS - 1);
    expect(commands.calls.map(({ input }) => input)).toEqual([
      'qdisc change dev sph8300 root netem delay 0ms rate 1tbit limit 100000\n',
    ]);
    await vi.advanceTimersByTimeAsync(1);
    await released;
    expect(deletions(commands)).toEqual([
      'filter delete dev wan ingress pref 8300',
      'link delete dev sph8300',
    ]);
  });

  it('takes the hold away also where its queue could not be changed', async () => {
    const { hold, commands } = make();
    const release = await hold.place(peer, signal);
    commands.on(/^tc -batch/, { code: 2, stderr: 'Cannot find device "sph8300"' });
    await expect(release()).rejects.toThrow('Cannot find device');
    expect(deletions(commands)).toContain('filter delete dev wan ingress pref 8300');
    commands.on(/^tc -batch/, {});
    commands.calls.length = 0;
    await hold.place(peer, signal);
    expect(commands.calls[1]?.input).toContain('name sph8300 ');
  });
});

describe('cleanUp', () => {
  /** Devices as `ip` shows them. */
  function left(links: readonly object[]): ReturnType<typeof make> {
    const made = make();
    made.commands.on(/^ip -json -Numeric link show$/, { stdout: JSON.stringify(links) });
    return made;
  }

  it('finds what a killed agent left', async () => {
    const { hold, commands } = left([
      { ifname: 'lo' },
      { ifname: 'sph8317', ifalias: 'sallyport hold eth7', group: '83' },
    ]);
    await hold.cleanUp(signal);
    const drained = 'qdisc change dev sph8317 root netem delay 0ms rate 1tbit limit 100000\n';
    expect(commands.calls[1]?.input).toBe(drained);
    expect(deletions(commands)).toEqual([
      'filter delete dev eth7 ingress pref 8317',
      'link delete dev sph8317',
    ]);
  });

  it('finds a device that was made and not named yet', async () => {
    const { hold, commands } = left([{ ifname: 'sph8300', group: '83' }]);
    await hold.cleanUp(signal);
    expect(deletions(commands)).toEqual(['link delete dev sph8300']);
  });

  it('ends a hold whose link is gone since', async () => {
    const { hold, commands } = left([{ ifname: 'sph8300', ifalias: 'sallyport hold ppp0' }]);
    commands.on(/^tc /, { code: 1, stderr: 'Cannot find device "ppp0"' });
    await hold.cleanUp(signal);
    expect(deletions(commands)).toEqual([
      'filter delete dev ppp0 ingress pref 8300',
      'link delete dev sph8300',
    ]);
  });

  it.each([
    { ifname: 'sph8305', ifalias: 'monitoring', group: '83' },
    { ifname: 'sph8305', group: '0' },
    { ifname: 'sph1', ifalias: 'sallyport hold eth7', group: '83' },
    { ifname: 'sphere', group: '83' },
    { group: '83' },
  ])('leaves a device alone that is not ours: %j', async (link) => {
    const { hold, commands } = left([link]);
    await hold.cleanUp(signal);
    expect(deletions(commands)).toEqual([]);
  });
});
