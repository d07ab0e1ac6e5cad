/**
 * Sends a packet through a ruleset and says where it ends, surely or perhaps. What a rule that perhaps
 * matches would let pass, nothing behind it stops surely; what such a rule drops may still be dropped
 * behind it as well.
 */
import { isJson, type Json, textOf } from '../../../lib/json-fields.ts';
import { OWNER } from '../../../plan/host-plan.ts';
import {
  type Answer,
  matches,
  type Packet,
  type RuleContext,
  valueMatches,
} from './match-packet.ts';
import { type Chain, type Hook, keyOf, type Rule, type Ruleset } from './ruleset.ts';

export interface Stop {
  readonly chain: Chain;
  /** Absent: the policy of the chain. */
  readonly rule?: Rule;
  readonly action: 'drop' | 'translate';
  readonly isCertain: boolean;
}

/** A packet as it passes one hook. */
export interface Passage {
  readonly hook: Hook;
  readonly packet: Packet;
}

/** Where it stops on its way through these hooks; nothing behind a sure drop. */
export function walkRuleset(ruleset: Ruleset, passages: readonly Passage[]): Stop[] {
  const stops: Stop[] = [];
  for (const { hook, packet } of passages) {
    for (const chain of baseChains(ruleset, hook, packet)) {
      const walk = new Walk(ruleset, packet);
      walk.base(chain);
      stops.push(...walk.stops);
      if (walk.stops.some(({ isCertain, action }) => isCertain && action === 'drop')) return stops;
    }
  }
  return stops;
}

/** In the order in which the kernel calls them. */
function baseChains({ chains }: Ruleset, hook: Hook, { family, iif }: Packet): Chain[] {
  const families = ['inet', family === 4 ? 'ip' : 'ip6', ...(hook === 'ingress' ? ['netdev'] : [])];
  return [...chains.values()]
    .filter((chain) => {
      const isOurs = chain.family === 'inet' && chain.table === OWNER.nftTable;
      const devices = chain.base?.devices ?? [];
      // nft 1.0.6 does not tell the device.
      const isHere = hook !== 'ingress' || devices.length === 0 || devices.includes(iif ?? '');
      return chain.base?.hook === hook && !isOurs && isHere && families.includes(chain.family);
    })
    .sort((a, b) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0));
}

/** What becomes of a packet in a chain. */
type End = 'accepted' | 'dropped' | 'through';

type Verdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'translate' }
  | { readonly kind: 'jump' | 'goto'; readonly target: string };

/** As the kernel's own limit, NFT_JUMP_STACK_SIZE. */
const DEEPEST = 16;
/** Rules of one walk: chains that jump to each other again and again would take for ever. */
const MOST_RULES = 20_000;

class Walk {
  /** By the rule or chain that stops it: chains may be jumped to more than once. */
  readonly #stops = new Map<Rule | Chain, Stop>();
  readonly #ruleset: Ruleset;
  readonly #packet: Packet;
  /** true: the packet is perhaps accepted already. */
  #isPerhapsGone = false;
  /** false: whether the packet comes into this chain is not sure. */
  #isHere = true;
  #rulesLeft = MOST_RULES;

  constructor(ruleset: Ruleset, packet: Packet) {
    this.#ruleset = ruleset;
    this.#packet = packet;
  }

