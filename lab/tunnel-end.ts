// A stranger's end of a route-based tunnel: its charon, and the interface whose routes decide what is encrypted.

import type { LabDataPlane } from './data-plane.ts';
import type { Host } from './host.ts';
import { INTERFACE_ID } from './sites/tunnel-end.ts';
import { Stranger } from './stranger.ts';

/** strongswan.conf(5): else user-space ESP's default route would come before those of the LAN. */
const BEHIND_MAIN_TABLE = '\n  routing_table_prio = 33000';

/** `site` is a swanctl.conf; `inside` are the addresses of the interface; `program` as of a Stranger. */
export async function startTunnelEnd(
  host: Host,
  site: string,
  inside: readonly string[],
  dataPlane: LabDataPlane,
  program?: string,
): Promise<Stranger> {
  const stranger = new Stranger(host, {
    ...{ configFile: await host.write('tunnel.conf', site), dataPlane },
    ...{ installRoutes: false, settings: BEHIND_MAIN_TABLE },
    ...(program === undefined ? {} : { program }),
  });
  const device = `link add ipsec0 type xfrm dev wan if_id ${String(INTERFACE_ID)}`;
  if (dataPlane === 'kernel') await host.ip([device]);
  await stranger.start();
  await host.ip([
    ...inside.map((address) => `address add ${address} dev ipsec0`),
    'link set dev ipsec0 mtu 1400 up',
  ]);
  return stranger;
}
