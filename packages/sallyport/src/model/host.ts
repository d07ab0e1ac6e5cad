/** `Host`: a machine (or network namespace) that can carry tunnels. */
import { z } from 'zod';
import { IpAddress, type ObjectOf, objectSchema } from './fields.ts';
import { DATA_PLANES, type DataPlane } from './gateway.ts';

/** What happens to a change that somebody else has made of what was in effect. */
export const DRIFT_POLICIES = ['repair', 'report'] as const;
export type DriftPolicy = (typeof DRIFT_POLICIES)[number];

export interface HostSpec {
  /** Outer addresses, preferred first. */
  readonly addresses: readonly string[];
  /** For planning without the host; the agent reports the truth. */
  readonly capabilities?: {
    readonly dataPlanes?: readonly DataPlane[];
    readonly underlayMtuBytes?: number;
  };
  readonly driftPolicy: DriftPolicy;
}

export const HostSpec: z.ZodType<HostSpec> = z.strictObject({
  addresses: z.array(IpAddress).min(1).max(64).describe('outer addresses, preferred first'),
  capabilities: z
    .strictObject({
      dataPlanes: z.array(z.enum(DATA_PLANES)).min(1).exactOptional(),
      underlayMtuBytes: z
        .int()
        .min(1_280)
        .max(9_216)
        .exactOptional()
        .describe('MTU towards the other sites'),
    })
    .exactOptional()
    .describe('what the host can do, for planning without it; the agent reports the truth'),
  driftPolicy: z
    .enum(DRIFT_POLICIES)
    .default('repair')
    .describe(
      'what somebody else has changed of what was in effect is put right, or only reported, the leak guard included, until the declarations change',
    ),
});

export type Host = ObjectOf<'Host', HostSpec>;
export const Host: z.ZodType<Host> = objectSchema('Host', HostSpec);
