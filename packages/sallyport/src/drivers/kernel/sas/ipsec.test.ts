import { describe, expect, it } from 'vitest';
import { FakeCommands } from '../testing/fake-commands.ts';
import { removeIpsec } from './ipsec.ts';

const { signal } = new AbortController();
const owner = { reqid: 0x83000001, interfaceId: 0 };
const ends = { source: '192.0.2.1', destination: '192.0.2.2', protocol: 'esp' };

describe('removeIpsec', () => {
  it('names each policy by its index and each SA by its SPI, with mark and interface id', async () => {
    const commands = new FakeCommands();
    const mark = '0x53/0xffffffff';
    await removeIpsec(
      commands,
      {
        states: [
          { ...ends, ...owner, spi: 'c0000001', isInstalled: true },
          { ...ends, ...owner, spi: 'c0000002', isInstalled: true, mark },
        ],
        policies: [
          { ...owner, direction: 'out', index: 81, interfaceId: 7 },
          { ...owner, direction: 'in', index: 88, mark },
        ],
      },
      signal,
    );
    expect(commands.calls).toEqual([
      {
        line: 'ip -force -batch -',
        input:
          'xfrm policy delete dir out index 81 if_id 7\n' +
          'xfrm policy delete dir in index 88 mark 0x53 mask 0xffffffff\n' +
          'xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0xc0000001\n' +
          'xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0xc0000002 mark 0x53 mask 0xffffffff\n',
      },
    ]);
  });

  it('runs nothing for nothing', async () => {
    const commands = new FakeCommands();
    await removeIpsec(commands, { states: [], policies: [] }, signal);
    expect(commands.calls).toEqual([]);
  });
});
