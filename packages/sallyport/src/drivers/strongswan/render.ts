/** Tunnels as VICI `load-conn` messages, which carry the hashes by which a change of them is noticed. */
import type { ChildInput, ConnectionInput } from '@sallyport/vici';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { once } from '../../lib/once.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import { spellIdentity } from '../../model/identity.ts';
import { type ChildPlan, OWNER, type TunnelPlan } from '../../plan/host-plan.ts';

/** DER of what a certificate tunnel presents and accepts. */
export interface TunnelCertificates {
  readonly leaf: Uint8Array;
  readonly peerAuthorities: readonly Uint8Array[];
}

/** Inbound ESP window: wide enough for reordering by several queues (swanctl.conf: replay_window). */
const REPLAY_WINDOW = 128;

/**
 * A loaded connection tells with what it was loaded: `list-conns` shows neither proposals nor interface
 * ids, but the groups of the local round, which no peer is asked for, and the packets that a Child SA may
 * carry. The hash of all that an IKE SA takes from its connection stands in the one, a number out of the
 * hash of each child's own options in the other. charon compares both with what is loaded, so that no
 * change can be taken for none.
 */
export function renderConnection(
  tunnel: TunnelPlan,
  certificates?: TunnelCertificates,
): ConnectionInput {
  const { local, ...peer } = peerOptions(tunnel, certificates);
  return {
    ...peer,
    local: { ...local, groups: [peerHash(tunnel)] },
    children: new Map(tunnel.children.map((child) => [child.name, renderChild(tunnel, child)])),
  };
}

function peerOptions(tunnel: TunnelPlan, certificates?: TunnelCertificates): ConnectionInput {
  const auth = tunnel.auth.method === 'psk' ? 'psk' : 'pubkey';
  return {
    // IKEv1 is never offered and never accepted.
    version: 2,
    // Addresses are declared: MOBIKE would move SAs to a virtual address that comes and goes.
    mobike: false,
    unique: uniquenessOf(tunnel),
    local_addrs: [tunnel.localAddress ?? '%any'],
    remote_addrs: [tunnel.remoteAddress ?? '%any'],
    proposals: tunnel.ikeProposals,
    rekey_time: `${tunnel.ikeRekeySeconds}s`,
    dpd_delay: `${tunnel.livenessDelaySeconds}s`,
    encap: tunnel.forceEncapsulation,
    fragmentation: 'yes',
    ...(tunnel.auth.method === 'certificate' ? { send_cert: 'always' } : {}),
    local: {
      auth,
      id: spelled(tunnel.localId),
      ...(certificates === undefined ? {} : { certs: [certificates.leaf] }),
    },
    remote: {
      auth,
      id: spelled(tunnel.remoteId),
      // Left out it is relaxed (swanctl.conf: remote<suffix>.revocation).
      ...(tunnel.auth.method === 'certificate' && tunnel.auth.revocation === 'strict'
        ? { revocation: 'strict' }
        : {}),
      // The daemon may know other authorities: only these may vouch for this peer.
      ...(certificates === undefined ? {} : { cacerts: certificates.peerAuthorities }),
    },
  };
}

/**
 * Two IKE SAs of one tunnel stand side by side while it is replaced (RFC 7296 §2.4 permits it). Who takes over a virtual address
 * says INITIAL_CONTACT, as after a crash: the other side drops the SAs of the host before. charon does so with `no`, where
 * it has no other SA with that peer itself, so that nothing ends while a tunnel is replaced.
 */
export function uniquenessOf({ virtualRouter }: TunnelPlan): 'never' | 'no' {
  return virtualRouter === undefined ? 'never' : 'no';
}

function renderChild(tunnel: TunnelPlan, child: ChildPlan): ChildInput {
  return {
    ...childOptions(tunnel, child),
    rekey_packets: childMark(tunnel, child),
    life_packets: MARK_CEILING,
    rand_packets: 0,
  };
}

