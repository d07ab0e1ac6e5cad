/** Counters of what a host forwards between sites: their names in the nftables table, and what they say. */
import { isJson, nftItems } from '../../lib/json-fields.ts';
import type { FirewallPlan, HostPlan } from '../../plan/host-plan.ts';
import type { ForwardedReport } from '../../status/drain-report.ts';

/** In place of an interface: whatever passes none of them. */
export const BESIDE = 'beside';

export function inCounter(device: string): string {
  return `in_${device}`;
}

export function outCounter(device: string): string {
  return `out_${device}`;
}

export function countersOf({ counted }: FirewallPlan): readonly string[] {
  if (counted === undefined) return [];
  return [...counted.interfaces, BESIDE].flatMap((device) => [
    inCounter(device),
    outCounter(device),
  ]);
}

/**
 * `nft -j list counters table inet sallyport`; by the interfaces of `tunnels` in their order, and last what passes beside them. Undefined where
 * nothing is counted.
 */
export function parseCounted(text: string, { tunnels }: HostPlan): ForwardedReport[] | undefined {
  const packets = parseCounters(text);
  const report = (device: string, names: readonly string[]): ForwardedReport[] => {
    const [packetsIn, packetsOut] = [
      packets.get(inCounter(device)),
      packets.get(outCounter(device)),
    ];
    if (packetsIn === undefined || packetsOut === undefined) return [];
    return [{ tunnels: names, packetsIn, packetsOut }];
  };
  const beside = report(BESIDE, []);
  if (beside.length === 0) return undefined;
  return [
    ...[...Map.groupBy(tunnels, (tunnel) => tunnel.interface)].flatMap(([device, sharing]) =>
      device === undefined
        ? []
        : report(
            device,
            sharing.map(({ name }) => name),
          ),
    ),
    ...beside,
  ];
}

function parseCounters(text: string): ReadonlyMap<string, number> {
  const items = nftItems(text);
  return new Map(
    items.flatMap(({ counter }) => {
      if (!isJson(counter)) return [];
      const { name, packets } = counter;
      return typeof name === 'string' && typeof packets === 'number' ? [[name, packets]] : [];
    }),
  );
}
