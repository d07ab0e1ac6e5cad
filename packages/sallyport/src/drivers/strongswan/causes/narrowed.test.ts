import type { ChildSa } from '@sallyport/vici';
import { describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { fakeSa } from '../testing/sas.ts';
import { pskTunnel } from '../testing/tunnels.ts';
import { findNarrowed } from './narrowed.ts';

const tunnel: TunnelPlan = {
  ...pskTunnel,
  children: [
    {
      name: 'v4',
      localSelectors: ['10.10.0.0/16'],
      remoteSelectors: ['10.20.0.0/24', '10.20.1.0/24', '10.30.0.0/24'],
    },
    { name: 'v6', localSelectors: ['fd10::/48'], remoteSelectors: ['fd20::/48'] },
  ],
};

function children(
  ...fakes: readonly { name: string; remoteTs: string[]; localTs?: string[] }[]
): readonly ChildSa[] {
  return fakeSa({
    ...{ name: tunnel.name, uniqueId: '1' },
    children: fakes.map(({ name, localTs: local = ['10.10.0.0/16'], remoteTs: remote }, index) => ({
      name,
      uniqueId: String(index),
      selectors: { local: name === 'v6' ? ['fd10::/48'] : local, remote },
    })),
  }).children;
}

describe('findNarrowed', () => {
  it.each([
    { what: 'as they are planned', remoteTs: ['10.20.0.0/24', '10.20.1.0/24', '10.30.0.0/24'] },
    { what: 'joined to a larger one', remoteTs: ['10.30.0.0/24', '10.20.0.0/23'] },
    { what: 'as ranges', remoteTs: ['10.20.0.0..10.20.1.255', '10.30.0.0..10.31.0.3'] },
    {
      what: 'in pieces that overlap',
      remoteTs: ['10.30.0.0/24', '10.20.0.0/24', '10.20.1.0/25', '10.20.1.100..10.20.1.255'],
    },
  ])('sees nothing where all networks are there, $what', ({ remoteTs }) => {
    expect(findNarrowed(tunnel, children({ name: 'v4', remoteTs }))).toBeUndefined();
  });

  it('takes the Child SAs of one child together, as while it is rekeyed', () => {
    const [one, two] = [['10.20.0.0/23'], ['10.30.0.0/24']];
    const sas = children({ name: 'v4', remoteTs: one }, { name: 'v4', remoteTs: two });
    expect(findNarrowed(tunnel, sas)).toBeUndefined();
  });

  it('names what is left out on either side, and what there is', () => {
    const sas = children(
      { name: 'v4', localTs: ['10.10.4.0/24'], remoteTs: ['10.20.0.0/24', '10.20.1.0/24'] },
      { name: 'v6', remoteTs: ['fd20::/48'] },
    );
    expect(findNarrowed(tunnel, sas)).toEqual({
      code: 'child/selectors-narrowed',
      named: [
        '10.10.0.0/16 on our side, 10.30.0.0/24 on its side',
        '10.10.4.0/24 <-> 10.20.0.0/24, 10.20.1.0/24',
      ],
      isSpecific: true,
    });
  });

  it.each(['10.20.1.0/24[tcp/443]', 'dynamic', '10.20.1.7..fd20::1', ''])(
    'does not take %j for a whole network',
    (selector) => {
      const remoteTs = ['10.20.0.0/24', '10.30.0.0/24', selector];
      expect(findNarrowed(tunnel, children({ name: 'v4', remoteTs }))?.named[0]).toBe(
        '10.20.1.0/24 on its side',
      );
    },
  );

  it('leaves children without a Child SA to others', () => {
    expect(findNarrowed(tunnel, [])).toBeUndefined();
  });
});
