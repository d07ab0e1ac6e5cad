/**
 * Whether an expression of nftables matches a packet, of which not everything is known: `undefined` where
 * it depends on the rest. A packet stands for all packets between two networks.
 */
import { isJson, type Json, textOf } from '../../../lib/json-fields.ts';
import {
  type Family,
  formatAddress,
  parseAddress,
  parsePrefix,
  widthOf,
} from '../../../lib/prefix.ts';
import { keyOf, type Ruleset } from './ruleset.ts';

/** true, false, or it depends. */
export type Answer = boolean | undefined;

export interface Packet {
  readonly family: Family;
  /** Prefixes. */
  readonly source: string;
  readonly destination: string;
  /** Absent: any. */
  readonly protocol?: 'esp' | 'udp';
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Empty: none, as of what the host itself sends. Absent: not known. */
  readonly iif?: string;
  readonly oif?: string;
  readonly state: 'new' | 'established';
  /** Whether it was encrypted when it came in, or will be when it goes out. */
  readonly isIpsec?: boolean;
}

/** What a name of a set may stand for. */
export interface RuleContext {
  readonly ruleset: Ruleset;
  readonly chain: { readonly family: string; readonly table: string };
}

export function matches(match: Json, packet: Packet, context: RuleContext): Answer {
  const equal = valueMatches(match['left'], match['right'], packet, context);
  switch (match['op']) {
    case '==':
    case 'in':
      return equal;
    case '!=':
      // What the packet does not have at all differs from nothing: the rule ends there.
      return isForeignField(match['left'], packet) ? false : not(equal);
    default:
      return isForeignField(match['left'], packet) ? false : undefined;
  }
}

/** Whether the packet has the value `left` stands for among those of `right`. */
export function valueMatches(
  left: unknown,
  right: unknown,
  packet: Packet,
  context: RuleContext,
): Answer {
  if (isForeignField(left, packet)) return false;
  if (typeof right === 'string' && right.startsWith('@')) {
    const elements = context.ruleset.sets.get(keyOf(context.chain, right.slice(1)));
    return elements === undefined
      ? undefined
      : any(elements, (one) => valueMatches(left, one, packet, context));
  }
  if (Array.isArray(right)) return any(right, (one) => valueMatches(left, one, packet, context));
  if (isJson(right)) {
    if (Array.isArray(right['set']))
      return any(right['set'], (one) => valueMatches(left, one, packet, context));
    if (isJson(right['elem'])) return valueMatches(left, right['elem']['val'], packet, context);
    if (isJson(left) && Array.isArray(left['concat']) && Array.isArray(right['concat']))
      return both(left['concat'], right['concat'], packet, context);
  }
  return isJson(left) ? fieldMatches(left, right, packet) : undefined;
}

function both(
  lefts: readonly unknown[],
  rights: readonly unknown[],
  packet: Packet,
  context: RuleContext,
): Answer {
  const answers = lefts.map((left, index) => valueMatches(left, rights[index], packet, context));
  return answers.includes(false) ? false : answers.includes(undefined) ? undefined : true;
}

function any(values: readonly unknown[], test: (value: unknown) => Answer): Answer {
  let answer: Answer = false;
  for (const value of values) {
    const one = test(value);
    if (one === true) return true;
    if (one === undefined) answer = undefined;
  }
  return answer;
}

function not(answer: Answer): Answer {
  return answer === undefined ? undefined : !answer;
}

/** A header that a packet of this family or protocol cannot have: nft matches nothing there. */
function isForeignField(left: unknown, { family, protocol }: Packet): boolean {
  if (!isJson(left) || !isJson(left['payload'])) return false;
  const header = textOf(left['payload'], 'protocol') ?? '';
  if (header === 'ip' || header === 'ip6') return header !== (family === 4 ? 'ip' : 'ip6');
  return protocol !== undefined && TRANSPORTS.has(header) && header !== protocol;
}

const TRANSPORTS: ReadonlySet<string> = new Set([
  ...['tcp', 'udp', 'udplite', 'sctp', 'dccp', 'icmp', 'icmpv6', 'esp', 'ah'],
]);

