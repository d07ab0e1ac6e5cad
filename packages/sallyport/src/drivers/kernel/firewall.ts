/**
 * The one nftables table, `inet sallyport`, as a script that replaces it in one transaction.
 *
 * Leak guard (RFC 4301 §5.1 and §5.2: what a policy protects never passes in clear, in neither
 * direction): packets to a guarded prefix leave through a tunnel or not at all, packets from one
 * arrive through a tunnel or not at all. With an interface of its own the tunnel shows by the
 * interface's name; by policy, `rt ipsec` tells that the packet will be encrypted and `meta ipsec`
 * that it was.
 *
 * MSS: TCP SYNs are clamped in both directions, and only downwards (RFC 6691).
 *
 * Every rule ends with a comment that holds a hash of its text, so that read-back notices a rule
 * that was removed, moved or written by somebody else.
 */
import {
  comparePrefixes,
  containsPrefix,
  type Family,
  familyOf,
  parsePrefix,
} from '../../lib/prefix.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import { type FirewallPlan, OWNER } from '../../plan/host-plan.ts';
import { canonicalFirewall } from './parse.ts';
import { FAMILIES, type KernelDesired } from './state.ts';

/** TUN device of charon's user-space ESP: the only tunnel interface whose name is not ours to choose. */
const USERSPACE_INTERFACE = 'ipsec0';

interface NftSet {
  readonly name: string;
  readonly type: 'ipv4_addr' | 'ipv6_addr' | 'ifname';
  readonly elements: readonly string[];
}

