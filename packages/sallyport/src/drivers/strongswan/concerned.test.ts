import { describe, expect, it } from 'vitest';
import type { SecretUse } from '../../plan/secret-reference.ts';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import { concernedTunnels } from './concerned.ts';

const { plan } = planWorld(WORLDS['a partner with certificates'] ?? { text: '' });
const [first] = plan.tunnels;
const byCertificate = plan.tunnels.find(({ auth }) => auth.method === 'certificate');

describe('the tunnels that a step of the daemon concerns', () => {
  it('are those that it names, also one that is not wanted any more', () => {
    if (first === undefined) throw new Error('no tunnel');
    expect(concernedTunnels({ type: 'connection-load', tunnel: first }, plan)).toEqual([
      first.name,
    ]);
    const step = { type: 'connection-unload', name: 'sp.a.b.c', ikeIds: [] } as const;
    expect(concernedTunnels(step, plan)).toEqual(['sp.a.b.c']);
  });

  it('are those that use a certificate', () => {
    const use = byCertificate?.auth.secret as SecretUse;
    expect(concernedTunnels({ type: 'certificate-load', use }, plan)).toEqual([
      byCertificate?.name,
    ]);
  });

  it('are none for what belongs to none', () => {
    expect(concernedTunnels({ type: 'ike-terminate', ikeIds: ['1'] }, plan)).toEqual([]);
  });
});
