import { expect, it } from 'vitest';
import type { Host } from '../model/host.ts';
import { type BgpNeighborPlan } from './bgp-plan.ts';
import { learnedSources } from './bgp-sources.ts';

function host(internalAddresses: readonly string[]): Host {
  return {
    apiVersion: 'sallyport.dev/v1alpha1',
    kind: 'Host',
    metadata: { namespace: 'default', name: 'gw1' },
    spec: { role: 'gateway', addresses: ['203.0.113.1'], internalAddresses, driftPolicy: 'repair' },
  };
}

function told(
  advertise: readonly string[],
  families: BgpNeighborPlan['families'] = [4],
): BgpNeighborPlan {
  return { families, advertise } as BgpNeighborPlan;
}

const BOTH = ['192.168.7.1', '10.20.0.11', 'fd20:0::11'];

it.each([
  ['the first address that the site is told of', BOTH, [told(['10.20.0.0/16'])], ['10.20.0.11']],
  [
    'one of each family',
    BOTH,
    [told(['10.20.0.0/16', 'fd20::/48'], [4, 6])],
    ['10.20.0.11', 'fd20::11'],
  ],
  [
    'none that one of the sites does not know',
    BOTH,
    [told(['10.20.0.0/16']), told(['10.20.5.0/24'])],
    [],
  ],
  [
    'what sites of the other family know counts for nothing',
    BOTH,
    [told(['10.20.0.0/16']), told(['fd99::/48'], [6])],
    ['10.20.0.11'],
  ],
  ['the outer address where that is told', BOTH, [told(['203.0.113.0/24'])], ['203.0.113.1']],
  ['none without a site', BOTH, [], []],
])('%s', (_what, addresses, peers, sources) => {
  expect(learnedSources(new Set([host(addresses)]), peers)).toEqual(sources);
});
