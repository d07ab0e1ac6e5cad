/** What charon is told of a tunnel, key by key; read them beside swanctl.conf(5). */
import { describe, expect, it } from 'vitest';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import { renderConnection } from './render.ts';
import { renderEngineConfig } from './render-config.ts';

const NAMES = [
  'dual-stack inside, IPv4 outside',
  'a partner with certificates',
  'a peer on a dynamic address',
  'by pairs, in UDP, started by a packet, never probed, CBC',
  'policies, the best this kernel has',
  'VTI, pinned',
] as const;

describe('load-conn', () => {
  it.each(NAMES)('of %s', async (name) => {
    const { plan } = planWorld(WORLDS[name] ?? { text: '' });
    expect(plan.tunnels).not.toEqual([]);
    const rendered = Object.fromEntries(
      plan.tunnels.map((tunnel) => [tunnel.name, renderConnection(tunnel)]),
    );
    const text = JSON.stringify(
      rendered,
      (_key, value: unknown): unknown =>
        value instanceof Map ? Object.fromEntries<unknown>(value) : value,
      2,
    );
    const file = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    await expect(`${text}\n`).toMatchFileSnapshot(`testdata/load-conn-${file}.json`);
  });
});

describe('strongswan.conf', () => {
  it.each([false, true])('with ESP in user space: %s', async (userspace) => {
    const config = { socketPath: '/run/s/charon.vici', logPath: '/run/s/charon.log', userspace };
    await expect(renderEngineConfig(config)).toMatchFileSnapshot(
      `testdata/strongswan-${userspace ? 'userspace' : 'kernel'}.conf`,
    );
  });

  it('quotes a path so that it cannot end its value', () => {
    const text = renderEngineConfig({
      socketPath: '/run/a"b\\c',
      logPath: '/l',
      userspace: false,
    });
    expect(text).toContain('socket = "unix:///run/a\\"b\\\\c"');
  });
});
