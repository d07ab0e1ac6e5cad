/** One tunnel of a connection, completed: addresses, identities, credentials, crypto, children, MTU. */

import { familyOf } from '../lib/prefix.ts';
import type { Problem } from '../lib/problem.ts';
import type { Connection } from '../model/connection.ts';
import { type DeclaredObjects, objectKey, resolveCrypto } from '../model/declared-objects.ts';
import type { SecretFacts } from '../model/facts.ts';
import type { DataPlane, Gateway } from '../model/gateway.ts';
import type { Host } from '../model/host.ts';
import type { Tunnel } from '../model/tunnel.ts';
import { planChildren } from './children.ts';
import { chooseDataPlane } from './data-plane.ts';
import type { CertificateAuth, PskAuth, SecretUse, TunnelPlan } from './host-plan.ts';
import { IPV6_MINIMUM_MTU, USERSPACE_MTU, worstInnerMtu } from './mtu.ts';
import { interfaceIdOf, interfaceNameOf, tunnelName } from './tunnel-name.ts';

/** Name that libipsec gives its only TUN device. */
const USERSPACE_INTERFACE = 'ipsec0';

/** Fingerprint of a secret that nobody has read yet, as in plans made away from the host. */
const UNREAD = 'unread';

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
  readonly problems: readonly Problem[];
}

/** Absent: the connection names a crypto policy or method that validation has refused. */
export function planTunnel(tunnel: Tunnel, context: TunnelContext): PlannedTunnel | undefined {
  const { connection, gateway, objects } = context;
  const { metadata, spec } = connection;
  const crypto = resolveCrypto(objects, connection);
  const auth = planAuth(context);
  if (crypto === undefined || auth === undefined) return undefined;

  const name = tunnelName(metadata.namespace, metadata.name, tunnel.name);
  const remoteAddress = tunnel.remote.address;
  const localAddress = tunnel.local.address ?? defaultLocalAddress(context.host, remoteAddress);
  const choice = chooseDataPlane(gateway.spec.dataPlane, context.dataPlanes, {
    localAddress,
    remoteAddress,
  });
  const mtu = planMtu(crypto.esp.proposals, choice.dataPlane, localAddress, remoteAddress, context);
  const children = planChildren(
    gateway.spec.networks,
    spec.routing.static.networks,
    spec.selectors,
  );
  const { dataPlane } = choice;
  const interfaceId = interfaceIdOf(name);

  const plan: TunnelPlan = {
    name,
    namespace: metadata.namespace,
    connection: metadata.name,
    tunnel: tunnel.name,
    enabled: spec.adminState === 'enabled',
    dataPlane,
    ...(dataPlane === 'xfrm-interface' || dataPlane === 'vti'
      ? { interface: interfaceNameOf(name), interfaceId }
      : {}),
    ...(dataPlane === 'userspace' ? { interface: USERSPACE_INTERFACE } : {}),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    localId:
      tunnel.local.id ??
      defaultLocalId(auth, context) ??
      localAddress ??
      context.host.spec.addresses[0] ??
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
    mtuBytes: mtu.bytes,
  };
  const object = { kind: 'Connection', namespace: metadata.namespace, name: metadata.name };
  const problems: Problem[] = [];
  if (choice.obstacle !== undefined) {
    problems.push({
      code: 'plan/data-plane-unavailable',
      severity: 'error',
      object,
      message: `tunnel ${tunnel.name} cannot use data plane ${dataPlane}: ${choice.obstacle}`,
      hint: 'set dataPlane of the Gateway to auto, or to one that the host offers',
    });
  }
  if (dataPlane === 'userspace' && spec.start === 'trap') {
    problems.push({
      code: 'plan/trap-in-userspace',
      severity: 'error',
      object,
      path: 'spec.start',
      value: 'trap',
      message: 'user-space ESP cannot be started by the first packet',
      hint: 'use start: initiate',
    });
  }
  if (mtu.above !== undefined) {
    problems.push({
      code: 'plan/mtu-too-large',
      severity: 'warning',
      object: { kind: 'Gateway', namespace: metadata.namespace, name: gateway.metadata.name },
      path: 'spec.mtu',
      value: String(mtu.bytes),
      message: `packets of this size do not fit connection ${metadata.name}: at most ${mtu.above} bytes do`,
      hint: 'use mtu: auto',
    });
  }
  if (
    mtu.bytes < IPV6_MINIMUM_MTU &&
    children.some((child) => child.name === 'v6' || hasIpv6(child.remoteSelectors))
  ) {
    problems.push({
      code: 'plan/mtu-below-ipv6',
      severity: 'error',
      object,
      value: String(mtu.bytes),
      message: `an inner MTU of ${mtu.bytes} bytes cannot carry IPv6, which needs ${IPV6_MINIMUM_MTU}`,
      hint: 'raise the MTU of the underlay, or carry IPv4 only',
    });
  }
  return { plan, problems };
}

function hasIpv6(prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => familyOf(prefix) === 6);
}

/** The first address of the host in the family of the other side; by name, either family may serve. */
function defaultLocalAddress(host: Host, remoteAddress: string | undefined): string | undefined {
  if (remoteAddress === undefined) return undefined;
  const family = familyOf(remoteAddress);
  return family === undefined
    ? undefined
    : host.spec.addresses.find((address) => familyOf(address) === family);
}

function planMtu(
  proposals: readonly string[],
  dataPlane: DataPlane,
  localAddress: string | undefined,
  remoteAddress: string | undefined,
  context: TunnelContext,
): { bytes: number; above?: number } {
  // A name may resolve to either family: the larger header is assumed.
  const outer = familyOf(remoteAddress ?? localAddress ?? '') ?? familyOf(localAddress ?? '') ?? 6;
  const fits = worstInnerMtu(proposals, context.underlayMtuBytes, outer);
  const ceiling = dataPlane === 'userspace' ? Math.min(fits, USERSPACE_MTU) : fits;
  const wanted = context.gateway.spec.mtu;
  if (wanted === 'auto') return { bytes: ceiling };
  return wanted > ceiling ? { bytes: wanted, above: ceiling } : { bytes: wanted };
}

function planAuth(context: TunnelContext): PskAuth | CertificateAuth | undefined {
  const { namespace } = context.connection.metadata;
  const { psk, certificate } = context.connection.spec.auth;
  if (psk !== undefined) return { method: 'psk', secret: use(namespace, psk.secret, context) };
  if (certificate === undefined) return undefined;
  const secret = use(namespace, certificate.secret, context);
  const { peerAuthority } = certificate;
  return {
    method: 'certificate',
    secret,
    peerAuthority: peerAuthority === undefined ? secret : use(namespace, peerAuthority, context),
  };
}

function use(namespace: string, name: string, { secretFacts }: TunnelContext): SecretUse {
  return {
    namespace,
    name,
    fingerprint: secretFacts.get(objectKey(namespace, name))?.fingerprint ?? UNREAD,
  };
}

/** strongSwan's own default for certificates: the subject. */
function defaultLocalId(
  auth: PskAuth | CertificateAuth,
  context: TunnelContext,
): string | undefined {
  if (auth.method !== 'certificate') return undefined;
  const { namespace, name } = auth.secret;
  return context.secretFacts.get(objectKey(namespace, name))?.certificates[0]?.subject;
}
