/** A planned tunnel with all that it comes from. */
import type { Connection } from '../model/connection.ts';
import type { Gateway } from '../model/gateway.ts';
import type { Host } from '../model/host.ts';
import type { Tunnel } from '../model/tunnel.ts';
import type { TunnelPlan } from './host-plan.ts';

export interface PlacedTunnel {
  readonly tunnel: TunnelPlan;
  readonly declared: Tunnel;
  readonly gateway: Gateway;
  /** As its namespace declares it. */
  readonly host: Host;
}

export interface PlacedConnection extends PlacedTunnel {
  readonly connection: Connection;
}
