/** What happened to virtual addresses. */
import type { HostReport } from '../host-report.ts';
import type { VrrpReport } from '../vrrp-report.ts';
import type { Happening } from './event.ts';
import { hostObject } from './host-events.ts';

export function vrrpEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const was = new Map((before?.vrrp ?? []).map((router) => [router.name, router]));
  const object = hostObject(after.host, {});
  return (after.vrrp ?? []).flatMap((router): Happening[] => {
    const known = was.get(router.name);
    const addresses = router.addresses.join(', ');
    const cause = { code: 'vrrp/moved', message: router.why };
    if (isHolder(router)) {
      // Held all the time, or left and taken again between two looks.
      const isKept = isHolder(known) && known.since === router.since;
      return isKept ? [] : [{ reason: 'AddressTaken', object, after: addresses, cause }];
    }
    return isHolder(known) ? [{ reason: 'AddressLeft', object, before: addresses, cause }] : [];
  });
}

function isHolder(router: VrrpReport | undefined): router is VrrpReport {
  return router?.state === 'master';
}
