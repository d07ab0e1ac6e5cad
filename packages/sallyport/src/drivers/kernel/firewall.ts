/**
 * The one nftables table, `inet sallyport`, as a script that replaces it in one transaction.
 *
 * Leak guard (RFC 4301 §5.1 and §5.2: what a policy protects never passes in clear, in neither
 * direction): packets to a guarded prefix leave through a tunnel or not at all, packets from one
 * arrive through a tunnel or not at all. With an interface of its own the tunnel shows by the
 * interface's name; by policy, `rt ipsec` tells that the packet will be encrypted and `meta ipsec`
 * that it was.
 *
 * Relays: on the LAN between our gateways, and to hosts without a tunnel, those packets are in clear, as
 * everything there is. Out of here the guard lets them go to a gateway of ours only: `rt nexthop` is the
 * next hop that routing has chosen. When they arrive nothing in them proves which gateway they came by: a
 * source address on Ethernet is as easy to forge as one of IP, and many clouds show the same one for all. So
 * the interface decides, as in RFC 3704 §2.2: one that reaches a relay directly. What is forged outside
 * comes by another interface and is dropped; on a host with one interface for both, it is the network's
 * part to drop it.
 *
 * MSS: TCP SYNs are clamped in both directions, and only downwards (RFC 6691).
 *
 * Counters: of a host that is drained, what it still forwards, after all filters.
 *
 * Every rule ends with a comment that holds a hash of its text, so that read-back notices a rule
 * that was removed, moved or written by somebody else.
 */
import { once } from '../../lib/once.ts';
import { FAMILIES, type Family, familyOf, formatPrefix, parsePrefix } from '../../lib/prefix.ts';
import { mergePrefixes } from '../../lib/prefix-set.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import { type FirewallPlan, OWNER, USERSPACE_DEVICE } from '../../plan/host-plan.ts';
import { BESIDE, countersOf, inCounter, outCounter } from './counted.ts';
import { canonicalFirewall } from './parse-firewall.ts';
import { type KernelDesired, type Subnet } from './state.ts';
import { interfacesReaching } from './subnets.ts';

interface NftSet {
  readonly name: string;
  readonly type: 'ipv4_addr' | 'ipv6_addr' | 'ifname';
  readonly elements: readonly string[];
}

