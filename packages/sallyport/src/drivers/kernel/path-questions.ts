/** Which addresses stand for the networks of a tunnel when the kernel is asked for its routes. */
import {
  type Address,
  containsAddress,
  type Family,
  familyOf,
  formatAddress,
  parseAddress,
  parsePrefix,
  widthOf,
} from '../../lib/prefix.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import type { OwnAddress } from './parse-path.ts';

/** More networks than this are not all asked for: a person waits. */
const MOST_PREFIXES = 8;

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
  const questions = tunnel.children.flatMap((child) =>
    child.remoteSelectors.flatMap((prefix): PathQuestion[] => {
      const family = familyOf(prefix);
      const address =
        target !== undefined && holds(prefix, target) ? target : firstHost(prefix, []);
      if (family === undefined || address === undefined) return [];
      if (target !== undefined && address !== target) return [];
      const localPrefixes = child.localSelectors.filter((local) => familyOf(local) === family);
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
