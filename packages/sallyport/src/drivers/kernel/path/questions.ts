/** Which addresses stand for the networks of a tunnel when the kernel is asked for its routes. */
import {
  type Address,
  containsAddress,
  type Family,
  familyOf,
  formatAddress,
  formatPrefix,
  parseAddress,
  parsePrefix,
  toPrefix,
  widthOf,
} from '../../../lib/prefix.ts';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import type { OwnAddress } from './parse.ts';

/** More networks than this are not all asked for: a person waits. */
const MOST_PREFIXES = 8;
const MOST_LOCAL_PREFIXES = 4;

export interface PathQuestion {
  /** Remote network, or the target. */
  readonly prefix: string;
  readonly address: string;
  readonly family: Family;
  /** Local networks that may talk to it. */
  readonly localPrefixes: readonly string[];
}

/** One for the target if it is given, else for each remote network. */
export function questionsOf(tunnel: TunnelPlan, target?: string): PathQuestion[] {
  const most = target === undefined ? MOST_PREFIXES : undefined;
  const questions = tunnel.children.flatMap((child) =>
    child.remoteSelectors.slice(0, most).flatMap((prefix): PathQuestion[] => {
      const family = familyOf(prefix);
      const address =
        target !== undefined && holds(prefix, target) ? target : firstHost(prefix, []);
      if (family === undefined || address === undefined) return [];
      if (target !== undefined && address !== target) return [];
      const localPrefixes = child.localSelectors
        .filter((local) => familyOf(local) === family)
        .slice(0, MOST_LOCAL_PREFIXES);
      return [{ prefix: target ?? prefix, address, family, localPrefixes }];
    }),
  );
  return questions.slice(0, MOST_PREFIXES);
}

export function holds(prefix: string, text: string): boolean {
  const parsed = parsePrefix(prefix);
  const address = parseAddress(text);
  return parsed.ok && address !== undefined && containsAddress(parsed.prefix, address);
}

/** An address of the host inside one of the networks: from there it can send into the tunnel itself. */
export function ownAddressIn(
  prefixes: readonly string[],
  own: readonly OwnAddress[],
): OwnAddress | undefined {
  return own.find(({ address }) => prefixes.some((prefix) => holds(prefix, address)));
}

/** First address of the network that can be another host's; its only one where it is a host's own. */
export function firstHost(prefix: string, own: readonly OwnAddress[]): string | undefined {
  const parsed = parsePrefix(prefix);
  if (!parsed.ok) return undefined;
  const { family, value, length } = parsed.prefix;
  const taken = new Set(own.map(({ address }) => address));
  const size = 1n << BigInt(widthOf(family) - length);
  for (let offset = size > 2n ? 1n : 0n; offset < size; offset++) {
    const address: Address = { family, value: value + offset };
    const text = formatAddress(address);
    if (!taken.has(text)) return text;
  }
  return undefined;
}

/** A host of a local network, and where its packets come in. */
export interface Arrival {
  readonly address: string;
  readonly interface: string;
}

/** Of a network that one of our interfaces is in, or of the part of it that the interface reaches. */
export function arrivalFrom(prefix: string, own: readonly OwnAddress[]): Arrival | undefined {
  for (const { address, length, interface: name } of own) {
    const inside = parseAddress(address);
    const parsed = parsePrefix(prefix);
    if (inside === undefined || !parsed.ok || !containsAddress(parsed.prefix, inside)) continue;
    const reached = toPrefix(inside, Math.max(length, parsed.prefix.length));
    const host = firstHost(formatPrefix(reached), own);
    if (host !== undefined) return { address: host, interface: name };
  }
  return undefined;
}
