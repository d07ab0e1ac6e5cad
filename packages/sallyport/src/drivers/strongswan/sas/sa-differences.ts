/**
 * What an SA really has, beside what the plan wants of it: addresses, identities, algorithms with their
 * key sizes, lifetimes, mode, selectors, interface id or mark. Charon and the peer have agreed on it, so
 * this proves more than what was loaded.
 */
import type { ChildSa, IkeSa } from '@sallyport/vici';
import { canonicalAddress } from '../../../lib/canonical-address.ts';
import { containsPrefix, familyOf, parsePrefixes } from '../../../lib/prefix.ts';
import { findKeyword, type KeywordKind } from '../../../model/algorithm-keywords.ts';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { formatAlgorithms } from '../../../status/format.ts';
import type { Algorithms } from '../../../status/host-report.ts';
import { childAlgorithms, ikeAlgorithms } from '../parse.ts';
import { isLiveChild, isUpIke, type SaFacts, viewOf } from './tunnel-view.ts';

/** Lines; empty where every SA of today's configuration is as planned. `sas`: of every tunnel. */
export function saDifferences(
  tunnel: TunnelPlan,
  sas: readonly IkeSa[],
  known: SaFacts,
): readonly string[] {
  if (!tunnel.enabled) return [];
  const own = sas.filter((sa) => sa.name === tunnel.name && isUpIke(sa));
  const { current, outdatedChildren, lostChildren } = viewOf(tunnel, own, known);
  const going = new Set([...outdatedChildren, ...lostChildren]);
  return current.flatMap((sa) => [
    ...ikeDifferences(tunnel, sa).map((line) => `IKE SA ${sa.uniqueId}: ${line}`),
    ...sa.children
      .filter((child) => isLiveChild(child) && !going.has(child))
      .flatMap((child) =>
        childDifferences(tunnel, child).map((line) => `Child SA ${child.uniqueId}: ${line}`),
      ),
  ]);
}

function ikeDifferences(tunnel: TunnelPlan, sa: IkeSa): string[] {
  return [
    ...address('our address', sa.localHost, tunnel.localAddress),
    ...address('address of the peer', sa.remoteHost, tunnel.remoteAddress),
    ...identity('our identity', sa.localId, tunnel.localId),
    ...identity('identity of the peer', sa.remoteId, tunnel.remoteId),
    ...suite(ikeAlgorithms(sa), tunnel.ikeProposals),
    ...rekeyAt(sa.rekeySeconds, tunnel.ikeRekeySeconds),
  ];
}

function childDifferences(tunnel: TunnelPlan, child: ChildSa): string[] {
  const plan = tunnel.children.find(({ name }) => name === child.name);
  const id = tunnel.interfaceId;
  const ids = tunnel.dataPlane === 'xfrm-interface' ? [id, id] : [undefined, undefined];
  const marks = tunnel.dataPlane === 'vti' ? [id, id] : [undefined, undefined];
  return [
    ...(child.mode === 'TUNNEL' ? [] : [`mode ${child.mode}, not TUNNEL`]),
    ...suite(childAlgorithms(child), tunnel.espProposals),
    ...pair('interface id', [child.ifIdIn, child.ifIdOut], ids),
    ...pair('mark', [child.markIn, child.markOut], marks),
    ...outside('our network', child.localTs, plan?.localSelectors ?? []),
    ...outside('network of the peer', child.remoteTs, plan?.remoteSelectors ?? []),
    ...rekeyAt(child.rekeySeconds, tunnel.childRekeySeconds),
    ...(tunnel.forceEncapsulation && !child.encapsulated ? ['ESP is not in UDP'] : []),
  ];
}

/** `wanted` may be a name, or absent where any will do. */
function address(what: string, found: string, wanted: string | undefined): string[] {
  if (wanted === undefined || familyOf(wanted) === undefined) return [];
  const text = canonicalAddress(found);
  return text === wanted ? [] : [`${what} is ${text}, not ${wanted}`];
}

/** Names and addresses are printed as they are written; of other forms there are several spellings. */
function identity(what: string, found: string, wanted: string): string[] {
  if (!/^[\w.-]+$/.test(wanted) && familyOf(wanted) === undefined) return [];
  return canonicalAddress(found).toLowerCase() === wanted.toLowerCase()
    ? []
    : [`${what} is ${found}, not ${wanted}`];
}

/** One of the proposals must hold all of it. */
function suite(found: Algorithms, proposals: readonly string[]): string[] {
  if (proposals.some((proposal) => offers(proposal, found))) return [];
  return [`${formatAlgorithms(found)} is none of ${proposals.join(', ')}`];
}

function offers(proposal: string, found: Algorithms): boolean {
  const words = proposal.split('-').map((text) => ({ text, keyword: findKeyword(text) }));
  /** A kind that the proposal does not name is left to the daemon. */
  const has = (kinds: readonly KeywordKind[], name: string | undefined, bits?: number): boolean => {
    const offered = words.filter(({ keyword }) => keyword && kinds.includes(keyword.kind));
    return (
      name === undefined ||
      name === '' ||
      offered.length === 0 ||
      offered.some(({ text, keyword }) => keyword?.algorithm === name && fitsBits(text, bits))
    );
  };
  return (
    has(['encryption', 'aead'], found.encryption, found.keyBits) &&
    has(['integrity'], found.integrity) &&
    has(['prf'], found.prf) &&
    has(['key-exchange'], found.keyExchange)
  );
}

/** `aes256gcm16`: the bits stand behind the cipher's name; without them any size may have been meant. */
function fitsBits(keyword: string, bits: number | undefined): boolean {
  const named = /^[a-z]+(128|192|256)/.exec(keyword)?.[1];
  return named === undefined || bits === undefined || Number(named) === bits;
}

function pair(
  what: string,
  found: readonly (number | undefined)[],
  wanted: readonly (number | undefined)[],
): string[] {
  if (found.every((id, index) => id === wanted[index])) return [];
  const text = (ids: typeof found): string => ids.map((id) => id ?? 'none').join('/');
  return [`${what} ${text(found)}, not ${text(wanted)}`];
}

/** The peer may narrow what was offered, and never widen it (RFC 7296 §2.9). */
function outside(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  // Nearly always all of them: the others alone are worth parsing.
  const others = found.filter((text) => !wanted.includes(text));
  if (others.length === 0) return [];
  // What is no prefix, such as a selector with ports, is left out.
  const allowed = parsePrefixes(wanted);
  return others
    .filter((text) =>
      parsePrefixes([text]).some((prefix) =>
        allowed.every((outer) => !containsPrefix(outer, prefix)),
      ),
    )
    .map((text) => `${what} ${text} is none of ours to carry`);
}

/** The daemon shortens a lifetime by chance (swanctl.conf: rand_time), and never makes it longer. */
function rekeyAt(seconds: number | undefined, lifetime: number): string[] {
  return seconds === undefined || seconds <= lifetime
    ? []
    : [`it is rekeyed in ${seconds} s, later than after ${lifetime} s`];
}
