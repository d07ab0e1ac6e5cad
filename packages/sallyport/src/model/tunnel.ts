/** One tunnel of a connection: a pair of outer addresses and the identities on them. */
import { z } from 'zod';
import { parseAddress } from '../lib/prefix.ts';
import { IpAddress, interfaceAddress, Name } from './fields.ts';

export interface Tunnel {
  /** Unique within the connection. */
  readonly name: string;
  /** Host that carries this tunnel; absent: the only one of the gateway, or who holds the virtual address that it is on. */
  readonly host?: string;
  readonly local: {
    /**
     * Our outer address, also one of a shard, or a virtual one of the gateway; absent: the first of the host in the family
     * of the remote.
     */
    readonly address?: string;
    /** Our IKE identity; absent: the certificate subject, or our address. */
    readonly id?: string;
  };
  readonly remote: {
    /** Outer address or name; absent: any, only with `start: respond`. */
    readonly address?: string;
    /** IKE identity the other side must prove; absent: its address. */
    readonly id?: string;
  };
  /** Addresses of both ends inside the tunnel; at most one pair of each family. */
  readonly inside?: readonly InsidePair[];
  /** Of several tunnels to one network the highest carries it. */
  readonly priority: number;
}

export interface InsidePair {
  /** Ours, with the length of its subnet: `169.254.10.2/30`; `/32` or `/128` where there is none. */
  readonly local: string;
  readonly remote: string;
}

/** IKE identity: address, FQDN, e-mail or distinguished name; strongSwan's `type:` prefixes work. */
const Identity = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}]*$/u, { error: 'must not contain control characters' });

/** Host name (RFC 1123) or address of the other side. */
const RemoteAddress = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[0-9A-Za-z:]([-0-9A-Za-z.:]*[0-9A-Za-z:])?$/, {
    error: 'is neither an address nor a host name',
  })
  // RFC 1123 §2.1: no name has a top label of digits only, and what has colons can be no name either.
  .refine((text) => parseAddress(text) !== undefined || !/:|(^|\.)[0-9]+$/.test(text), {
    error: 'is neither an address nor a host name',
  });

export const Tunnel: z.ZodType<Tunnel> = z.strictObject({
  name: Name.default('main').describe('unique within the connection; default "main"'),
  host: Name.exactOptional().describe(
    'Host that carries this tunnel; needed where the gateway has several, unless local.address is a virtual one',
  ),
  local: z
    .strictObject({
      address: IpAddress.exactOptional().describe(
        'our outer address, or a virtual one of the gateway, whose holder then has the tunnel; absent: the first of the host in the family of the remote',
      ),
      id: Identity.exactOptional().describe(
        'our IKE identity; absent: the certificate subject, or our address',
      ),
    })
    .prefault({}),
  remote: z
    .strictObject({
      address: RemoteAddress.exactOptional().describe(
        'outer address or name; absent: any, only with start: respond',
      ),
      id: Identity.exactOptional().describe(
        'IKE identity the other side must prove; absent: its address',
      ),
    })
    .prefault({}),
  inside: z
    .array(z.strictObject({ local: interfaceAddress('169.254.10.2/30'), remote: IpAddress }))
    .min(1)
    .max(2)
    .exactOptional()
    .describe('addresses of both ends inside the tunnel, one pair for each address family'),
  priority: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe('of several tunnels to one network that of the highest priority carries it'),
});