interface NftTable {
  readonly sets: readonly NftSet[];
  /** Rules by chain, in order. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

const CHAINS: ReadonlyMap<string, string> = new Map([
  // Before conntrack (-200) and before anybody accepts.
  ['arriving', 'type filter hook prerouting priority -310; policy accept;'],
  ['forwarded', 'type filter hook forward priority -5; policy accept;'],
  ['sent', 'type filter hook output priority -5; policy accept;'],
  ['clamp-forwarded', 'type filter hook forward priority -150; policy accept;'],
  ['clamp-sent', 'type filter hook output priority -150; policy accept;'],
  ['clamp-received', 'type filter hook input priority -150; policy accept;'],
]);

/** nft script; empty where nothing is guarded or clamped and no table is wanted. */
export function renderFirewall(desired: KernelDesired): string {
  const table = buildTable(desired);
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
  for (const [chain, rules] of table.chains) {
    lines.push(`\tchain ${chain} {`, `\t\t${CHAINS.get(chain) ?? ''}`);
    for (const rule of rules) lines.push(`\t\t${rule} comment "${ruleMark(rule)}"`);
    lines.push('\t}');
  }
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

/** What `parseFirewall` returns when the table is as wanted; absent: no table. */
export function expectedFirewall(desired: KernelDesired): string | undefined {
  const table = buildTable(desired);
  if (table === undefined) return undefined;
  return canonicalFirewall([
    ...table.sets.map(
      ({ name, elements }) => `set ${name} ${[...elements].map(shownElement).sort().join(' ')}`,
    ),
    ...[...table.chains.keys()].map((chain) => `chain ${chain}`),
    ...[...table.chains].flatMap(([chain, rules]) =>
      rules.map((rule) => `rule ${chain} ${ruleMark(rule)}`),
    ),
  ]);
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

function buildTable(desired: KernelDesired): NftTable | undefined {
  const { firewall, interfaces } = desired;
  if (firewall.guarded.length === 0 && firewall.clamps.length === 0) return undefined;
  const sets: NftSet[] = [
    {
      name: 'tunnels',
      type: 'ifname',
      elements: [...interfaces.map(({ name }) => name), USERSPACE_INTERFACE].sort(),
    },
  ];
  const rules = new Map<string, string[]>([...CHAINS.keys()].map((chain) => [chain, []]));
  const add = (chain: string, rule: string): void => {
    rules.get(chain)?.push(rule);
  };
  for (const family of FAMILIES) {
    addPeers(family, firewall, sets, add);
    addGuard(family, firewall, sets, add);
    addClamps(family, firewall, sets, add);
  }
  return { sets, chains: rules };
}

type AddRule = (chain: string, rule: string) => void;

const PROTOCOL: Readonly<Record<Family, 'ip' | 'ip6'>> = { 4: 'ip', 6: 'ip6' };
const ADDRESS_TYPE: Readonly<Record<Family, 'ipv4_addr' | 'ipv6_addr'>> = {
  4: 'ipv4_addr',
  6: 'ipv6_addr',
};

/** IKE and ESP of a peer that lives inside its own remote network. */
function addPeers(family: Family, firewall: FirewallPlan, sets: NftSet[], add: AddRule): void {
  const peers = firewall.peers.filter((peer) => familyOf(peer) === family);
  if (peers.length === 0) return;
  sets.push({ name: `peers${family}`, type: ADDRESS_TYPE[family], elements: peers });
  const ip = PROTOCOL[family];
  for (const chain of ['arriving', 'forwarded', 'sent']) {
    const side = chain === 'arriving' ? 'saddr' : 'daddr';
    add(chain, `${ip} ${side} @peers${family} meta l4proto esp accept`);
    add(chain, `${ip} ${side} @peers${family} udp dport { 500, 4500 } accept`);
  }
}

function addGuard(family: Family, firewall: FirewallPlan, sets: NftSet[], add: AddRule): void {
  const ip = PROTOCOL[family];
  for (const by of ['interface', 'policy'] as const) {
    const prefixes = outermost(
      firewall.guarded
        .filter((entry) => entry.by === by && familyOf(entry.prefix) === family)
        .map(({ prefix }) => prefix),
    );
    if (prefixes.length === 0) continue;
    const set = `by_${by}${family}`;
    sets.push({ name: set, type: ADDRESS_TYPE[family], elements: prefixes });
    const clearOut = by === 'interface' ? 'oifname != @tunnels' : 'rt ipsec missing';
    const clearIn = by === 'interface' ? 'iifname != @tunnels' : 'meta ipsec missing';
    add('forwarded', `${ip} daddr @${set} ${clearOut} counter drop`);
    add('sent', `${ip} daddr @${set} ${clearOut} counter drop`);
    add('arriving', `${ip} saddr @${set} ${clearIn} counter drop`);
  }
}

function addClamps(family: Family, firewall: FirewallPlan, sets: NftSet[], add: AddRule): void {
  const ip = PROTOCOL[family];
  const clamps = firewall.clamps.filter(({ prefix }) => familyOf(prefix) === family);
  for (const size of [...new Set(clamps.map(({ mssBytes }) => mssBytes))].sort((a, b) => a - b)) {
    const set = `mss${family}_${size}`;
    const prefixes = clamps.filter(({ mssBytes }) => mssBytes === size).map(({ prefix }) => prefix);
    sets.push({ name: set, type: ADDRESS_TYPE[family], elements: outermost(prefixes) });
    const clamp = (side: 'saddr' | 'daddr'): string =>
      `${ip} ${side} @${set} tcp flags & (syn | rst) == syn tcp option maxseg size > ${size} tcp option maxseg size set ${size}`;
    add('clamp-forwarded', clamp('daddr'));
    add('clamp-forwarded', clamp('saddr'));
    add('clamp-sent', clamp('daddr'));
    add('clamp-received', clamp('saddr'));
  }
}

/** Interval sets refuse elements that overlap: a prefix inside another one adds nothing. */
function outermost(prefixes: readonly string[]): string[] {
  const parsed = prefixes.flatMap((text) => {
    const result = parsePrefix(text);
    return result.ok ? [{ text, prefix: result.prefix }] : [];
  });
  parsed.sort((a, b) => comparePrefixes(a.prefix, b.prefix));
  const kept: typeof parsed = [];
  for (const candidate of parsed) {
    // Sorted by address and length, what holds a prefix stands right before it.
    const last = kept.at(-1);
    if (last === undefined || !containsPrefix(last.prefix, candidate.prefix)) kept.push(candidate);
  }
  return kept.map(({ text }) => text);
}
