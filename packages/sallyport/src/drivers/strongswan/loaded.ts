/** A connection as charon lists it, beside what the plan wants of it. */
import type { LoadedChild, LoadedConnection } from '@sallyport/vici';
import { canonicalPrefix } from '../../lib/canonical-address.ts';
import { once } from '../../lib/once.ts';
import type { ChildPlan, TunnelPlan } from '../../plan/host-plan.ts';
import { childMark, peerHash, uniquenessOf } from './render.ts';

// What was listed once is compared by diff and keeper.
const known = new WeakMap<LoadedConnection, WeakMap<TunnelPlan, readonly string[]>>();

/** What differs, in words; empty: loaded as planned. */
export function loadedDifferences(loaded: LoadedConnection, tunnel: TunnelPlan): readonly string[] {
  const ofLoaded = once(known, loaded, () => new WeakMap<TunnelPlan, readonly string[]>());
  return once(ofLoaded, tunnel, () => compare(loaded, tunnel));
}

function compare(loaded: LoadedConnection, tunnel: TunnelPlan): string[] {
  const auth = tunnel.auth.method === 'psk' ? 'pre-shared key' : 'public key';
  const [local] = loaded.local;
  const [remote] = loaded.remote;
  const shown = [
    ...differs('our address', loaded.localAddrs.join(), tunnel.localAddress ?? '%any'),
    ...differs('address of the peer', loaded.remoteAddrs.join(), tunnel.remoteAddress ?? '%any'),
    ...differs('version', loaded.version, 'IKEv2'),
    ...differs('uniqueness', loaded.unique, `UNIQUE_${uniquenessOf(tunnel).toUpperCase()}`),
    ...differs('IKE lifetime', `${loaded.rekeySeconds} s`, `${tunnel.ikeRekeySeconds} s`),
    ...differs(
      'liveness delay',
      `${loaded.dpdDelaySeconds ?? 0} s`,
      `${tunnel.livenessDelaySeconds} s`,
    ),
    ...differs('our authentication', local?.class, auth),
    ...differs('authentication of the peer', remote?.class, auth),
    ...childrenDifferences(loaded.children, tunnel),
  ];
  if (shown.length > 0) return shown;
  const isWhole =
    local?.groups.join() === peerHash(tunnel) &&
    tunnel.children.every((child) =>
      loaded.children.some(
        ({ name, rekeyPackets }) =>
          name === child.name && rekeyPackets === BigInt(childMark(tunnel, child)),
      ),
    );
  return isWhole
    ? []
    : ['proposals, keys, certificates or other settings that the daemon does not list'];
}

export function isLoaded(loaded: LoadedConnection | undefined, tunnel: TunnelPlan): boolean {
  return loaded !== undefined && loadedDifferences(loaded, tunnel).length === 0;
}

function childrenDifferences(loaded: readonly LoadedChild[], tunnel: TunnelPlan): string[] {
  const wanted = new Map(tunnel.children.map((child) => [child.name, child]));
  const found = new Map(loaded.map((child) => [child.name, child]));
  return [
    ...[...found.keys()]
      .filter((name) => !wanted.has(name))
      .map((name) => `child ${name} too much`),
    ...[...wanted].flatMap(([name, child]) => {
      const there = found.get(name);
      return there === undefined ? [`no child ${name}`] : childDifferences(there, child, tunnel);
    }),
  ];
}

function childDifferences(loaded: LoadedChild, child: ChildPlan, tunnel: TunnelPlan): string[] {
  const of = (what: string): string => `${what} of ${child.name}`;
  const trap = String(tunnel.start === 'trap');
  return [
    ...differs(of('mode'), loaded.mode, 'TUNNEL'),
    ...prefixesDiffer(of('our networks'), loaded.localTs, child.localSelectors),
    ...prefixesDiffer(of('their networks'), loaded.remoteTs, child.remoteSelectors),
    ...differs(of('lifetime'), `${loaded.rekeySeconds} s`, `${tunnel.childRekeySeconds} s`),
    ...differs(
      of('lifetime'),
      `${loaded.rekeyBytes} bytes`,
      `${tunnel.childRekeyBytes ?? 0} bytes`,
    ),
    ...differs(of('trap'), String(loaded.closeAction === 'trap'), trap),
  ];
}

function prefixesDiffer(
  what: string,
  found: readonly string[],
  wanted: readonly string[],
): string[] {
  // Nearly always: to parse a thousand pairs takes longer than to list them.
  if (found.join() === wanted.join()) return [];
  return differs(what, prefixes(found), prefixes(wanted));
}

function prefixes(selectors: readonly string[]): string {
  return selectors.map(canonicalPrefix).sort().join(' ');
}

function differs(what: string, found: string | undefined, wanted: string): string[] {
  return found === wanted ? [] : [`${what} ${found ?? 'none'}, not ${wanted}`];
}
