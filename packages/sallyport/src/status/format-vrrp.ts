/** Virtual addresses as text: a line each. */
import { formatDuration } from '../lib/format.ts';
import type { VrrpReport } from './vrrp-report.ts';

const STATES = {
  master: 'HELD HERE',
  backup: 'not held here',
  fault: 'not held here, stands aside',
  stopped: 'keepalived does NOT run',
} as const;

/** `now`: RFC 3339. */
export function formatVrrp(routers: readonly VrrpReport[], now: string): string[] {
  return routers.map(({ addresses, interface: device, virtualRouterId, state, since, why }) => {
    const time =
      since === undefined
        ? ''
        : ` for ${formatDuration((Date.parse(now) - Date.parse(since)) / 1000)}`;
    return `VRRP ${virtualRouterId} on ${device}, ${addresses.join(', ')}: ${STATES[state]}${time}; ${why}`;
  });
}

/** Where a virtual address is that this host does not have. */
export function formatHolder(address: string, routers: readonly VrrpReport[] = []): string {
  const router = routers.find(({ addresses }) =>
    addresses.some((each) => each.startsWith(`${address}/`)),
  );
  if (router?.masterHeard !== true)
    return `this host does not hold ${address}${router === undefined ? '' : `: ${router.why}`}`;
  const [other, ...more] = router.others;
  const holder = other === undefined || more.length > 0 ? 'another gateway' : other;
  return `${holder} holds ${address}`;
}
