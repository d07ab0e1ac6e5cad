import { beforeEach, describe, expect, it } from 'vitest';
import type { KernelIpsec } from '../../drivers/kernel/sas/parse-states.ts';
import { FakeCommands } from '../../drivers/kernel/testing/fake-commands.ts';
import { reqidOf } from '../../drivers/strongswan/render.ts';
import { fakeSa } from '../../drivers/strongswan/testing/sas.ts';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import { rememberingLog } from '../testing/quiet-log.ts';
import { Leftovers } from './leftovers.ts';

const { plan } = planWorld(WORLDS['dual-stack inside, IPv4 outside'] ?? { text: '' });
const { signal } = new AbortController();
const [tunnel] = plan.tunnels;
const [child] = tunnel?.children ?? [];
if (tunnel === undefined || child === undefined) throw new Error('the world has no tunnel');
const wanted = reqidOf(tunnel, child);
const UNWANTED = 0x83ffffff;

function kernelWith(reqid: number): KernelIpsec {
  return {
    states: [
      {
        ...{ source: '192.0.2.1', destination: '192.0.2.2', protocol: 'esp' },
        ...{ spi: 'cafe0001', reqid, interfaceId: 0, isInstalled: true },
      },
    ],
    policies: [{ direction: 'out', index: 9, reqid, interfaceId: 0 }],
  };
}

/** Its successor. */
const up = fakeSa({
  ...{ name: tunnel.name, uniqueId: '1' },
  children: [{ name: child.name, uniqueId: '7', reqid: wanted }],
});

let commands: FakeCommands;
let now: number;
let leftovers: Leftovers;
let messages: () => string[];
const removals = (): string[] =>
  commands.calls.flatMap(({ line, input }) =>
    line === 'ip -force -batch -' ? input.trimEnd().split('\n') : [],
  );
const carried = (packets: number): void => {
  commands.on(/^ip -statistics xfrm state/, {
    // Another one with the same SPI carries nothing.
    stdout: ['192.0.2.2', '192.0.2.9']
      .map(
        (destination) =>
          `src 192.0.2.1 dst ${destination}\n\tproto esp spi 0xcafe0001(1) reqid 1 mode tunnel\n\tlifetime current:\n\t  1(bytes), ${String(destination === '192.0.2.9' ? 2 : packets)}(packets)\n`,
      )
      .join(''),
  });
};

beforeEach(() => {
  commands = new FakeCommands();
  now = 0;
  const { log, entries } = rememberingLog();
  messages = () => entries.map(({ msg }) => msg);
  leftovers = new Leftovers({ commands, log, now: () => now });
});

describe('what a killed daemon has left', () => {
  it('goes when nobody wants it, but only when it is there twice', async () => {
    expect(await leftovers.clean(kernelWith(UNWANTED), [], plan, signal)).toBe(true);
    expect(removals()).toEqual([]);
    expect(await leftovers.clean(kernelWith(UNWANTED), [], plan, signal)).toBe(false);
    expect(removals()).toEqual([
      'xfrm policy delete dir out index 9',
      'xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0xcafe0001',
    ]);
    expect(messages()).toEqual(['removed what a killed IKE daemon had left in the kernel']);
  });

  it('stays while its tunnel is not up again', async () => {
    for (now of [0, 100_000]) await leftovers.clean(kernelWith(wanted), [], plan, signal);
    expect(removals()).toEqual([]);
  });

  it('stays after that for as long as packets come by it, and goes ten seconds later', async () => {
    const look = async (at: number, packets: number): Promise<string[]> => {
      now = at;
      carried(packets);
      await leftovers.clean(kernelWith(wanted), [up], plan, signal);
      return removals();
    };
    expect(await look(0, 1)).toEqual([]);
    expect(await look(9_000, 2)).toEqual([]);
    expect(await look(18_000, 2)).toEqual([]);
    // Its policies are those of its successor as well.
    expect(await look(19_000, 2)).toEqual([
      'xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0xcafe0001',
    ]);
  });

  it('goes at a teardown whatever it is, with the routing of a daemon of our own', async () => {
    commands.on(/^ip xfrm state list nokeys/, {
      stdout: `src 192.0.2.1 dst 192.0.2.2\n\tproto esp spi 0xcafe0001 reqid ${String(wanted)} mode tunnel\n\taead rfc4106(gcm(aes)) 128\n`,
    });
    await leftovers.removeAll(true, signal);
    expect(removals()).toHaveLength(1);
    const rules = commands.calls.filter(({ line }) => line.includes('rule delete'));
    expect(rules).toHaveLength(2);
  });

  it('is nothing in a kernel without IPsec, and its routing not ours where the daemon was not', async () => {
    commands.on(/^ip .*xfrm/, { code: 255, stderr: 'Cannot open netlink socket' });
    await leftovers.removeAll(false, signal);
    expect(removals()).toEqual([]);
    expect(commands.calls.some(({ line }) => line.includes('rule'))).toBe(false);
  });

  it('are also routes for tunnels that are gone, when the next daemon has started', async () => {
    const [kept = ''] = child.remoteSelectors;
    const rows = [{ dst: kept }, { dst: '10.99.0.0/16' }];
    commands.on(/^ip -4 -json -Numeric route show/, { stdout: JSON.stringify(rows) });
    await leftovers.daemonStarted(plan, signal);
    expect(commands.calls.map(({ input }) => input).filter((input) => input !== '')).toEqual([
      'route delete 10.99.0.0/16 table 8310\n',
    ]);
  });
});
