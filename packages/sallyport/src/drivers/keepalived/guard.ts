/**
 * What reaches keepalived: advertisements of the other gateways, and of nobody else. keepalived refuses a
 * stranger's, too, but begins to count anew with each packet of the id: a master that hears of a stranger ten
 * times a second never speaks itself, and a backup never takes over (keepalived 2.2, vrrp_dispatcher_read).
 * The stranger is remembered for a minute, also where it speaks to the multicast group, which harms nobody here.
 */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import { isJson, type Json, nftItems, textOf } from '../../lib/json-fields.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import type { VrrpPlan } from '../../plan/vrrp-plan.ts';

export const GUARD_TABLE = 'inet sallyport_vrrp';

/** RFC 5798 §5.1.1.2 and §5.1.2.2. */
const GROUPS = { 4: '224.0.0.18', 6: 'ff02::12' } as const;

/** What was found of the table. */
export interface ObservedGuard {
  /** Comments of its rules, in order. */
  readonly marks: readonly string[];
  /** Canonical addresses by name of the set. */
  readonly strangers: ReadonlyMap<string, readonly string[]>;
}

/** For `nft -f`, and the comments of its rules, by which it is known again. */
export function renderGuard(routers: readonly VrrpPlan[]): {
  readonly script: string;
  readonly marks: readonly string[];
} {
  const rules = routers.flatMap(renderRules);
  const mark = sha256Hex(rules.join('\n')).slice(0, 16);
  const sets = routers.flatMap((router) => [
    `\tset ${strangersOf(router)} {`,
    `\t\ttype ipv${router.family}_addr`,
    '\t\tsize 64',
    '\t\tflags dynamic,timeout',
    '\t\ttimeout 1m',
    '\t}',
  ]);
  const script = [
    REMOVE_GUARD.trimEnd(),
    `table ${GUARD_TABLE} {`,
    ...sets,
    '\tchain arriving {',
    // Before connection tracking: nobody answers to these.
    '\t\ttype filter hook prerouting priority -350; policy accept;',
    ...rules.map((rule) => `\t\t${rule} comment "${mark}"`),
    '\t}',
    '}',
    '',
  ].join('\n');
  return { script, marks: rules.map(() => mark) };
}

/** Never fails, as the table is made first. */
export const REMOVE_GUARD: string = `table ${GUARD_TABLE} {}\ndelete table ${GUARD_TABLE}\n`;

function renderRules(router: VrrpPlan): string[] {
  const { family, virtualRouterId, localAddress, peers } = router;
  const [ip, protocol, hops] =
    family === 4 ? (['ip', 'protocol', 'ttl'] as const) : (['ip6', 'nexthdr', 'hoplimit'] as const);
  // RFC 5798 §5.2: the id is the second octet.
  const to = (address: string): string =>
    `iifname "${router.interface}" ${ip} daddr ${address} ${ip} ${protocol} 112 @th,8,8 ${virtualRouterId}`;
  const note = `update @${strangersOf(router)} { ${ip} saddr }`;
  const others = peers.length === 0 ? '' : ` ${ip} saddr != { ${peers.join(', ')} }`;
  return [
    `${to(localAddress)}${others} ${note} drop`,
    // RFC 5798 §5.1.1.3: it has passed a router.
    `${to(localAddress)} ${ip} ${hops} != 255 drop`,
    `${to(GROUPS[family])} ${note}`,
  ];
}

/** Name of the set of those who speak of its id and may not. */
export function strangersOf({ name }: VrrpPlan): string {
  return `strangers_${sha256Hex(name).slice(0, 8)}`;
}

/** `nft -j list table inet sallyport_vrrp`. */
export function parseGuard(text: string): ObservedGuard {
  const items = nftItems(text);
  return {
    marks: items.flatMap(({ rule }) => (isJson(rule) ? [textOf(rule, 'comment') ?? ''] : [])),
    strangers: new Map(
      items.flatMap(({ set }) =>
        isJson(set) ? [[textOf(set, 'name') ?? '', elementsOf(set)]] : [],
      ),
    ),
  };
}

/** `{"elem": {"val": "10.0.0.3", "expires": 58}}`. */
function elementsOf(set: Json): string[] {
  const elements = Array.isArray(set['elem']) ? set['elem'].filter(isJson) : [];
  return elements.flatMap(({ elem }) =>
    isJson(elem) ? [canonicalAddress(textOf(elem, 'val') ?? '')] : [],
  );
}
