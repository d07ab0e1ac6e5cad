/** How several hosts of a gateway stand in for each other. */
import { z } from 'zod';
import { InterfaceName, interfaceAddress } from './fields.ts';

export interface Availability {
  /**
   * `active-active`: all of them carry traffic. `active-standby`: one holds the virtual addresses, and the others
   * wait with their tunnels up.
   */
  readonly mode: 'active-active' | 'active-standby';
  /** What one of the hosts holds on the LAN; with `active-standby` only, and there needed. */
  readonly virtual?: VirtualAddresses;
}

export interface VirtualAddresses {
  /** With the length of the subnet, which each host has an internal address in. */
  readonly addresses: readonly string[];
  /** On every host of the gateway. */
  readonly interface: string;
  /** Unique on that LAN. */
  readonly routerId: number;
}

export const Availability: z.ZodType<Availability> = z
  .strictObject({
    mode: z
      .enum(['active-active', 'active-standby'])
      .default('active-active')
      .describe(
        'active-active: all hosts carry traffic; active-standby: one of them holds the virtual addresses',
      ),
    virtual: z
      .strictObject({
        addresses: z
          .array(interfaceAddress('10.20.0.100/24'))
          .min(1)
          .max(16)
          .describe('addresses on the LAN, with the length of its subnet'),
        interface: InterfaceName.describe('where they live, on every host of the gateway'),
        routerId: z.int().min(1).max(255).describe('VRRP virtual router id, unique on that LAN'),
      })
      .exactOptional()
      .describe('what one host at a time holds; with active-standby only'),
  })
  .prefault({});
