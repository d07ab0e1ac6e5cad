/** What the other side of a connection is, and what of BGP and BFD follows from that where nothing else is declared. */

export const PROVIDERS = ['generic', 'sallyport', 'aws', 'google', 'azure'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface BgpProfile {
  readonly keepaliveSeconds: number;
  readonly holdSeconds: number;
  /** Absent: the other side speaks no BFD. */
  readonly bfd?: { readonly intervalMilliseconds: number; readonly multiplier: number };
  /** The other side sends with TTL 255 (RFC 5082), and so may we demand it. */
  readonly ttlSecurity: boolean;
  /** The other side ends sessions whose timers are shorter than these. */
  readonly areTimersFixed: boolean;
}

const ORDINARY = { keepaliveSeconds: 10, holdSeconds: 30 } as const;
const NOTHING_ELSE = { ttlSecurity: false, areTimersFixed: false } as const;

export const BGP_PROFILES: Readonly<Record<Provider, BgpProfile>> = {
  generic: { ...ORDINARY, ...NOTHING_ELSE },
  sallyport: {
    ...{ keepaliveSeconds: 3, holdSeconds: 9, ...NOTHING_ELSE },
    bfd: { intervalMilliseconds: 300, multiplier: 3 },
  },
  // The gateway of a VPC has hold 30 in its download, and no BFD.
  aws: { ...ORDINARY, ...NOTHING_ELSE },
  // Cloud Router: 20 to 60 seconds; its BFD does not go over HA VPN tunnels.
  google: { keepaliveSeconds: 20, holdSeconds: 60, ...NOTHING_ELSE },
  // A client with 10/30 has its session reset again and again.
  azure: { keepaliveSeconds: 60, holdSeconds: 180, ttlSecurity: false, areTimersFixed: true },
};
