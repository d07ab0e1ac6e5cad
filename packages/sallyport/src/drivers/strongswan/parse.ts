/** SAs of the daemon in the terms of the plan: what `status` shows of one tunnel. */
import type { ChildSa, IkeSa } from '@sallyport/vici';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import type { SaCounters } from '../../status/counter-ledger.ts';
import type {
  Algorithms,
  ChildReport,
  Counters,
  TunnelReport,
  TunnelState,
} from '../../status/host-report.ts';
import { findNarrowed } from './causes/narrowed.ts';
import { isLiveChild, isLiveIke, isUpIke } from './sas/tunnel-view.ts';

/** What the report of a tunnel takes from the daemon; the rest is history that the agent keeps. */
export interface TunnelReading
  extends Omit<TunnelReport, 'since' | 'cause' | 'history' | 'traffic'> {
  /** Of each SA in whatever state: also of those that end. */
  readonly counters: readonly SaCounters[];
}

/** `lost`: unique ids of Child SAs that the kernel does not have. */
export function readTunnel(
  tunnel: TunnelPlan,
  sas: readonly IkeSa[],
  lost: ReadonlySet<string> = new Set(),
): TunnelReading {
  const live = sas.filter((sa) => sa.name === tunnel.name && isLiveIke(sa));
  const established = live.filter(isUpIke);
  const [newest] = established.toSorted((a, b) => Number(b.uniqueId) - Number(a.uniqueId));
  const children = childrenOf(established, lost);
  const localAddress = newest?.localHost ?? tunnel.localAddress;
  const remoteAddress = newest?.remoteHost ?? tunnel.remoteAddress;
  return {
    name: tunnel.name,
    namespace: tunnel.namespace,
    connection: tunnel.connection,
    tunnel: tunnel.tunnel,
    state: stateOf(tunnel, live, children),
    ...(tunnel.shard === undefined ? {} : { shard: tunnel.shard }),
    dataPlane: tunnel.dataPlane,
    ...(tunnel.interface === undefined ? {} : { interface: tunnel.interface }),
    mtuBytes: tunnel.mtuBytes,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    localId: newest?.localId ?? tunnel.localId,
    remoteId: newest?.remoteId ?? tunnel.remoteId,
    ...(newest === undefined ? {} : { ike: readIke(newest) }),
    ...(tunnel.auth.method === 'certificate'
      ? { certificates: { secret: tunnel.auth.secret.name } }
      : {}),
    children: children.map(readChild),
    counters: sas
      .filter(({ name }) => name === tunnel.name)
      .flatMap((sa) => sa.children.flatMap((child) => readCounters(sa, child) ?? [])),
  };
}

/** As `readTunnel`, of a daemon that runs and cannot be asked. */
export function unreadTunnel(tunnel: TunnelPlan): TunnelReading {
  return { ...readTunnel(tunnel, []), state: tunnel.enabled ? 'unknown' : 'disabled' };
}

/** Child SAs of a tunnel that carry packets. */
export function standingChildren(
  tunnel: TunnelPlan,
  sas: readonly IkeSa[],
  lost: ReadonlySet<string>,
): ChildSa[] {
  const ofTunnel = sas.filter((sa) => sa.name === tunnel.name && isUpIke(sa));
  return childrenOf(ofTunnel, lost);
}

function childrenOf(established: readonly IkeSa[], lost: ReadonlySet<string>): ChildSa[] {
  return established
    .flatMap((sa) => sa.children.filter(isLiveChild))
    .filter(({ uniqueId }) => !lost.has(uniqueId));
}

function stateOf(
  tunnel: TunnelPlan,
  live: readonly IkeSa[],
  children: readonly ChildSa[],
): TunnelState {
  if (!tunnel.enabled) return 'disabled';
  if (tunnel.elsewhere === true) return 'standby';
  const names = new Set(children.map((child) => child.name));
  if (tunnel.children.every((child) => names.has(child.name))) {
    return findNarrowed(tunnel, children) === undefined ? 'up' : 'partial';
  }
  if (names.size > 0) return 'partial';
  if (live.some((sa) => sa.state === 'CONNECTING' || sa.state === 'CREATED')) return 'connecting';
  if (tunnel.start === 'respond') return 'waiting';
  return tunnel.start === 'trap' ? 'trapped' : 'down';
}

function readIke(sa: IkeSa): NonNullable<TunnelReport['ike']> {
  return {
    uniqueId: sa.uniqueId,
    initiator: sa.initiator,
    algorithms: ikeAlgorithms(sa),
    natDetected: sa.natLocal || sa.natRemote,
    establishedSeconds: sa.establishedSeconds ?? 0,
    ...(sa.rekeySeconds === undefined ? {} : { rekeyInSeconds: sa.rekeySeconds }),
  };
}

function readChild(child: ChildSa): ChildReport {
  return {
    name: child.name,
    state: child.state,
    uniqueId: child.uniqueId,
    localSelectors: child.localTs,
    remoteSelectors: child.remoteTs,
    algorithms: childAlgorithms(child),
    encapsulated: child.encapsulated,
    spiIn: child.spiIn ?? '',
    spiOut: child.spiOut ?? '',
    ...countersOf(child),
    ...(child.rekeySeconds === undefined ? {} : { rekeyInSeconds: child.rekeySeconds }),
  };
}

function countersOf(child: ChildSa): Counters {
  return {
    // Exact up to 2^53 bytes, more than one SA may ever carry.
    bytesIn: Number(child.bytesIn),
    bytesOut: Number(child.bytesOut),
    packetsIn: Number(child.packetsIn),
    packetsOut: Number(child.packetsOut),
  };
}

/** Undefined before it is installed. Unique ids begin anew with each life of charon; SPIs are random. */
export function readCounters(
  { localHost, remoteHost }: IkeSa,
  child: ChildSa,
): SaCounters | undefined {
  const { uniqueId, spiIn, spiOut } = child;
  if (spiIn === undefined || spiOut === undefined) return undefined;
  const addresses = { localAddress: localHost, remoteAddress: remoteHost };
  return { sa: `${uniqueId}/${spiIn}/${spiOut}`, ...addresses, ...countersOf(child) };
}

export function ikeAlgorithms(sa: IkeSa): Algorithms {
  return {
    encryption: sa.encryption?.algorithm ?? '',
    ...(sa.encryption?.keyBits === undefined ? {} : { keyBits: sa.encryption.keyBits }),
    ...(sa.integrity === undefined ? {} : { integrity: sa.integrity.algorithm }),
    ...(sa.prf === undefined ? {} : { prf: sa.prf }),
    ...(sa.dhGroup === undefined ? {} : { keyExchange: sa.dhGroup }),
  };
}

export function childAlgorithms(child: ChildSa): Algorithms {
  return {
    encryption: child.encryptionAlgorithm ?? '',
    ...(child.encryptionKeyBits === undefined ? {} : { keyBits: child.encryptionKeyBits }),
    ...(child.integrityAlgorithm === undefined ? {} : { integrity: child.integrityAlgorithm }),
    ...(child.dhGroup === undefined ? {} : { keyExchange: child.dhGroup }),
  };
}
