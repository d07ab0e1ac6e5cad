/** What hosts do of BGP, in a few shapes. */
import type { BgpNeighborPlan, BgpPlan } from '../../../plan/bgp-plan.ts';

export const OWN_TIMERS = { keepaliveSeconds: 3, holdSeconds: 9, connectRetrySeconds: 10 };
export const TUNNEL_BFD = { intervalMilliseconds: 300, multiplier: 3 };
export const LAN_BFD = { intervalMilliseconds: 100, multiplier: 3 };

export const peer: BgpNeighborPlan = {
  address: '169.254.10.1',
  kind: 'peer',
  description: 'default/partner/a',
  tunnel: 'sp.default.partner.a',
  asn: 65_002,
  localAddress: '169.254.10.2',
  families: [4, 6],
  timers: { keepaliveSeconds: 10, holdSeconds: 30, connectRetrySeconds: 10 },
  bfd: TUNNEL_BFD,
  reach: 'any-ttl',
  password: { namespace: 'default', name: 'bgp', fingerprint: 'f00d' },
  accept: [
    { prefix: '10.50.0.0/16', longest: 24 },
    { prefix: '10.51.0.0/24', longest: 24 },
    { prefix: '2001:db8:50::/48', longest: 64 },
  ],
  advertise: ['10.20.0.0/16', '2001:db8:20::/48'],
  transit: false,
  maximumPrefixes: 100,
  localPreference: 200,
  community: '65001:83:1',
};

export const secondPeer: BgpNeighborPlan = {
  address: '2001:db8:b::1',
  kind: 'peer',
  description: 'default/partner/b',
  tunnel: 'sp.default.partner.b',
  asn: 65_003,
  localAddress: '2001:db8:b::2',
  families: [4],
  timers: { keepaliveSeconds: 60, holdSeconds: 180, connectRetrySeconds: 10 },
  reach: 'connected',
  accept: [{ prefix: '0.0.0.0/0', longest: 32 }],
  advertise: [],
  transit: true,
  maximumPrefixes: 1_000,
  localPreference: 100,
  community: '65001:83:2',
};

const otherGateway: BgpNeighborPlan = {
  address: '10.0.0.12',
  kind: 'gateway',
  description: 'gateway-2',
  asn: 65_001,
  localAddress: '10.0.0.11',
  families: [4, 6],
  timers: OWN_TIMERS,
  bfd: LAN_BFD,
  reach: 'any-ttl',
  accept: [{ prefix: '10.50.0.0/16', longest: 32 }],
  advertise: [],
  transit: true,
  maximumPrefixes: 10_000,
};

/** One tunnel, and nothing else. */
export const tunnelPlan: BgpPlan = {
  asn: 65_001,
  routerId: '192.0.2.1',
  originate: ['10.20.0.0/16', '2001:db8:20::/48'],
  refuse: [
    { prefix: '0.0.0.0/0', longest: 0 },
    { prefix: '10.20.0.0/16', longest: 32 },
    { prefix: '127.0.0.0/8', longest: 32 },
    { prefix: '::/0', longest: 0 },
  ],
  neighbors: [peer],
  sources: ['10.20.0.11', '2001:db8:20::11'],
};

/** One of two gateways, with peers on unusual addresses, and nodes that call. */
export const gatewayPlan: BgpPlan = {
  ...tunnelPlan,
  declared: ['10.70.0.0/16', '10.71.0.0/16', '10.72.0.0/16', '2001:db8:70::/48'],
  unreached: ['10.72.0.0/16'],
  doubtful: ['10.71.0.0/16'],
  neighbors: [
    otherGateway,
    peer,
    { ...peer, address: '169.254.21.5', localAddress: '10.9.0.1', reach: 'unconnected' },
    secondPeer,
  ],
  nodes: {
    ranges: ['10.0.0.0/22', '2001:db8:1::/64'],
    timers: OWN_TIMERS,
    bfd: LAN_BFD,
    accept: [{ prefix: '10.20.0.0/16', longest: 32 }],
    refuse: [{ prefix: '10.20.0.0/16', longest: 16 }],
    maximumPrefixes: 1_000,
    limit: 2_000,
  },
  gracefulShutdown: true,
};

/** A host behind two gateways. */
export const nodePlan: BgpPlan = {
  asn: 65_001,
  routerId: '10.0.0.101',
  originate: ['10.20.101.0/24'],
  refuse: [],
  neighbors: ['10.0.0.11', '10.0.0.12'].map((address) => ({
    ...otherGateway,
    address,
    kind: 'reflector',
    description: `gateway-${address.slice(-1)}`,
    localAddress: '10.0.0.101',
    advertise: ['10.20.101.0/24'],
    transit: false,
  })),
};
