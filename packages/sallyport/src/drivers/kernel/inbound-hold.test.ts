import { describe, expect, it } from 'vitest';
import { InboundHold } from './inbound-hold.ts';
import { FakeCommands } from './testing/fake-commands.ts';

const { signal } = new AbortController();
const peer = { localAddress: '192.0.2.1', remoteAddress: '198.51.100.1', spis: ['c1'] };

function make(): { hold: InboundHold; commands: FakeCommands } {
  const commands = new FakeCommands().on(/^ip -json route get/, {
    stdout: '[{"dst":"198.51.100.1","dev":"wan"}]',
  });
  return { hold: new InboundHold(commands), commands };
}

describe('InboundHold', () => {
  it('is placed on the link that leads to the peer, with filters last', async () => {
    const { hold, commands } = make();
    await hold.place(peer, signal);
    expect(commands.calls.map(({ line }) => line)).toEqual([
      'ip -json route get 198.51.100.1 from 192.0.2.1',
      'ip -batch -',
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
    commands.on(/^ip -json link show dev sph8300/, {
      stdout: '[{"ifname":"sph8300","ifalias":"sallyport hold wan"}]',
    });
    await expect(hold.place(peer, signal)).rejects.toThrow('Specified qdisc kind is unknown');
    expect(commands.calls.at(-1)).toEqual({
      line: 'ip -force -batch -',
      input: 'link delete dev sph8300\n',
    });
    expect(commands.calls.map(({ line }) => line)).toContain('tc qdisc delete dev wan clsact');
  });

  it('says that no link leads to the peer', async () => {
    const { hold, commands } = make();
    commands.on(/^ip -json route get/, { stdout: '[]' });
    await expect(hold.place(peer, signal)).rejects.toThrow('no link leads to 198.51.100.1');
  });

  it('finds what a killed agent left, by name and alias, and leaves the filters of others', async () => {
    const { hold, commands } = make();
    commands.on(/^ip -json link show$/, {
      stdout: '[{"ifname":"lo"},{"ifname":"sph8317"},{"ifname":"sph1"},{"ifname":"sphere"}]',
    });
    commands.on(/^ip -json link show dev sph8317/, {
      stdout: '[{"ifname":"sph8317","ifalias":"sallyport hold eth7"}]',
    });
    commands.on(/^tc -json filter show dev eth7 egress/, { stdout: '[{"pref":1}]' });
    await hold.cleanUp(signal);
    const done = commands.calls.map(({ line, input }) => `${line} ${input}`.trim());
    expect(done).toContain('tc -force -batch - filter delete dev eth7 ingress pref 8317');
    expect(done).toContain('ip -force -batch - link delete dev sph8317');
    expect(done).not.toContain('tc qdisc delete dev eth7 clsact');
    expect(done.filter((line) => line.includes('link delete'))).toHaveLength(1);
  });
});
