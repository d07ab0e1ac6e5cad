/** Proposals of declared and inline policies, and what the daemons of the hosts can do of them. */
import type { Problem } from '../../lib/problem.ts';
import { findKeyword } from '../algorithm-keywords.ts';
import type { Connection } from '../connection.ts';
import type { CryptoSpec } from '../crypto-policy.ts';
import { resolveCrypto } from '../declared-objects.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import { type ProposalUse, proposalFaults } from '../proposal.ts';
import { gatewayOf, hostFactsOf, type World } from './world.ts';

const USES: readonly ProposalUse[] = ['ike', 'esp'];

export function checkProposals(world: World): Problem[] {
  return [
    ...world.parsed.flatMap(checkWritten),
    ...world.connections.flatMap((connection) => [
      ...checkLegacy(connection),
      ...checkDaemons(world, connection),
    ]),
  ];
}

/** Every proposal is checked where it is written, used or not. */
function checkWritten(parsed: ParsedObject): Problem[] {
  const written = writtenCrypto(parsed);
  if (written === undefined) return [];
  return USES.flatMap((use) =>
    written.crypto[use].proposals.flatMap((proposal, index) =>
      proposalFaults(proposal, use).map(({ code, details }) =>
        problemAt(parsed, [...written.path, use, 'proposals', index], code, details),
      ),
    ),
  );
}

function writtenCrypto({
  object,
}: ParsedObject): { crypto: CryptoSpec; path: FieldPath } | undefined {
  if (object.kind === 'CryptoPolicy') return { crypto: object.spec, path: ['spec'] };
  if (object.kind !== 'Connection' || typeof object.spec.crypto === 'string') return undefined;
  return { crypto: object.spec.crypto, path: ['spec', 'crypto'] };
}

function checkLegacy(connection: ParsedObject<Connection>): Problem[] {
  if (connection.object.spec.crypto !== 'legacy') return [];
  return [
    problemAt(connection, ['spec', 'crypto'], 'proposal/weak', {
      message: 'the built-in policy "legacy" offers 3DES, SHA-1 and 1024-bit groups',
      value: 'legacy',
      hint: 'agree on a stronger suite with the other side',
    }),
  ];
}

/**
 * Said at the connection, because another connection with the same policy may run on other hosts.
 * `get-algorithms` lists what the daemon itself computes: everything of IKE, but of ESP only the key
 * exchange, since the kernel encrypts.
 */
function checkDaemons(world: World, connection: ParsedObject<Connection>): Problem[] {
  const { object } = connection;
  const crypto = resolveCrypto(world.objects, object);
  const gateway = gatewayOf(world, object);
  if (crypto === undefined || gateway === undefined) return [];
  const { namespace } = object.metadata;
  const missing = new Map<string, { hosts: Set<string>; path: FieldPath; proposal: string }>();
  for (const host of gateway.spec.placement.hosts) {
    const algorithms = hostFactsOf(world, namespace, host)?.algorithms;
    if (algorithms === undefined) continue;
    const known = new Set(algorithms);
    for (const { keyword, path, proposal } of askedOf(crypto, object)) {
      const algorithm = findKeyword(keyword)?.algorithm;
      if (algorithm === undefined || known.has(algorithm)) continue;
      const entry = missing.get(keyword) ?? { hosts: new Set<string>(), path, proposal };
      entry.hosts.add(host);
      missing.set(keyword, entry);
    }
  }
  return [...missing].map(([keyword, { hosts, path, proposal }]) =>
    problemAt(connection, path, 'proposal/not-in-daemon', {
      message: `the IKE daemon of ${[...hosts].sort().join(', ')} does not offer ${keyword}`,
      value: proposal,
      hint: keyword.includes('mlkem')
        ? 'ML-KEM needs strongSwan 6.0 or later with a plugin for it; choose another policy until then'
        : 'load the plugin that has it, or take the keyword out',
    }),
  );
}

function askedOf(
  crypto: CryptoSpec,
  { spec }: Connection,
): { keyword: string; path: FieldPath; proposal: string }[] {
  const inline = typeof spec.crypto !== 'string';
  return USES.flatMap((use) =>
    crypto[use].proposals.flatMap((proposal, index) => {
      const words = proposal.split('-');
      const isAead = words.some((word) => findKeyword(word)?.kind === 'aead');
      return words
        .filter((word) => {
          const kind = findKeyword(word)?.kind;
          // Integrity beside AEAD is not used, whatever the daemon knows of it.
          if (kind === 'integrity') return use === 'ike' && !isAead;
          return use === 'ike' || kind === 'key-exchange';
        })
        .map((keyword) => ({
          keyword,
          proposal: typeof spec.crypto === 'string' ? spec.crypto : proposal,
          path: inline ? ['spec', 'crypto', use, 'proposals', index] : ['spec', 'crypto'],
        }));
    }),
  );
}
