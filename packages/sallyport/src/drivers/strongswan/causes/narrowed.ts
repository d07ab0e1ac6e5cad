/**
 * Networks that the other side has left out of a Child SA. The responder may take any part of the traffic
 * selectors that are proposed to it (RFC 7296 §2.9), and the Child SA is up all the same.
 */
import type { ChildSa } from '@sallyport/vici';
import { parseAddress } from '../../../lib/address.ts';
import { parsePrefix, widthOf } from '../../../lib/prefix.ts';
import type { ChildPlan, TunnelPlan } from '../../../plan/host-plan.ts';
import type { Diagnosis } from './diagnosis.ts';

/** Undefined where the Child SAs of each child, taken together, carry all that is planned for it. */
export function findNarrowed(
  tunnel: TunnelPlan,
  children: readonly ChildSa[],
): Diagnosis | undefined {
  const standing = tunnel.children.flatMap((plan) => {
    const sas = children.filter(({ name }) => name === plan.name);
    return sas.length === 0 ? [] : [{ sas, missing: missingOf(plan, sas) }];
  });
  const narrowed = standing.filter(({ missing }) => missing.length > 0);
  if (narrowed.length === 0) return undefined;
  const accepted = narrowed.flatMap(({ sas }) =>
    sas.map(({ localTs, remoteTs }) => `${localTs.join(', ')} <-> ${remoteTs.join(', ')}`),
  );
  return {
    code: 'child/selectors-narrowed',
    named: [narrowed.flatMap(({ missing }) => missing).join(', '), accepted.join('; ')],
    isSpecific: true,
  };
}

function missingOf(plan: ChildPlan, sas: readonly ChildSa[]): string[] {
  const local = sas.flatMap(({ localTs }) => localTs);
  const remote = sas.flatMap(({ remoteTs }) => remoteTs);
  return [
    ...uncovered(plan.localSelectors, local).map((prefix) => `${prefix} on our side`),
    ...uncovered(plan.remoteSelectors, remote).map((prefix) => `${prefix} on its side`),
  ];
}

function uncovered(wanted: readonly string[], selectors: readonly string[]): string[] {
  const left = wanted.filter((text) => !selectors.includes(text));
  if (left.length === 0) return [];
  const ranges = mergeRanges(selectors.flatMap((selector) => rangeOf(selector) ?? []));
  return left.filter((text) => {
    const range = rangeOf(text);
    return (
      range !== undefined &&
      !ranges.some(
        ({ family, first, last }) =>
          family === range.family && first <= range.first && range.last <= last,
      )
    );
  });
}

interface Range {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** `10.1.0.0/24` or `10.1.0.1..10.1.0.9`; none for selectors of one protocol or port, `10.1.0.0/24[tcp/443]`. */
function rangeOf(selector: string): Range | undefined {
  const parsed = parsePrefix(selector);
  if (parsed.ok) {
    const { family, value, length } = parsed.prefix;
    return { family, first: value, last: value + (1n << BigInt(widthOf(family) - length)) - 1n };
  }
  const [first, last] = selector.split('..').map(parseAddress);
  if (first === undefined || last?.family !== first.family) return undefined;
  return { family: first.family, first: first.value, last: last.value };
}

/** Ranges that overlap or touch become one. */
function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  const sorted = ranges.toSorted((a, b) => a.family - b.family || (a.first < b.first ? -1 : 1));
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before?.family !== range.family || before.last + 1n < range.first) {
      merged.push(range);
    } else if (range.last > before.last) {
      merged.splice(-1, 1, { ...before, last: range.last });
    }
  }
  return merged;
}
