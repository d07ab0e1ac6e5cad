/** `Host`: a machine (or network namespace) that can carry tunnels. */
import { z } from 'zod';
import { API_VERSION, IpAddress, Metadata } from './fields.ts';
import { DATA_PLANES } from './gateway.ts';

export const HostSpec = z.strictObject({
  addresses: z.array(IpAddress).min(1).max(64).describe('outer addresses, preferred first'),
  capabilities: z
    .strictObject({
      dataPlanes: z.array(z.enum(DATA_PLANES)).min(1).optional(),
      underlayMtuBytes: z.int().min(1_280).max(9_216).optional().describe('MTU towards the other sites'),
    })
    .optional()
    .describe('what the host can do, for planning without it; the agent reports the truth'),
});

export const Host = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Host'),
  metadata: Metadata,
  spec: HostSpec,
});
export type Host = z.output<typeof Host>;
