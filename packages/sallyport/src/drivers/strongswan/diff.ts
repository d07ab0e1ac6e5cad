/** From what charon holds to what the plan wants: credentials, connections, then removals. */
import { byKey } from '../../lib/by-key.ts';
import type { RevocationListFacts } from '../../model/facts.ts';
import type { CertificateAuth, TunnelPlan } from '../../plan/host-plan.ts';
import { newestLists } from '../../plan/revocation-lists.ts';
import type { SecretUse } from '../../plan/secret-reference.ts';
import type { Impact } from '../driver.ts';
import { holdsLeaf } from './certificates.ts';
import { loadedDifferences } from './loaded.ts';
import { sharedIdOf, tunnelOfShared } from './render.ts';
import { isLiveIke, isUpIke } from './sas/tunnel-view.ts';
import {
  isNamed,
  keyOf,
  type ObservedStrongswan,
  type StrongswanChange,
  type StrongswanDesired,
  type StrongswanStep,
} from './state.ts';

export function diffStrongswan(
  observed: ObservedStrongswan,
  desired: StrongswanDesired,
): StrongswanChange[] {
  const { differing = 'all' } = desired;
  const tunnels = desired.tunnels.filter((tunnel) => tunnel.enabled);
  const doubtful = tunnels.filter(({ name }) => isNamed(name, differing));
  const changes: StrongswanChange[] = [];
  const add = (
    action: StrongswanChange['action'],
    subject: string,
    impact: Impact,
    step: StrongswanStep,
    detail?: string,
  ): void => {
    changes.push({
      driver: 'strongswan',
      action,
      subject,
      impact,
      step,
      ...(detail === undefined ? {} : { detail }),
    });
  };

  const keyed = new Set([...observed.shared].map(tunnelOfShared));
  const certificates = new Map(
    tunnels.flatMap(({ auth }): [string, CertificateAuth][] =>
      auth.method === 'certificate' ? [[keyOf(auth.secret), auth]] : [],
    ),
  );
  for (const tunnel of doubtful) {
    if (tunnel.auth.method !== 'psk') continue;
    if (observed.shared.has(sharedIdOf(tunnel))) continue;
    add(keyed.has(tunnel.name) ? 'replace' : 'add', `pre-shared key of ${tunnel.name}`, 'nothing', {
      type: 'shared-load',
      tunnel,
    });
  }
  for (const [key, auth] of byKey(certificates)) {
    if (observed.keys.has(key) && holdsLeaf(observed, auth)) continue;
    const { namespace, name } = auth.secret;
    add('add', `certificate and key of Secret ${namespace}/${name}`, 'nothing', {
      type: 'certificate-load',
      use: auth.secret,
    });
  }
  for (const { use, list } of wantedLists(tunnels)) {
    if (observed.revocationLists.has(list.fingerprint)) continue;
    add('add', `revocation list of ${list.issuer}`, 'nothing', { type: 'list-load', use, list });
  }
  for (const tunnel of doubtful) {
    const loaded = observed.connections.get(tunnel.name);
    const differences = loaded === undefined ? [] : loadedDifferences(loaded, tunnel);
    if (loaded !== undefined && differences.length === 0) continue;
    add(
      loaded === undefined ? 'add' : 'replace',
      `IKE connection ${tunnel.name}`,
      impactOf(tunnel, observed),
      { type: 'connection-load', tunnel },
      differences.length === 0 ? undefined : differences.join('; '),
    );
  }

  const wanted = new Set(tunnels.map((tunnel) => tunnel.name));
  for (const name of [...observed.connections.keys()].sort()) {
    if (wanted.has(name)) continue;
    const ikeIds = observed.sas.filter((sa) => sa.name === name).map((sa) => sa.uniqueId);
    add('remove', `IKE connection ${name}`, ikeIds.length > 0 ? 'cut' : 'nothing', {
      type: 'connection-unload',
      name,
      ikeIds,
    });
  }
  // A connection was unloaded and its SAs were not ended: they would go on, and be rekeyed, for ever.
  const orphans = Map.groupBy(observed.sas.filter(isLiveIke), (sa) => sa.name);
  for (const [name, sas] of byKey(orphans)) {
    if (wanted.has(name) || observed.connections.has(name)) continue;
    add('remove', `IKE SAs of ${name}`, 'cut', {
      type: 'ike-terminate',
      ikeIds: sas.map((sa) => sa.uniqueId),
    });
  }
  const shared = new Set(doubtful.filter((tunnel) => tunnel.auth.method === 'psk').map(sharedIdOf));
  for (const id of [...observed.shared].sort()) {
    const name = tunnelOfShared(id);
    if (shared.has(id) || !isNamed(name, differing)) continue;
    add('remove', `${wanted.has(name) ? 'former ' : ''}pre-shared key of ${name}`, 'nothing', {
      type: 'shared-unload',
      id,
    });
  }
  for (const [key, id] of byKey(observed.keys)) {
    if (!certificates.has(key)) {
      add('remove', `key of Secret ${key.split(' ')[0] ?? ''}`, 'nothing', {
        type: 'key-unload',
        key,
        id,
      });
    }
  }
  return changes;
}

/** Two Secrets may hold lists of one issuer, and of all of them the daemon keeps the newest. */
function wantedLists(
  tunnels: readonly TunnelPlan[],
): { readonly use: SecretUse; readonly list: RevocationListFacts }[] {
  const holders = new Map(
    tunnels.flatMap(({ auth }) =>
      auth.method === 'certificate'
        ? (auth.peerAuthority.revocationLists ?? []).map(
            (list) => [list, auth.peerAuthority] as const,
          )
        : [],
    ),
  );
  return newestLists([...holders.keys()]).flatMap((list) => {
    const use = holders.get(list);
    return use === undefined ? [] : [{ use, list }];
  });
}

/** What follows from loading the connection anew: the keeper replaces its SAs. */
function impactOf(tunnel: TunnelPlan, { sas }: ObservedStrongswan): Impact {
  const isLive = sas.some((sa) => sa.name === tunnel.name && isUpIke(sa));
  if (!isLive) return 'nothing';
  // Who only answers cannot bring up the new SA before the old one ends.
  return tunnel.start === 'respond' ? 'cut' : 'roll';
}