function childOptions(tunnel: TunnelPlan, child: ChildPlan): ChildInput {
  const { interfaceId } = tunnel;
  return {
    mode: 'tunnel',
    local_ts: child.localSelectors,
    remote_ts: child.remoteSelectors,
    esp_proposals: tunnel.espProposals,
    rekey_time: `${tunnel.childRekeySeconds}s`,
    ...(tunnel.childRekeyBytes === undefined ? {} : { rekey_bytes: tunnel.childRekeyBytes }),
    replay_window: REPLAY_WINDOW,
    reqid: reqidOf(tunnel, child),
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

/**
 * Ties the SAs of a child to its policies, and marks both in the kernel as ours, also for whoever finds them
 * after their daemon was killed. Equal where charon would take equal ones: same selectors, same interface.
 */
export function reqidOf(tunnel: TunnelPlan, child: ChildPlan): number {
  const ofTunnel = once(reqids, tunnel, () => new WeakMap<ChildPlan, number>());
  return once(ofTunnel, child, () => {
    const digits = hash([
      ...[tunnel.name, tunnel.dataPlane, child.name],
      ...[child.localSelectors, child.remoteSelectors],
    ]).slice(0, 6);
    return OWNER.reqidByte * 2 ** 24 + Number.parseInt(digits, 16);
  });
}

/**
 * Id of the tunnel's pre-shared key inside the daemon. It tells the content and whose key it is, so that
 * what `get-shared` lists says which key is loaded, and another key stands beside the present one.
 */
export function sharedIdOf(tunnel: TunnelPlan): string {
  return once(sharedIds, tunnel, () => {
    const digits = hash([tunnel.auth.secret.fingerprint, sharedOwnersOf(tunnel)]);
    return `${tunnel.name} ${digits}`;
  });
}

/** Name of the tunnel that a key with such an id belongs to. */
export function tunnelOfShared(id: string): string {
  return id.split(' ', 1)[0] ?? '';
}

/**
 * Identities the pre-shared key belongs to: the other side's alone. With our own among them, the key
 * of one peer would be tried for every other peer, too.
 */
export function sharedOwnersOf(tunnel: TunnelPlan): string[] {
  return [spelled(tunnel.remoteId === '%any' ? tunnel.localId : tunnel.remoteId)];
}

// Every round asks for the hashes of every tunnel, and a plan stays the same for days.
const sharedIds = new WeakMap<TunnelPlan, string>();
const peerHashes = new WeakMap<TunnelPlan, string>();
const reqids = new WeakMap<TunnelPlan, WeakMap<ChildPlan, number>>();
const childHashes = new WeakMap<TunnelPlan, WeakMap<ChildPlan, string>>();

/** Validation has refused what the daemon has no spelling for. */
function spelled(id: string): string {
  const spelling = spellIdentity(id);
  return 'spelled' in spelling ? spelling.spelled : id;
}

/** Everything an IKE SA takes from its connection when it is made. */
export function peerHash(tunnel: TunnelPlan): string {
  // `auth` stands for what the options do not show: the content of secrets.
  return once(peerHashes, tunnel, () => hash([peerOptions(tunnel), credentialsOf(tunnel.auth)]));
}

/** Without the revocation lists: whom they revoke is in the fingerprint, and one that revokes nobody else changes no SA. */
function credentialsOf(auth: TunnelPlan['auth']): unknown {
  if (auth.method === 'psk') return auth;
  const { revocationLists: _, ...peerAuthority } = auth.peerAuthority;
  return { ...auth, peerAuthority };
}

/** Everything a Child SA takes from its configuration when it is made. */
export function childHash(tunnel: TunnelPlan, child: ChildPlan): string {
  const ofTunnel = once(childHashes, tunnel, () => new WeakMap<ChildPlan, string>());
  // charon does not compare names: a child that only has another one would keep the old.
  return once(ofTunnel, child, () => hash([child.name, childOptions(tunnel, child)]));
}

/** charon cuts numbers behind the 15th digit. No SA lives to carry so many packets. */
const MARK_FLOOR = 100_000_000_000_000;
const MARK_CEILING = 999_999_999_999_999;
/** Fits between the two. */
const MARK_HEX_DIGITS = 12;

/** The packets after which the child would be rekeyed: its hash, for all practical purposes. */
export function childMark(tunnel: TunnelPlan, child: ChildPlan): number {
  return MARK_FLOOR + Number.parseInt(childHash(tunnel, child).slice(0, MARK_HEX_DIGITS), 16);
}

function hash(value: unknown): string {
  return sha256Hex(canonicalJson(value)).slice(0, 32);
}