interface NftTable {
  readonly sets: readonly NftSet[];
  /** Names. */
  readonly counters: readonly string[];
  /** Rules by chain, in order. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

interface NftHook {
  readonly hook: 'prerouting' | 'forward' | 'output' | 'input';
  readonly priority: number;
}

/**
 * What each hook sees. A packet for a tunnel passes `forward` or `output` in clear, with a tunnel
 * interface or an IPsec route ahead of it; its ESP then passes `output` with the peer as destination.
 * ESP that arrives passes `prerouting` and `input`, and what was in it `prerouting` once more, from
 * the tunnel interface or with the SA it came by noted on it (nft(8): `meta ipsec`, `rt ipsec`).
 */
const CHAINS: ReadonlyMap<string, NftHook> = new Map([
  // Before connection tracking (-200): what is forged leaves no trace there.
  ['arriving', { hook: 'prerouting', priority: -310 }],
  // Just before the filters of the host (0), whose verdict stays theirs.
  ['forwarded', { hook: 'forward', priority: -5 }],
  ['sent', { hook: 'output', priority: -5 }],
  ['clamp-forwarded', { hook: 'forward', priority: -150 }],
  ['clamp-sent', { hook: 'output', priority: -150 }],
  ['clamp-received', { hook: 'input', priority: -150 }],
  ['counted', { hook: 'forward', priority: 300 }],
]);

/** nft script; empty where nothing is guarded or clamped and no table is wanted. */
export function renderFirewall(desired: KernelDesired, subnets: readonly Subnet[]): string {
  const table = buildTable(desired, relayLinks(desired, subnets));
  if (table === undefined) return '';
  const lines = [`table inet ${OWNER.nftTable} {`];
  for (const { name, type, elements } of table.sets) {
    lines.push(`\tset ${name} {`, `\t\ttype ${type}`);
    if (type !== 'ifname') lines.push('\t\tflags interval');
    if (elements.length > 0)
      lines.push(
        `\t\telements = { ${elements.map((element) => quoteElement(type, element)).join(', ')} }`,
      );
    lines.push('\t}');
  }
  for (const name of table.counters) lines.push(`\tcounter ${name} {`, '\t}');
  for (const [chain, rules] of table.chains) {
    const { hook, priority } = hookOf(chain);
    lines.push(
      `\tchain ${chain} {`,
      `\t\ttype filter hook ${hook} priority ${priority}; policy accept;`,
    );
    for (const rule of rules) lines.push(`\t\t${rule} comment "${ruleMark(rule)}"`);
    lines.push('\t}');
  }
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

/** By what `relayLinks` found. */
const expected = new WeakMap<KernelDesired, Map<string, string | undefined>>();

/** What `parseFirewall` returns when the table is as wanted; absent: no table. */
export function expectedFirewall(
  desired: KernelDesired,
  subnets: readonly Subnet[],
): string | undefined {
  const links = relayLinks(desired, subnets);
  const known = once(expected, desired, () => new Map<string, string | undefined>());
  const key = JSON.stringify(links);
  if (!known.has(key)) known.set(key, expectedText(desired, links));
  return known.get(key);
}

function expectedText(desired: KernelDesired, links: RelayLinks): string | undefined {
  const table = buildTable(desired, links);
  if (table === undefined) return undefined;
  return canonicalFirewall([
    ...table.sets.map(
      ({ name, elements }) => `set ${name} ${[...elements].map(shownElement).sort().join(' ')}`,
    ),
    ...table.counters.map((name) => `counter ${name}`),
    ...[...table.chains.keys()].map((chain) => {
      const { hook, priority } = hookOf(chain);
      return `chain ${chain} filter ${hook} ${priority} accept`;
    }),
    ...[...table.chains].flatMap(([chain, rules]) =>
      rules.map((rule) => `rule ${chain} ${ruleMark(rule)}`),
    ),
  ]);
}

function hookOf(chain: string): NftHook {
  const hook = CHAINS.get(chain);
  if (hook === undefined) throw new Error(`no hook for chain ${chain}`);
  return hook;
}

/** nft shows host prefixes as bare addresses. */
function shownElement(element: string): string {
  const [address = '', length] = element.split('/');
  return length === (address.includes(':') ? '128' : '32') ? address : element;
}

function quoteElement(type: NftSet['type'], element: string): string {
  return type === 'ifname' ? `"${element}"` : element;
}

function ruleMark(rule: string): string {
  return `sallyport ${sha256Hex(rule).slice(0, 16)}`;
}

/** Names of the interfaces that reach a relay directly. */
type RelayLinks = Readonly<Record<Family, readonly string[]>>;

function relayLinks({ firewall }: KernelDesired, subnets: readonly Subnet[]): RelayLinks {
  const ofFamily = (family: Family): string[] =>
    relaysOf(family, firewall).flatMap((relay) => interfacesReaching(relay, subnets));
  return { 4: distinct(ofFamily(4)), 6: distinct(ofFamily(6)) };
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function relaysOf(family: Family, { relays = [] }: FirewallPlan): string[] {
  return relays.filter((relay) => familyOf(relay) === family);
}

function buildTable(desired: KernelDesired, links: RelayLinks): NftTable | undefined {
  const { firewall, interfaces, engine, node } = desired;
  if (firewall.guarded.length === 0 && firewall.clamps.length === 0) return undefined;
  const sets: NftSet[] = [
    {
      name: 'tunnels',
      type: 'ifname',
      elements: distinct([
        ...interfaces.map(({ name }) => name),
        // Without user-space ESP an interface of this name is somebody else's.
        ...(engine.userspace ? [USERSPACE_DEVICE] : []),
        // Also where it is the CNI's: only by our routes are packets for these networks led there.
        ...(node?.encapsulation === undefined ? [] : [node.encapsulation.interface]),
      ]),
    },
  ];
  const rules = new Map<string, string[]>([...CHAINS.keys()].map((chain) => [chain, []]));
  const add = (chain: string, rule: string): void => {
    rules.get(chain)?.push(rule);
  };
  for (const family of FAMILIES) {
    addPeers(family, firewall, sets, add);
    addRelays(family, { firewall, links: links[family], sets, add });
    addGuard(family, firewall, sets, add);
    addClamps(family, firewall, sets, add);
    addCounted(family, firewall, sets, add);
  }
  if (firewall.counted === undefined) rules.delete('counted');
  return { sets, counters: countersOf(firewall), chains: rules };
}

type AddRule = (chain: string, rule: string) => void;

const PROTOCOL: Readonly<Record<Family, 'ip' | 'ip6'>> = { 4: 'ip', 6: 'ip6' };
const ADDRESS_TYPE: Readonly<Record<Family, 'ipv4_addr' | 'ipv6_addr'>> = {
  4: 'ipv4_addr',
  6: 'ipv6_addr',
};

/**
 * IKE and ESP of a peer that lives inside its own remote network; only between the gateway itself and
 * the peer, so never forwarded. Our ports are fixed, the peer's may be changed by a NAT (RFC 3948).
 */
function addPeers(family: Family, firewall: FirewallPlan, sets: NftSet[], add: AddRule): void {
  const peers = firewall.peers.filter((peer) => familyOf(peer) === family);
  if (peers.length === 0) return;
  sets.push({ name: `peers${family}`, type: ADDRESS_TYPE[family], elements: peers });
  const ip = PROTOCOL[family];
  add('arriving', `${ip} saddr @peers${family} meta l4proto esp accept`);
  add('arriving', `${ip} saddr @peers${family} udp dport { 500, 4500 } accept`);
  add('sent', `${ip} daddr @peers${family} meta l4proto esp accept`);
  add('sent', `${ip} daddr @peers${family} udp sport { 500, 4500 } accept`);
}

interface Relaying {
  readonly firewall: FirewallPlan;
  readonly links: readonly string[];
  readonly sets: NftSet[];
  readonly add: AddRule;
}

function addRelays(family: Family, { firewall, links, sets, add }: Relaying): void {
  const relays = relaysOf(family, firewall);
  if (relays.length === 0) return;
  const ip = PROTOCOL[family];
  sets.push({ name: `relays${family}`, type: ADDRESS_TYPE[family], elements: relays });
  add('forwarded', `rt ${ip} nexthop @relays${family} accept`);
  add('sent', `rt ${ip} nexthop @relays${family} accept`);
  if (links.length === 0) return;
  sets.push({ name: `relay_links${family}`, type: 'ifname', elements: links });
  add('arriving', `meta nfproto ipv${family} iifname @relay_links${family} accept`);
}

function addGuard(family: Family, firewall: FirewallPlan, sets: NftSet[], add: AddRule): void {
  const ip = PROTOCOL[family];
  for (const by of ['interface', 'policy'] as const) {
    const prefixes = merged(
      firewall.guarded
        .filter((entry) => entry.by === by && familyOf(entry.prefix) === family)
        .map(({ prefix }) => prefix),
    );
    if (prefixes.length === 0) continue;
    const set = `by_${by}${family}`;
    sets.push({ name: set, type: ADDRESS_TYPE[family], elements: prefixes });
    // A kernel without XFRM does not know the `ipsec` keys: they only stand where it must have it.
    const [clearOut, clearIn] =
      by === 'policy' ? [' rt ipsec missing', ' meta ipsec missing'] : ['', ''];
    add('forwarded', `${ip} daddr @${set} oifname != @tunnels${clearOut} counter drop`);
    add('sent', `${ip} daddr @${set} oifname != @tunnels${clearOut} counter drop`);
    add('arriving', `${ip} saddr @${set} iifname != @tunnels${clearIn} counter drop`);
  }
}

function addClamps(family: Family, firewall: FirewallPlan, sets: NftSet[], add: AddRule): void {
  const ip = PROTOCOL[family];
  const clamps = firewall.clamps.filter(({ prefix }) => familyOf(prefix) === family);
  for (const size of [...new Set(clamps.map(({ mssBytes }) => mssBytes))].sort((a, b) => a - b)) {
    const set = `mss${family}_${size}`;
    const prefixes = clamps.filter(({ mssBytes }) => mssBytes === size).map(({ prefix }) => prefix);
    sets.push({ name: set, type: ADDRESS_TYPE[family], elements: merged(prefixes) });
    const clamp = (side: 'saddr' | 'daddr'): string =>
      `${ip} ${side} @${set} tcp flags & (syn | rst) == syn tcp option maxseg size > ${size} tcp option maxseg size set ${size}`;
    add('clamp-forwarded', clamp('daddr'));
    add('clamp-forwarded', clamp('saddr'));
    add('clamp-sent', clamp('daddr'));
    add('clamp-received', clamp('saddr'));
  }
}

/** What passes the interfaces of tunnels, and what passes beside them: by policy, or by way of another host. */
function addCounted(family: Family, { counted }: FirewallPlan, sets: NftSet[], add: AddRule): void {
  if (counted === undefined) return;
  const ip = PROTOCOL[family];
  for (const device of counted.interfaces) {
    const ofFamily = `meta nfproto ipv${family}`;
    add('counted', `${ofFamily} iifname "${device}" counter name ${inCounter(device)}`);
    add('counted', `${ofFamily} oifname "${device}" counter name ${outCounter(device)}`);
  }
  const prefixes = merged(counted.prefixes.filter((prefix) => familyOf(prefix) === family));
  if (prefixes.length === 0) return;
  const set = `counted${family}`;
  sets.push({ name: set, type: ADDRESS_TYPE[family], elements: prefixes });
  const passes = (side: 'saddr' | 'daddr', end: 'iifname' | 'oifname'): string =>
    [`${ip} ${side} @${set}`, ...counted.interfaces.map((name) => `${end} != "${name}"`)].join(' ');
  add('counted', `${passes('saddr', 'iifname')} counter name ${inCounter(BESIDE)}`);
  add('counted', `${passes('daddr', 'oifname')} counter name ${outCounter(BESIDE)}`);
}

/** Interval sets refuse elements that overlap. */
function merged(prefixes: readonly string[]): string[] {
  const parsed = prefixes.flatMap((text) => {
    const result = parsePrefix(text);
    return result.ok ? [result.prefix] : [];
  });
  return mergePrefixes(parsed).map(formatPrefix);
}
