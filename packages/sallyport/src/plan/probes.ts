/** What is asked through the tunnels of one host, to know whether packets get through. */
import { canonicalAddress } from '../lib/canonical-address.ts';
import { familyOf, formatAddress, parseInterfaceAddress } from '../lib/prefix.ts';
import type { PlacedConnection } from './placed.ts';
import type { ProbePlan } from './probe-plan.ts';
import { ownAddress } from './routing.ts';

/** Sorted by tunnel, target and method. */
export function planProbes(placed: readonly PlacedConnection[]): ProbePlan[] {
  return placed.flatMap(probesOf).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Whoever is no Sallyport answers only the first. */
const METHODS = ['icmp', 'udp'] as const;

function keyOf({ tunnel = '', target, method }: ProbePlan): string {
  return `${tunnel} ${target} ${method}`;
}

/** Only into interfaces: of a policy nobody could say by which tunnel a packet is to go. */
function probesOf({ tunnel, declared, connection, gateway, host }: PlacedConnection): ProbePlan[] {
  const { name, interface: device, enabled } = tunnel;
  const { targets, ...pace } = connection.spec.probes;
  if (!enabled || device === undefined) return [];
  const inside = (declared.inside ?? []).flatMap(({ local, remote }) => {
    const address = parseInterfaceAddress(local)?.address;
    return address === undefined ? [] : { source: formatAddress(address), remote };
  });
  const common = { tunnel: name, interface: device, ...pace };
  const methods = connection.spec.provider === 'sallyport' ? METHODS : METHODS.slice(0, 1);
  return [
    ...inside.flatMap(({ source, remote }) =>
      methods.map(
        (method): ProbePlan => ({
          ...{ ...common, kind: 'inside', method, target: canonicalAddress(remote), source },
        }),
      ),
    ),
    ...(targets ?? []).flatMap((target): ProbePlan[] => {
      const source =
        ownAddress(host, gateway, target) ??
        inside.find((pair) => familyOf(pair.source) === familyOf(target))?.source;
      return source === undefined
        ? []
        : [{ ...common, kind: 'target', method: 'icmp', target: canonicalAddress(target), source }];
    }),
  ];
}
