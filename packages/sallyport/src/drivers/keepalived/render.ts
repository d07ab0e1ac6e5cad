/** keepalived.conf(5) of our own keepalived. Quotes every value; `driver.ts` refuses what quotes cannot hold. */
import type { VrrpPlan } from '../../plan/vrrp-plan.ts';
import { addressesOf, withLength } from './state.ts';
import { PRIORITY } from './usability.ts';

/**
 * `usabilityPath`: of the file that says how fit this host is for a virtual router.
 * Without `nopreempt` (`usability.ts` says why), passwords, which version 3 has none of (RFC 5798 §9), scripts, and
 * `vrrp_strict`, which forbids unicast.
 */
export function renderKeepalived(
  routers: readonly VrrpPlan[],
  usabilityPath: (name: string) => string,
): string {
  return [
    '# Written by Sallyport, and written again when it changes.',
    ...block('global_defs', [
      'vrrp_version 3',
      // An interface may come later, as that of a VLAN.
      'dynamic_interfaces',
      'vrrp_garp_master_repeat 3',
      'vrrp_garp_master_delay 1',
      'vrrp_garp_master_refresh 60',
      // Else a busy host falls silent, and loses its addresses. Not `vrrp_rt_priority`: after a reload keepalived 2.2.7
      // allows itself no processor time at all in one go (RLIMIT_RTTIME of 0), and the kernel kills it.
      'vrrp_priority -20',
      'max_auto_priority -1',
    ]),
    ...routers.flatMap((router) => renderRouter(router, usabilityPath(router.name))),
    '',
  ].join('\n');
}

function renderRouter(router: VrrpPlan, usabilityPath: string): string[] {
  return [
    ...block(`track_file ${quote(router.name)}`, [`file ${quote(usabilityPath)}`, 'weight 1']),
    ...block(`vrrp_instance ${quote(router.name)}`, [
      'state BACKUP',
      `interface ${quote(router.interface)}`,
      `virtual_router_id ${router.virtualRouterId}`,
      `priority ${PRIORITY}`,
      `advert_int ${router.advertisementMilliseconds / 1_000}`,
      `unicast_src_ip ${quote(router.localAddress)}`,
      // RFC 5798 §5.1.1.3: 255 comes from no other LAN. For unicast keepalived sends 64 unless told.
      'unicast_ttl 255',
      'check_unicast_src',
      ...block(
        'unicast_peer',
        router.peers.map((peer) => `${quote(peer)} min_ttl 255`),
      ),
      // As host addresses: with the length of the subnet one may become its primary address, and take the
      // host's own one with it when it goes. IPv6 takes none of that length as a source unless told.
      ...block('virtual_ipaddress', addressesOf(router).map(withLength).map(quote)),
      ...block('track_file', [quote(router.name)]),
    ]),
  ];
}

function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), '}'];
}

function quote(value: string): string {
  return `"${value}"`;
}