  get stops(): Stop[] {
    return [...this.#stops.values()];
  }

  base(chain: Chain): void {
    // RFC 3022 in Linux: only the first packet of a flow is looked at, the others follow it.
    if (chain.base?.type === 'nat' && this.#packet.state !== 'new') return;
    this.#isHere = chain.base?.hook !== 'ingress' || chain.base.devices.length > 0;
    if (this.#chain(chain, 0) === 'through' && chain.base?.policy === 'drop')
      this.#stop({ chain, action: 'drop' }, true);
  }

  #chain(chain: Chain, depth: number): End {
    if (depth > DEEPEST) return 'through';
    const wasHere = this.#isHere;
    let end: End | 'returned' = 'through';
    for (const rule of chain.rules) {
      end = this.#rule(rule, chain, depth);
      if (end !== 'through') break;
    }
    // What has perhaps left the chain before its end comes together again behind it.
    this.#isHere = wasHere;
    return end === 'returned' ? 'through' : end;
  }

  #rule(rule: Rule, chain: Chain, depth: number): End | 'returned' {
    this.#rulesLeft -= 1;
    if (this.#rulesLeft < 0) {
      this.#isPerhapsGone = true;
      return 'accepted';
    }
    const context = { ruleset: this.#ruleset, chain };
    const { match, verdicts } = readRule(rule, this.#packet, context);
    if (match === false) return 'through';
    for (const [applies, verdict] of verdicts) {
      const isMatch = match === true && applies === true;
      const end = this.#verdict(verdict, { rule, chain, depth, isMatch });
      if (isMatch && end !== 'through') return end;
      if (end === 'accepted') this.#isPerhapsGone = true;
      if (end === 'returned') this.#isHere = false;
    }
    return 'through';
  }

  #verdict(
    verdict: Verdict,
    at: { rule: Rule; chain: Chain; depth: number; isMatch: boolean },
  ): End | 'returned' {
    const { rule, chain, depth, isMatch } = at;
    switch (verdict.kind) {
      case 'accept':
        return 'accepted';
      case 'return':
        return 'returned';
      case 'drop':
      case 'translate':
        this.#stop({ chain, rule, action: verdict.kind }, isMatch);
        return verdict.kind === 'drop' ? 'dropped' : 'accepted';
      case 'jump':
      case 'goto': {
        const target = this.#ruleset.chains.get(keyOf(chain, verdict.target));
        if (target === undefined) return 'through';
        const wasHere = this.#isHere;
        this.#isHere &&= isMatch;
        const end = this.#chain(target, depth + 1);
        this.#isHere = wasHere;
        return verdict.kind === 'goto' && end === 'through' ? 'returned' : end;
      }
    }
  }

  #stop(stop: Omit<Stop, 'isCertain'>, isMatch: boolean): void {
    const key = stop.rule ?? stop.chain;
    const isCertain = isMatch && this.#isHere && !this.#isPerhapsGone;
    const before = this.#stops.get(key)?.isCertain === true;
    this.#stops.set(key, { ...stop, isCertain: isCertain || before });
  }
}

interface ReadRule {
  readonly match: Answer;
  /** What it decides, with whether that is for this packet: a map of verdicts has many. */
  readonly verdicts: readonly (readonly [applies: Answer, verdict: Verdict])[];
}

function readRule({ statements }: Rule, packet: Packet, context: RuleContext): ReadRule {
  let match: Answer = true;
  const verdicts: (readonly [Answer, Verdict])[] = [];
  for (const statement of statements) {
    const answer = answerOf(statement, packet, context);
    if (answer === false) return { match: false, verdicts: [] };
    if (answer === undefined) match = undefined;
    if (isJson(statement['vmap'])) verdicts.push(...readMap(statement['vmap'], packet, context));
    else {
      const verdict = verdictOf(statement);
      if (verdict !== undefined) verdicts.push([true, verdict]);
    }
  }
  return { match, verdicts };
}

/** Statements that do not match anything are true of every packet. */
function answerOf(statement: Json, packet: Packet, context: RuleContext): Answer {
  if (isJson(statement['match'])) return matches(statement['match'], packet, context);
  // Rates, and extensions of iptables, which nft shows without their meaning.
  const isOpaque =
    'limit' in statement || ('xt' in statement && verdictOf(statement) === undefined);
  return isOpaque ? undefined : true;
}

function readMap(map: Json, packet: Packet, context: RuleContext): (readonly [Answer, Verdict])[] {
  const data = isJson(map['data']) ? map['data']['set'] : undefined;
  const name = typeof map['data'] === 'string' ? map['data'].replace(/^@/, '') : undefined;
  const pairs = name === undefined ? data : context.ruleset.sets.get(keyOf(context.chain, name));
  if (!Array.isArray(pairs)) return [];
  return pairs.flatMap((pair: unknown): (readonly [Answer, Verdict])[] => {
    const parts: readonly unknown[] = Array.isArray(pair) ? pair : [];
    const [key, value] = parts;
    const verdict = isJson(value) ? verdictOf(value) : undefined;
    const applies = valueMatches(map['key'], key, packet, context);
    return verdict === undefined || applies === false ? [] : [[applies, verdict]];
  });
}

const VERDICTS: ReadonlyMap<string, Verdict['kind']> = new Map([
  ['accept', 'accept'],
  ['drop', 'drop'],
  ['reject', 'drop'],
  ['return', 'return'],
  ['masquerade', 'translate'],
  ['snat', 'translate'],
]);

/** Targets of iptables that nft cannot show as its own. */
const TARGETS: ReadonlyMap<string, Verdict['kind']> = new Map([
  ['REJECT', 'drop'],
  ['MASQUERADE', 'translate'],
  ['SNAT', 'translate'],
]);

function verdictOf(statement: Json): Verdict | undefined {
  for (const kind of ['jump', 'goto'] as const) {
    const target = isJson(statement[kind]) ? textOf(statement[kind], 'target') : undefined;
    if (target !== undefined) return { kind, target };
  }
  const [word = ''] = Object.keys(statement);
  const extension = isJson(statement['xt']) ? (textOf(statement['xt'], 'name') ?? '') : '';
  const kind = VERDICTS.get(word) ?? TARGETS.get(extension);
  return kind === undefined || kind === 'jump' || kind === 'goto' ? undefined : { kind };
}
