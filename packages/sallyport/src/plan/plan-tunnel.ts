/** One tunnel of a connection, completed: addresses, identities, credentials, crypto, children, MTU. */
import { canonicalAddress } from '../lib/canonical-address.ts';
import { type Family, familyOf } from '../lib/prefix.ts';
import type { Connection } from '../model/connection.ts';
import { type DeclaredObjects, objectKey, resolveCrypto } from '../model/declared-objects.ts';
import { type CertificateFacts, type SecretFacts, summaryOf } from '../model/facts.ts';
import type { DataPlane, Gateway } from '../model/gateway.ts';
import { type Host, outerAddresses } from '../model/host.ts';
import { isOnVirtualAddress } from '../model/hosts-of-tunnel.ts';
import { remoteNetworks } from '../model/routing.ts';
import { issuedNames } from '../model/secret.ts';
import type { Tunnel } from '../model/tunnel.ts';
import { planChildren } from './children.ts';
import { chooseDataPlane, type TunnelEnds } from './data-plane.ts';
import {
  type CertificateAuth,
  type PskAuth,
  type TunnelPlan,
  USERSPACE_DEVICE,
} from './host-plan.ts';
import { type TunnelMtu, USERSPACE_MTU, worstInnerMtu } from './mtu.ts';
import { findTunnelProblems, type PlanProblem } from './problems.ts';
import { learnedNetworks, planRoutedChildren } from './routed-children.ts';
import type { SecretUse } from './secret-reference.ts';
import { secretUse } from './secret-use.ts';
import { interfaceIdOf, interfaceNameOf, tunnelName } from './tunnel-name.ts';
import { virtualRouterName } from './vrrp.ts';

export interface TunnelContext {
  readonly objects: DeclaredObjects;
  /** By `namespace/name`. */
  readonly secretFacts: ReadonlyMap<string, SecretFacts>;
  readonly host: Host;
  readonly gateway: Gateway;
  readonly connection: Connection;
  readonly dataPlanes: readonly DataPlane[];
  readonly underlayMtuBytes: number;
}

export interface PlannedTunnel {
  readonly plan: TunnelPlan;
  readonly problems: readonly PlanProblem[];
}

/** Absent: the connection names a crypto policy or method that validation has refused. */
export function planTunnel(tunnel: Tunnel, context: TunnelContext): PlannedTunnel | undefined {
  const { connection, gateway, objects } = context;
  const { metadata, spec } = connection;
  const crypto = resolveCrypto(objects, connection);
  const auth = planAuth(context);
  if (crypto === undefined || auth === undefined) return undefined;

  const name = tunnelName(metadata.namespace, metadata.name, tunnel.name);
  const remoteAddress = optionalAddress(tunnel.remote.address);
  const localAddress = optionalAddress(
    tunnel.local.address ?? defaultLocalAddress(context.host, remoteAddress),
  );
  const shard = shardOf(context.host, localAddress);
  const { bgp } = spec.routing;
  const ends = { localAddress, remoteAddress, shard, isRouted: bgp !== undefined };
  const choice = chooseDataPlane(gateway.spec.dataPlane, context.dataPlanes, ends);
  const mtu = planMtu(crypto.esp.proposals, choice.dataPlane, ends, context);
  const { dataPlane } = choice;
  const children =
    bgp === undefined
      ? planChildren(gateway.spec.networks, remoteNetworks(spec.routing).networks, spec.selectors)
      : planRoutedChildren({ bgp, gateway, inside: tunnel.inside ?? [], dataPlane });

  const plan: TunnelPlan = {
    name,
    namespace: metadata.namespace,
    connection: metadata.name,
    tunnel: tunnel.name,
    enabled: spec.adminState === 'enabled',
    dataPlane,
    ...(shard === undefined ? {} : { shard }),
    ...(dataPlane === 'xfrm-interface' || dataPlane === 'vti'
      ? { interface: interfaceNameOf(name), interfaceId: interfaceIdOf(name) }
      : {}),
    ...(dataPlane === 'userspace' ? { interface: USERSPACE_DEVICE } : {}),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(isOnVirtualAddress(gateway, tunnel)
      ? { virtualRouter: virtualRouterName(gateway, familyOf(localAddress ?? '') ?? 4) }
      : {}),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    localId:
      tunnel.local.id ??
      defaultLocalId(auth, context) ??
      localAddress ??
      optionalAddress(context.host.spec.addresses[0]) ??
      '%any',
    remoteId: tunnel.remote.id ?? remoteAddress ?? '%any',
    auth,
    ikeProposals: crypto.ike.proposals,
    espProposals: crypto.esp.proposals,
    ikeRekeySeconds: crypto.ike.rekeySeconds,
    childRekeySeconds: crypto.esp.rekeySeconds,
    ...(crypto.esp.rekeyBytes === undefined ? {} : { childRekeyBytes: crypto.esp.rekeyBytes }),
    livenessDelaySeconds: spec.liveness.delaySeconds,
    forceEncapsulation: spec.encapsulation === 'always' || dataPlane === 'userspace',
    start: spec.start,
    children,
    ...(bgp === undefined ? {} : { learned: learnedNetworks(bgp) }),
    mtuBytes: mtu.bytes,
  };
  const problems = findTunnelProblems({
    plan,
    gateway,
    connection,
    hostName: context.host.metadata.name,
    offered: context.dataPlanes,
    choice,
    mtu,
  });
  return { plan, problems };
}

