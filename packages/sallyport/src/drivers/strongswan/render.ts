/** Tunnels as VICI `load-conn` messages, and the hashes by which a change of them is noticed. */
import type { ChildInput, ConnectionInput } from '@sallyport/vici';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { once } from '../../lib/once.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import type { ChildPlan, TunnelPlan } from '../../plan/host-plan.ts';

/** DER of what a certificate tunnel presents and accepts. */
export interface TunnelCertificates {
  readonly leaf: Uint8Array;
  readonly peerAuthorities: readonly Uint8Array[];
}

/** Inbound ESP window: wide enough for reordering by several queues (swanctl.conf: replay_window). */
const REPLAY_WINDOW = 128;

export function renderConnection(
  tunnel: TunnelPlan,
  certificates?: TunnelCertificates,
): ConnectionInput {
  return {
    // IKEv1 is never offered and never accepted.
    version: 2,
    // Addresses are declared: MOBIKE would move SAs to a virtual address that comes and goes.
    mobike: false,
    // Two IKE SAs of one tunnel stand side by side while it is replaced (RFC 7296 §2.4 permits it).
    unique: 'never',
    local_addrs: [tunnel.localAddress ?? '%any'],
    remote_addrs: [tunnel.remoteAddress ?? '%any'],
    proposals: tunnel.ikeProposals,
    rekey_time: `${tunnel.ikeRekeySeconds}s`,
    dpd_delay: `${tunnel.livenessDelaySeconds}s`,
    encap: tunnel.forceEncapsulation,
    fragmentation: 'yes',
    ...(tunnel.auth.method === 'certificate' ? { send_cert: 'always' } : {}),
    local: {
      auth: tunnel.auth.method === 'psk' ? 'psk' : 'pubkey',
      id: tunnel.localId,
      // Asked of nobody in a local round, and compared: charon sees no other difference when a secret
      // changes, and would put the new Child SA into the old IKE SA, where it is a duplicate.
      groups: [hash(tunnel.auth)],
      ...(certificates === undefined ? {} : { certs: [certificates.leaf] }),
    },
    remote: {
      auth: tunnel.auth.method === 'psk' ? 'psk' : 'pubkey',
      id: tunnel.remoteId,
      // The daemon may know other authorities: only these may vouch for this peer.
      ...(certificates === undefined ? {} : { cacerts: certificates.peerAuthorities }),
    },
    children: new Map(tunnel.children.map((child) => [child.name, renderChild(tunnel, child)])),
  };
}

function renderChild(tunnel: TunnelPlan, child: ChildPlan): ChildInput {
  const { interfaceId } = tunnel;
  return {
    mode: 'tunnel',
    local_ts: child.localSelectors,
    remote_ts: child.remoteSelectors,
    esp_proposals: tunnel.espProposals,
    rekey_time: `${tunnel.childRekeySeconds}s`,
    ...(tunnel.childRekeyBytes === undefined ? {} : { rekey_bytes: tunnel.childRekeyBytes }),
    replay_window: REPLAY_WINDOW,
    ...(tunnel.dataPlane === 'xfrm-interface'
      ? { if_id_in: interfaceId, if_id_out: interfaceId }
      : {}),
    // The marks of policies and SAs equal the key of the VTI, which puts them on its packets.
    ...(tunnel.dataPlane === 'vti' ? { mark_in: interfaceId, mark_out: interfaceId } : {}),
    // The daemon begins and ends nothing by itself: Sallyport initiates, and knows why something ended.
    start_action: tunnel.start === 'trap' ? 'trap' : 'none',
    dpd_action: tunnel.start === 'trap' ? 'trap' : 'clear',
    close_action: tunnel.start === 'trap' ? 'trap' : 'none',
  };
}

/** Id of the tunnel's pre-shared key inside the daemon. */
export function sharedIdOf(tunnel: TunnelPlan): string {
  return tunnel.name;
}

/**
 * Identities the pre-shared key belongs to: the other side's alone. With our own among them, the key
 * of one peer would be tried for every other peer, too.
 */
export function sharedOwnersOf(tunnel: TunnelPlan): string[] {
  return [tunnel.remoteId === '%any' ? tunnel.localId : tunnel.remoteId];
}

// Every round asks for the hashes of every tunnel, and a plan stays the same for days.
const peerHashes = new WeakMap<TunnelPlan, string>();
const loadHashes = new WeakMap<TunnelPlan, string>();
const childHashes = new WeakMap<TunnelPlan, WeakMap<ChildPlan, string>>();

/** Everything an IKE SA takes from its connection when it is made. */
export function peerHash(tunnel: TunnelPlan): string {
  return once(peerHashes, tunnel, () => {
    const { children: _children, ...peer } = renderConnection(tunnel);
    return hash(peer);
  });
}

/** Everything a Child SA takes from its configuration when it is made. */
export function childHash(tunnel: TunnelPlan, child: ChildPlan): string {
  const ofTunnel = once(childHashes, tunnel, () => new WeakMap<ChildPlan, string>());
  return once(ofTunnel, child, () => hash(renderChild(tunnel, child)));
}

/** The whole loaded connection. */
export function loadHash(tunnel: TunnelPlan): string {
  return once(loadHashes, tunnel, () =>
    hash([
      peerHash(tunnel),
      ...tunnel.children.map((child) => [child.name, childHash(tunnel, child)]),
    ]),
  );
}

function hash(value: unknown): string {
  return sha256Hex(canonicalJson(value)).slice(0, 32);
}