function fieldMatches(left: Json, right: unknown, packet: Packet): Answer {
  if (isJson(left['payload'])) return payloadMatches(left['payload'], right, packet);
  if (isJson(left['meta'])) return metaMatches(textOf(left['meta'], 'key'), right, packet);
  if (isJson(left['ct']) && textOf(left['ct'], 'key') === 'state') return right === packet.state;
  if (isJson(left['rt']) && textOf(left['rt'], 'key') === 'ipsec')
    return ipsecMatches(right, packet);
  return undefined;
}

function payloadMatches(payload: Json, right: unknown, packet: Packet): Answer {
  const field = textOf(payload, 'field');
  switch (field) {
    case 'saddr':
      return addressMatches(packet.source, right);
    case 'daddr':
      return addressMatches(packet.destination, right);
    case 'protocol':
    case 'nexthdr':
      return protocolMatches(right, packet);
    case 'sport':
      return portMatches(right, packet.sourcePort);
    case 'dport':
      return portMatches(right, packet.destinationPort);
    default:
      return undefined;
  }
}

function metaMatches(key: string | undefined, right: unknown, packet: Packet): Answer {
  switch (key) {
    case 'iif':
    case 'iifname':
      return nameMatches(right, packet.iif);
    case 'oif':
    case 'oifname':
      return nameMatches(right, packet.oif);
    case 'l4proto':
      return protocolMatches(right, packet);
    case 'nfproto':
      return right === `ipv${packet.family}`;
    case 'protocol':
      return right === (packet.family === 4 ? 'ip' : 'ip6');
    case 'ipsec':
      return ipsecMatches(right, packet);
    default:
      return undefined;
  }
}

function ipsecMatches(right: unknown, { isIpsec }: Packet): Answer {
  return isIpsec === undefined || typeof right !== 'boolean' ? undefined : right === isIpsec;
}

/** Names may end in a star, nft(8) `iifname`. */
function nameMatches(right: unknown, name: string | undefined): Answer {
  if (name === undefined || typeof right !== 'string') return undefined;
  return right.endsWith('*') ? name.startsWith(right.slice(0, -1)) : right === name;
}

const PROTOCOL_NUMBERS: Readonly<Record<string, string>> = { '17': 'udp', '50': 'esp' };

function protocolMatches(right: unknown, { protocol }: Packet): Answer {
  if (protocol === undefined || !['string', 'number'].includes(typeof right)) return undefined;
  const name = String(right);
  return (PROTOCOL_NUMBERS[name] ?? name) === protocol;
}

function portMatches(right: unknown, port: number | undefined): Answer {
  if (port === undefined) return undefined;
  if (typeof right === 'number') return right === port;
  const range: readonly unknown[] =
    isJson(right) && Array.isArray(right['range']) ? right['range'] : [];
  const [from, to] = range;
  return typeof from === 'number' && typeof to === 'number'
    ? from <= port && port <= to
    : undefined;
}

interface Span {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** Of two networks: one inside the other, apart, or something between. */
function addressMatches(prefix: string, right: unknown): Answer {
  const [ours, theirs] = [spanOf(prefix), spanOfJson(right)];
  if (ours === undefined || theirs === undefined) return undefined;
  if (ours.family !== theirs.family) return false;
  if (theirs.first <= ours.first && ours.last <= theirs.last) return true;
  return ours.last < theirs.first || theirs.last < ours.first ? false : undefined;
}

function spanOfJson(value: unknown): Span | undefined {
  if (typeof value === 'string') return spanOf(value);
  if (!isJson(value)) return undefined;
  if (isJson(value['prefix']))
    return spanOf(
      `${textOf(value['prefix'], 'addr') ?? ''}/${textOf(value['prefix'], 'len') ?? ''}`,
    );
  const [from, to] = Array.isArray(value['range'])
    ? value['range'].map((end) => spanOf(String(end)))
    : [];
  return from === undefined || to === undefined ? undefined : { ...from, last: to.last };
}

/** Of an address or a prefix. */
function spanOf(text: string): Span | undefined {
  const address = parseAddress(text);
  const whole =
    address === undefined ? text : `${formatAddress(address)}/${widthOf(address.family)}`;
  const parsed = parsePrefix(whole);
  if (!parsed.ok) return undefined;
  const { family, value, length } = parsed.prefix;
  return { family, first: value, last: value + (1n << BigInt(widthOf(family) - length)) - 1n };
}
