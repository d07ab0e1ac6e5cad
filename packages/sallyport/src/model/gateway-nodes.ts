/** How the hosts of a cluster that lie behind a gateway, and the gateway, reach each other. */
import { z } from 'zod';
import { InterfaceName } from './fields.ts';

/** `none`: they are next hops in one subnet. The others carry packets inside of VXLAN from host to host. */
const NODE_ENCAPSULATIONS = ['none', 'vxlan', 'device'] as const;
type NodeEncapsulation = (typeof NODE_ENCAPSULATIONS)[number];

export interface GatewayNodes {
  readonly encapsulation: NodeEncapsulation;
  /** With `device` only, and there needed. */
  readonly device?: OverlayDevice;
}

/** Of somebody else's, on every host: it takes the destination of a packet from the route. */
export interface OverlayDevice {
  readonly interface: string;
  /** The VNI, where a CNI may have the security identity of the sender; 1 to 2^24 - 1. */
  readonly identity: number;
}

export const GatewayNodes: z.ZodType<GatewayNodes> = z.strictObject({
  encapsulation: z
    .enum(NODE_ENCAPSULATIONS)
    .default('none')
    .describe(
      'between gateways and nodes; none: they share a subnet that passes foreign addresses; vxlan: inside a VXLAN of our own; device: inside the overlay of the CNI',
    ),
  device: z
    .strictObject({
      interface: InterfaceName.describe('VXLAN device that takes destinations from routes'),
      identity: z
        .int()
        .min(1)
        .max(2 ** 24 - 1)
        .describe('the VNI; a CNI may have the security identity of the sender there'),
    })
    .exactOptional()
    .describe('that of the CNI, on every host; with encapsulation: device only'),
});
