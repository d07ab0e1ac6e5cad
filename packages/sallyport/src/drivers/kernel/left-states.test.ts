import { describe, expect, it } from 'vitest';
import { observeInterfaceIds, removeLeftStates } from './left-states.ts';
import { FakeCommands } from './testing/fake-commands.ts';

const { signal } = new AbortController();

const STATE = (spi: string, id: string): string =>
  `src 192.0.2.1 dst 192.0.2.2\n\tproto esp spi 0x${spi} reqid 1 mode tunnel\n\tif_id ${id}\n`;
const POLICY = (index: number, id: string): string =>
  `src 10.1.0.0/24 dst 10.2.0.0/24 uid 0\n\tdir out action allow index ${String(index)} priority 1 share any\n\tif_id ${id}\n`;

describe('removeLeftStates', () => {
  it('removes what has one of the ids, and nothing else', async () => {
    const commands = new FakeCommands()
      .on(/xfrm policy list/, { stdout: POLICY(97, '0x2a') + POLICY(105, '0x4d') })
      .on(/xfrm state list/, { stdout: STATE('c0000001', '0x2a') + STATE('c0000002', '0x4d') });
    await removeLeftStates(commands, [42, 43], signal);
    expect(commands.calls.at(-1)).toEqual({
      line: 'ip -force -batch -',
      input: [
        'xfrm policy delete dir out index 97 if_id 42',
        'xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0xc0000001',
        '',
      ].join('\n'),
    });
  });

  it.each([[[]], [[7]]])('changes nothing where %j finds nothing', async (ids) => {
    const commands = new FakeCommands();
    await removeLeftStates(commands, ids, signal);
    expect(commands.calls.filter(({ input }) => input !== '')).toEqual([]);
  });
});

describe('observeInterfaceIds', () => {
  it.each([
    [undefined, [1]],
    ['ike2', [2]],
    ['ike9', []],
  ])('of shard %s are those of our interfaces there', async (shard, ids) => {
    const link = (id: number, more: object): object => ({
      ifname: `sp${String(id)}`,
      ifalias: 'sallyport a/b/c',
      linkinfo: { info_kind: 'xfrm', info_data: { if_id: `0x${String(id)}` } },
      ...more,
    });
    const links = [link(1, {}), link(2, { link_netnsid: 0 }), { ifname: 'eth0' }];
    const commands = new FakeCommands()
      .on(/netns list/, { stdout: '[{"name":"ike2","id":0}]' })
      .on(/link show/, { stdout: JSON.stringify(links) });
    expect(await observeInterfaceIds(commands, shard, signal)).toEqual(ids);
  });
});
