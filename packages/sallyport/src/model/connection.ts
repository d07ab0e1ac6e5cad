/** `Connection`: one remote site, with one or more tunnels. */
import { z } from 'zod';
import { CryptoSpec } from './crypto-policy.ts';
import { IpAddress, Name, type ObjectOf, objectSchema } from './fields.ts';
import { PROVIDERS, type Provider } from './providers.ts';
import { RoutingSpec } from './routing.ts';
import { Tunnel } from './tunnel.ts';

/** Exactly one of the members is present. */
export interface AuthSpec {
  readonly psk?: { readonly secret: string };
  readonly certificate?: {
    /** Our certificate and key. */
    readonly secret: string;
    /** CA that must have issued the other side's certificate; absent: the CAs in our own secret. */
    readonly peerAuthority?: string;
    /** `strict`: without a list that is not over nobody comes in; `relaxed`: only who is in one stays out. */
    readonly revocation: 'strict' | 'relaxed';
  };
}

export interface ProbesSpec {
  /** Hosts of the remote site that answer pings; the other ends inside the tunnels are asked always. */
  readonly targets?: readonly string[];
  readonly intervalMilliseconds: number;
  /** So many without an answer, and packets do not get through. */
  readonly failAfter: number;
  /** So many answered in a row, and they do again. */
  readonly recoverAfter: number;
}

export interface ConnectionSpec {
  readonly gateway: string;
  /** What the other side is. */
  readonly provider: Provider;
  readonly tunnels: readonly Tunnel[];
  readonly auth: AuthSpec;
  /** Name of a policy, or one written inline. */
  readonly crypto: string | CryptoSpec;
  readonly mode: 'tunnel';
  /** `initiate`: we keep it up; `trap`: the first packet brings it up; `respond`: only the other side begins. */
  readonly start: 'initiate' | 'trap' | 'respond';
  /** Idle time before a dead-peer probe; 0: never probe. */
  readonly liveness: { readonly delaySeconds: number };
  /** ESP in UDP 4500: `auto` only where a NAT is found. */
  readonly encapsulation: 'auto' | 'always';
  /** Child SAs: one for each address family, or one for each pair of networks. */
  readonly selectors: 'per-family' | 'per-pair';
  readonly routing: RoutingSpec;
  /** What is asked through each tunnel that has an interface. */
  readonly probes: ProbesSpec;
  readonly adminState: 'enabled' | 'disabled';
}

const Auth = z
  .strictObject({
    psk: z
      .strictObject({ secret: Name })
      .exactOptional()
      .describe('pre-shared key: a Secret with psk'),
    certificate: z
      .strictObject({
        secret: Name.describe('our certificate and key: a Secret with pem or pkcs12'),
        peerAuthority: Name.exactOptional().describe(
          'Secret with the CA that must have issued the certificate of the other side; absent: the CAs in our own Secret',
        ),
        revocation: z
          .enum(['strict', 'relaxed'])
          .default('relaxed')
          .describe(
            'strict: nobody comes in without a revocation list of his CA that is not over; relaxed: a list that is missing or cannot be fetched stops nobody',
          ),
      })
      .exactOptional(),
  })
  .describe('exactly one of psk, certificate');

export const ConnectionSpec: z.ZodType<ConnectionSpec> = z.strictObject({
  gateway: Name.describe('Gateway in the same namespace'),
  provider: z
    .enum(PROVIDERS)
    .default('generic')
    .describe('what the other side is: timers of BGP and BFD follow from it'),
  tunnels: z.array(Tunnel).min(1).max(16),
  auth: Auth,
  crypto: z
    .union([Name, CryptoSpec])
    .default('default')
    .describe('name of a CryptoPolicy (built-in or declared), or one written inline'),
  mode: z.enum(['tunnel']).default('tunnel'),
  start: z
    .enum(['initiate', 'trap', 'respond'])
    .default('initiate')
    .describe(
      'initiate: we keep it up; trap: the first packet brings it up; respond: only the other side begins',
    ),
  liveness: z
    .strictObject({
      delaySeconds: z
        .int()
        .min(0)
        .max(3_600)
        .default(10)
        .describe('idle time before a dead-peer probe; 0: never probe'),
    })
    .prefault({}),
  encapsulation: z
    .enum(['auto', 'always'])
    .default('auto')
    .describe('ESP in UDP 4500: auto only where a NAT is found, or always'),
  selectors: z
    .enum(['per-family', 'per-pair'])
    .default('per-family')
    .describe(
      'Child SAs: one for each address family, or one for each pair of networks where the peer needs that',
    ),
  routing: RoutingSpec,
  probes: z
    .strictObject({
      targets: z
        .array(IpAddress)
        .min(1)
        .max(8)
        .exactOptional()
        .describe(
          'hosts of the remote site that answer pings; the other ends inside the tunnels are asked always',
        ),
      intervalMilliseconds: z.int().min(100).max(10_000).default(200),
      failAfter: z
        .int()
        .min(2)
        .max(100)
        .default(3)
        .describe('so many without an answer, and packets do not get through'),
      recoverAfter: z
        .int()
        .min(1)
        .max(1_000)
        .default(10)
        .describe('so many answered in a row, and they do again'),
    })
    .prefault({})
    .describe('what is asked through each tunnel that has an interface'),
  adminState: z.enum(['enabled', 'disabled']).default('enabled'),
});

export type Connection = ObjectOf<'Connection', ConnectionSpec>;
export const Connection: z.ZodType<Connection> = objectSchema('Connection', ConnectionSpec);
