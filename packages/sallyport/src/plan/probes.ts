/** What is asked through the tunnels of one host, to know whether packets get through. */
import { canonicalAddress } from '../lib/canonical-address.ts';
import { familyOf, formatAddress, parseInterfaceAddress } from '../lib/prefix.ts';
import type { PlacedConnection } from './placed.ts';
import type { ProbePlan } from './probe-plan.ts';
import { ownAddress } from './routing.ts';

/** Sorted by tunnel and target. */
export function planProbes(placed: readonly PlacedConnection[]): ProbePlan[] {
  return placed.flatMap(probesOf).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf({ tunnel, target }: ProbePlan): string {
  return `${tunnel} ${target}`;
}

/** Only through interfaces: without one, nobody could say by which tunnel a packet is to go. */
function probesOf({ tunnel, declared, connection, gateway, host }: PlacedConnection): ProbePlan[] {
  const { name, interface: device, enabled, interfaceId } = tunnel;
  const { targets, ...pace } = connection.spec.probes;
  if (!enabled || device === undefined || interfaceId === undefined) return [];
  const inside = (declared.inside ?? []).flatMap(({ local, remote }) => {
    const address = parseInterfaceAddress(local)?.address;
    return address === undefined ? [] : { source: formatAddress(address), remote };
  });
  const common = { tunnel: name, interface: device, ...pace };
  return [
    ...inside.map(
      ({ source, remote }): ProbePlan => ({
        ...common,
        ...{ kind: 'inside', target: canonicalAddress(remote), source },
      }),
    ),
    ...(targets ?? []).flatMap((target): ProbePlan[] => {
      const source =
        ownAddress(host, gateway, target) ??
        inside.find((pair) => familyOf(pair.source) === familyOf(target))?.source;
      return source === undefined
        ? []
        : [{ ...common, kind: 'target', target: canonicalAddress(target), source }];
    }),
  ];
}
