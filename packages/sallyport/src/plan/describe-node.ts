/** What a plan says of ways by other hosts of ours, as a network engineer would note it down. */
import { OWNER } from './host-plan.ts';
import type { NodeGatewayPlan, NodePlan, WayPlan } from './node-plan.ts';

export function describeNode({ gateways = [], encapsulation, ways, sources }: NodePlan): string[] {
  const names = new Map(
    gateways.flatMap(({ host, hops, weight }) =>
      hops.map((hop) => [hop, weight === 1 ? host : `${host}, weight ${weight}`]),
    ),
  );
  const named = (hop: string): string => {
    const name = names.get(hop);
    return name === undefined ? hop : `${hop} (${name})`;
  };
  const speaking = gateways.filter(({ speakers }) => speakers.length > 0);
  return [
    ...ways.flatMap((way) => describeWay(way, named)),
    ...(speaking.length === 0
      ? []
      : [
          `what BGP tells of  by ${speaking
            .flatMap(({ hops }) => hops)
            .map(named)
            .join(', ')}`,
        ]),
    `all of it in table ${OWNER.tunnelTable}, looked up at priority ${OWNER.tunnelTable}`,
    ...(encapsulation === undefined
      ? []
      : [`inside of VXLAN by ${encapsulation.interface}, VNI ${encapsulation.identity}`]),
    ...(sources.length === 0
      ? unanswered(gateways)
      : [`the host itself sends from ${sources.join(', ')}`]),
  ];
}

/** A node begins itself, too; a gateway has the addresses of its tunnels. */
function unanswered(gateways: readonly NodeGatewayPlan[]): string[] {
  if (gateways.length === 0) return [];
  return [
    'the host itself has no address that the other sites know: what it begins is not answered',
  ];
}

function describeWay({ prefixes, hops }: WayPlan, named: (hop: string) => string): string[] {
  const by = hops.map(({ address }) => named(address));
  return prefixes.map((prefix) => `${prefix}  by ${by.length === 0 ? 'nobody' : by.join(', ')}`);
}
