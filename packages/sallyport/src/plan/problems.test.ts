/** What planning refuses or warns of, beyond what validation can know: hosts and their abilities. */
import { describe, expect, it } from 'vitest';
import { thirdPartner, twoSites, vary } from '../model/testing.ts';
import { planWorld } from './testing/plan-world.ts';
import type { World } from './testing/worlds.ts';

const pinned = (plane: string): string =>
  vary(twoSites, ['  networks: [10.10.0.0/16', `  dataPlane: ${plane}\n  networks: [10.10.0.0/16`]);

/** Two names whose hashes begin with the same 32 bits. */
const COLLIDING = ['site-11126', 'site-31107'] as const;

const CASES: readonly {
  readonly what: string;
  readonly world: World;
  readonly underlayMtuBytes?: number;
  readonly expected: Readonly<Record<string, unknown>>;
}[] = [
  {
    what: 'a pinned data plane that the host lacks',
    world: { text: pinned('vti'), dataPlanes: ['policy'] },
    expected: {
      code: 'plan/data-plane-unavailable',
      severity: 'error',
      message: 'tunnel main cannot use data plane vti: the host cannot do it',
      hint: 'set dataPlane of the Gateway to auto, or to one that the host offers',
    },
  },
  {
    what: 'a VTI for a peer on any address',
    world: {
      text: vary(
        pinned('vti'),
        ['remote: {address: 198.51.100.20}', 'remote: {id: branch.example}'],
        ['start: initiate', 'start: respond'],
      ),
      dataPlanes: ['vti'],
    },
    expected: {
      code: 'plan/data-plane-unavailable',
      message: 'tunnel main cannot use data plane vti: a VTI needs fixed addresses at both ends',
    },
  },
  {
    what: 'a host that offers nothing',
    world: { text: twoSites, dataPlanes: [] },
    expected: {
      code: 'plan/data-plane-unavailable',
      message:
        'tunnel main cannot use data plane policy: the host offers no data plane that suits the tunnel',
    },
  },
  {
    what: 'a tunnel that user-space ESP cannot start',
    world: {
      text: vary(twoSites, ['start: initiate', 'start: trap']),
      dataPlanes: ['userspace'],
    },
    expected: {
      code: 'plan/trap-in-userspace',
      severity: 'error',
      path: 'spec.start',
      value: 'trap',
      hint: 'use start: initiate',
    },
  },
  {
    what: 'an MTU that does not fit',
    world: {
      text: vary(twoSites, ['  networks: [10.10.0.0/16', '  mtu: 1450\n  networks: [10.10.0.0/16']),
    },
    expected: {
      code: 'plan/mtu-too-large',
      severity: 'warning',
      object: { kind: 'Gateway', namespace: 'default', name: 'edge' },
      path: 'spec.mtu',
      value: '1450',
      message: 'packets of this size do not fit connection partner-a: at most 1422 bytes do',
    },
  },
  {
    what: 'an underlay that leaves no room for IPv6',
    world: { text: twoSites },
    underlayMtuBytes: 1300,
    expected: {
      code: 'plan/mtu-below-ipv6',
      severity: 'error',
      value: '1230',
      message: 'an inner MTU of 1230 bytes cannot carry IPv6, which needs 1280',
    },
  },
  {
    what: 'names that give one interface id',
    world: {
      text: vary(
        twoSites + thirdPartner,
        ['name: partner-a', `name: ${COLLIDING[0]}`],
        ['name: partner-c', `name: ${COLLIDING[1]}`],
      ),
    },
    expected: {
      code: 'plan/interface-id-collision',
      severity: 'error',
      path: 'spec.tunnels',
      message: expect.stringContaining('gives the same interface id as default/'),
      hint: 'give the tunnel another name',
    },
  },
  {
    what: 'two tunnels of one connection to the same network',
    world: {
      text: vary(twoSites, [
        '    - remote: {address: 198.51.100.20}',
        '    - {name: a, remote: {address: 198.51.100.20}}\n    - {name: b, remote: {address: 198.51.100.21}}',
      ]),
    },
    expected: {
      code: 'plan/several-tunnels-one-prefix',
      severity: 'warning',
      path: 'spec.routing.static.networks',
      value: '10.20.0.0/16',
      message: 'tunnel b stays idle for this network: tunnel a of default/partner-a carries it',
    },
  },
];

describe('planning says', () => {
  it.each(CASES)('$what', ({ world, underlayMtuBytes, expected }) => {
    const { problems } = planWorld(world, underlayMtuBytes);
    expect(problems).toContainEqual(expect.objectContaining(expected));
  });

  it('nothing of a plan without faults', () => {
    expect(planWorld({ text: twoSites }).problems).toEqual([]);
  });
});