/** Names are left as they are. */
function optionalAddress(text: string | undefined): string | undefined {
  return text === undefined ? undefined : canonicalAddress(text);
}

/** The first address of the host in the family of the other side; by name, either family may serve. */
function defaultLocalAddress(host: Host, remoteAddress: string | undefined): string | undefined {
  if (remoteAddress === undefined) return undefined;
  const family = familyOf(remoteAddress);
  return family === undefined
    ? undefined
    : outerAddresses(host).find((address) => familyOf(address) === family);
}

/** The shard that has the address; undefined: the host's own IKE daemon, also for any address. */
function shardOf({ spec }: Host, localAddress: string | undefined): string | undefined {
  return spec.shards?.find(({ addresses }) =>
    addresses.map(canonicalAddress).includes(localAddress ?? ''),
  )?.name;
}

function planMtu(
  proposals: readonly string[],
  dataPlane: DataPlane,
  ends: TunnelEnds,
  { host, gateway, underlayMtuBytes }: TunnelContext,
): TunnelMtu {
  const fits = worstInnerMtu(proposals, underlayMtuBytes, outerFamily(ends, host));
  const ceilingBytes = dataPlane === 'userspace' ? Math.min(fits, USERSPACE_MTU) : fits;
  const { mtu } = gateway.spec;
  return {
    bytes: mtu === 'auto' ? ceilingBytes : mtu,
    ceilingBytes,
    underlayBytes: underlayMtuBytes,
  };
}

/** Where either end leaves it open, the larger header is assumed that the host can send. */
function outerFamily({ localAddress, remoteAddress }: TunnelEnds, host: Host): Family {
  const known = familyOf(remoteAddress ?? '') ?? familyOf(localAddress ?? '');
  if (known !== undefined) return known;
  return outerAddresses(host).some((address) => familyOf(address) === 6) ? 6 : 4;
}

function planAuth(context: TunnelContext): PskAuth | CertificateAuth | undefined {
  const { namespace } = context.connection.metadata;
  const { psk, certificate } = context.connection.spec.auth;
  if (psk !== undefined)
    return { method: 'psk', secret: secretUse(namespace, psk.secret, context.secretFacts) };
  if (certificate === undefined) return undefined;
  const secret = secretUse(namespace, certificate.secret, context.secretFacts);
  const { peerAuthority, revocation } = certificate;
  const [leaf] = certificatesOf(secret, context);
  const accepted =
    peerAuthority === undefined ? secret : secretUse(namespace, peerAuthority, context.secretFacts);
  const authorities = certificatesOf(accepted, context).filter(({ isAuthority }) => isAuthority);
  return {
    method: 'certificate',
    secret,
    ...(leaf === undefined ? {} : { leaf: summaryOf(leaf) }),
    peerAuthority: accepted,
    ...(authorities.length === 0
      ? {}
      : { peerAuthorityNames: authorities.map(({ subject }) => subject) }),
    revocation,
  };
}

/** strongSwan's own default for certificates: the subject. */
function defaultLocalId(
  auth: PskAuth | CertificateAuth,
  context: TunnelContext,
): string | undefined {
  if (auth.method !== 'certificate') return undefined;
  const { namespace, name } = auth.secret;
  const issued = context.objects.secrets.get(objectKey(namespace, name))?.spec.issued;
  // Known before it is made.
  return issued === undefined
    ? certificatesOf(auth.secret, context)[0]?.subject
    : issuedNames(issued, { name }).subject;
}

/** Our leaf first; none where nobody has read the files. */
function certificatesOf(
  { namespace, name }: SecretUse,
  { secretFacts }: TunnelContext,
): readonly CertificateFacts[] {
  return secretFacts.get(objectKey(namespace, name))?.certificates ?? [];
}
