/** Both ends of a tunnel as one of its hosts has them: what an IKE daemon tells tunnels apart by. */
import { familyOf } from '../../lib/prefix.ts';
import { canonicalEndpoint } from '../addresses.ts';
import type { Connection } from '../connection.ts';
import { objectKey } from '../declared-objects.ts';
import { type Host, outerAddresses } from '../host.ts';
import type { Tunnel } from '../tunnel.ts';

export interface Endpoints {
  /** `namespace/name`. */
  readonly host: string;
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly localId: string;
  readonly remoteId: string;
}

export function endpointsOf(
  { metadata: { namespace }, spec }: Connection,
  tunnel: Tunnel,
  host: Host,
): Endpoints {
  const remote = tunnel.remote.address;
  const family = remote === undefined ? undefined : familyOf(remote);
  const local =
    tunnel.local.address ??
    outerAddresses(host).find((address) => family === undefined || familyOf(address) === family);
  const localAddress = canonicalEndpoint(local ?? '');
  const remoteAddress = canonicalEndpoint(remote ?? '%any');
  const certificate = spec.auth.certificate?.secret;
  const defaultLocalId =
    certificate === undefined ? localAddress : `subject of ${objectKey(namespace, certificate)}`;
  return {
    host: objectKey(host.metadata.namespace, host.metadata.name),
    ...{ localAddress, remoteAddress },
    localId: canonicalEndpoint(tunnel.local.id ?? defaultLocalId),
    remoteId: canonicalEndpoint(tunnel.remote.id ?? remoteAddress),
  };
}
