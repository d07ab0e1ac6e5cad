/** `Connection`: one remote site, with one or more tunnels. */
import { z } from 'zod';
import { CryptoSpec } from './crypto-policy.ts';
import { API_VERSION, Cidr, IpAddress, Metadata, Name } from './fields.ts';

/** IKE identity: address, FQDN, e-mail or distinguished name; strongSwan's `type:` prefixes work. */
const Identity = z.string().min(1).max(255);

/** Host name (RFC 1123) or address of the other side. */
const RemoteAddress = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[0-9A-Za-z:]([-0-9A-Za-z.:]*[0-9A-Za-z:])?$/, { error: 'is neither an address nor a host name' });

export const Tunnel = z.strictObject({
  name: Name.default('main').describe('unique within the connection; default "main"'),
  host: Name.optional().describe('Host that carries this tunnel; needed where the gateway has several'),
  local: z
    .strictObject({
      address: IpAddress.optional().describe('our outer address; absent: the first of the host in the family of the remote'),
      id: Identity.optional().describe('our IKE identity; absent: the certificate subject, or our address'),
    })
    .prefault({}),
  remote: z.strictObject({
    address: RemoteAddress.optional().describe('outer address or name; absent: any, only with start: respond'),
    id: Identity.optional().describe('IKE identity the other side must prove; absent: its address'),
  }),
});
export type Tunnel = z.output<typeof Tunnel>;

export const ConnectionSpec = z.strictObject({
  gateway: Name.describe('Gateway in the same namespace'),
  tunnels: z.array(Tunnel).min(1).max(16),
  auth: z
    .strictObject({
      psk: z.strictObject({ secret: Name }).optional().describe('pre-shared key: a Secret with psk'),
      certificate: z
        .strictObject({
          secret: Name.describe('our certificate and key: a Secret with pem or pkcs12'),
          peerAuthority: Name.optional().describe(
            'Secret with the CA that must have issued the certificate of the other side; absent: the CAs in our own Secret',
          ),
        })
        .optional(),
    })
    .describe('exactly one of psk, certificate'),
  crypto: z
    .union([Name, CryptoSpec])
    .default('default')
    .describe('name of a CryptoPolicy (built-in or declared), or one written inline'),
  mode: z.enum(['tunnel']).default('tunnel'),
  start: z
    .enum(['initiate', 'trap', 'respond'])
    .default('initiate')
    .describe('initiate: we keep it up; trap: the first packet brings it up; respond: only the other side begins'),
  liveness: z
    .strictObject({
      delaySeconds: z.int().min(0).max(3_600).default(10).describe('idle time before a dead-peer probe; 0: never probe'),
    })
    .prefault({}),
  encapsulation: z
    .enum(['auto', 'always'])
    .default('auto')
    .describe('ESP in UDP 4500: auto only where a NAT is found, or always'),
  selectors: z
    .enum(['per-family', 'per-pair'])
    .default('per-family')
    .describe('Child SAs: one for each address family, or one for each pair of networks where the peer needs that'),
  routing: z
    .strictObject({ static: z.strictObject({ networks: z.array(Cidr).min(1).max(256) }) })
    .describe('the networks of the remote site'),
  adminState: z.enum(['enabled', 'disabled']).default('enabled'),
});

export const Connection = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Connection'),
  metadata: Metadata,
  spec: ConnectionSpec,
});
export type Connection = z.output<typeof Connection>;
