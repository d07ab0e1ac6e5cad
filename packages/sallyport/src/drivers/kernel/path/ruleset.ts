/** The nftables ruleset of a host, as far as the way of a packet depends on it: `nft -j list ruleset`. */
import { isJson, type Json, jsonRowsOf, nftItems, textOf } from '../../../lib/json-fields.ts';

/** Where a chain is called from, nft(8). */
export type Hook = 'ingress' | 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

const HOOKS: ReadonlySet<string> = new Set([
  ...['ingress', 'prerouting', 'input', 'forward', 'output', 'postrouting'],
]);

export interface Rule {
  /** Number of nft's own: with table and chain it names the rule. */
  readonly handle: string;
  readonly comment?: string;
  readonly statements: readonly Json[];
}

export interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly rules: readonly Rule[];
  /** Absent: it is only jumped to. */
  readonly base?: {
    readonly hook: Hook;
    readonly type: string;
    readonly priority: number;
    readonly policy: string;
    /** Of `ingress`. */
    readonly devices: readonly string[];
  };
}

export interface Ruleset {
  /** By `family table name`. */
  readonly chains: ReadonlyMap<string, Chain>;
  /** Elements by `family table name`. */
  readonly sets: ReadonlyMap<string, readonly unknown[]>;
}

export function keyOf({ family, table }: Pick<Chain, 'family' | 'table'>, name: string): string {
  return `${family} ${table} ${name}`;
}

/** Throws where the text is no JSON. */
export function parseRuleset(text: string): Ruleset {
  const items = nftItems(text);
  const placed = (kind: string): Json[] =>
    items.flatMap((item) => (isJson(item[kind]) ? [item[kind]] : []));
  // A dormant table is there, and does nothing.
  const asleep = new Set(
    placed('table')
      .filter(isDormant)
      .map((table) => keyOf(placeOf(table), textOf(table, 'name') ?? '')),
  );
  const rules = Map.groupBy(placed('rule'), (rule) =>
    keyOf(placeOf(rule), textOf(rule, 'chain') ?? ''),
  );
  const chains = placed('chain')
    .filter((chain) => !asleep.has(keyOf({ ...placeOf(chain), table: '' }, placeOf(chain).table)))
    .map((chain) => toChain(chain, rules));
  return {
    chains: new Map(chains.map((chain) => [keyOf(chain, chain.name), chain])),
    sets: new Map(
      ['set', 'map']
        .flatMap(placed)
        .map((set) => [
          keyOf(placeOf(set), textOf(set, 'name') ?? ''),
          Array.isArray(set['elem']) ? set['elem'] : [],
        ]),
    ),
  };
}

const HARMLESS_FLAGS: ReadonlySet<unknown> = new Set(['owner', 'persist']);

function isDormant({ flags }: Json): boolean {
  // nft 1.0.6 gives the flag `dormant` any name.
  return [flags].flat().some((flag) => flag !== undefined && !HARMLESS_FLAGS.has(flag));
}

function placeOf(item: Json): { readonly family: string; readonly table: string } {
  return { family: textOf(item, 'family') ?? '', table: textOf(item, 'table') ?? '' };
}

function toChain(chain: Json, rules: ReadonlyMap<string, readonly Json[]>): Chain {
  const place = placeOf(chain);
  const name = textOf(chain, 'name') ?? '';
  const hook = textOf(chain, 'hook') ?? '';
  return {
    ...place,
    name,
    rules: (rules.get(keyOf(place, name)) ?? []).map(toRule),
    ...(HOOKS.has(hook)
      ? {
          base: {
            // Just looked at.
            hook: hook as Hook,
            type: textOf(chain, 'type') ?? 'filter',
            priority: Number(textOf(chain, 'prio') ?? 0),
            policy: textOf(chain, 'policy') ?? 'accept',
            devices: [chain['dev']].flat().filter((device) => typeof device === 'string'),
          },
        }
      : {}),
  };
}

function toRule(rule: Json): Rule {
  const comment = textOf(rule, 'comment');
  return {
    handle: textOf(rule, 'handle') ?? '',
    ...(comment === undefined ? {} : { comment }),
    statements: jsonRowsOf(rule, 'expr'),
  };
}
