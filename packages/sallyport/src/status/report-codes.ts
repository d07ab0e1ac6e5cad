/**
 * Codes of what planning, the PKI and the agent can say beyond validation: in `plan`, `pki`, `apply`, `status` and
 * the host report. `docs/reference/problems.md` lists them behind those of validation.
 */
export const REPORT_CODES: Readonly<Record<string, string>> = {
  'plan/data-plane-unavailable': 'The host, or its kernel, cannot do the data plane that is wanted',
  'plan/interface-id-collision': 'The names of two tunnels give the same interface id',
  'plan/mtu-below-ipv6': 'What fits into the tunnel is less than IPv6 needs',
  'plan/mtu-not-enforced': 'User-space ESP keeps only TCP to the MTU that was set',
  'plan/mtu-too-large': 'The MTU that was set does not fit the path of a connection',
  'plan/several-asns': 'Two gateways of one host speak BGP under different numbers',
  'plan/shard-too-large': 'One IKE daemon would have more tunnels than it can serve',
  'plan/several-tunnels-one-prefix':
    'Several tunnels lead to one network, and one of them carries it',
  'plan/trap-in-userspace': 'User-space ESP cannot be started by the first packet',
  'plan/vti-address-pair': 'Two tunnels between the same addresses cannot both have a VTI',
  'pki/name': 'A name cannot go into a certificate, or is not allowed to who asks for it',
  'pki/not-issued': 'A declared authority, or a certificate that it shall issue, could not be made',
  'kernel/failed': 'The kernel could not be observed or changed',
  'kernel/interface-name': 'Linux does not take the name of an interface',
  'kernel/sysctl': 'A sysctl is wanted that is not read back',
  'strongswan/failed': 'The IKE daemon could not be observed or changed',
  'strongswan/trap-in-userspace': 'User-space ESP cannot be started by the first packet',
  'keepalived/name': 'keepalived does not take a name',
  'vrrp/differs': 'Another host of a gateway announces other virtual addresses',
  'vrrp/duplicate-id': 'A stranger on the LAN uses the id of a virtual router',
  'engine/failed': 'Whether the IKE daemon runs could not be found out',
  'engine/foreign-daemon': 'Somebody else’s IKE daemon holds UDP 500 or 4500',
  'engine/no-start': 'The IKE daemon could not be started, or did not answer after it',
  'engine/no-network-namespace': 'The network namespace of a shard is missing',
  'engine/not-installed': 'The program of the IKE daemon is missing',
  'engine/no-answer': 'The IKE daemon runs and does not answer',
  'routing/foreign-frr': 'Somebody else’s FRR runs in the network namespace of the host',
  'routing/not-installed': 'A program of FRR is missing',
  'routing/no-start': 'FRR could not be started, or did not answer after it',
  'frr/bfd-multihop': 'With TTL security FRR does BFD by its multihop port',
  'agent/certificate-expired': 'A certificate of a tunnel has expired',
  'agent/certificate-expires-in-1-day': 'A certificate of a tunnel expires within a day',
  'agent/certificate-expires-in-7-days': 'A certificate of a tunnel expires within 7 days',
  'agent/certificate-expires-in-14-days': 'A certificate of a tunnel expires within 14 days',
  'agent/certificate-expires-in-30-days': 'A certificate of a tunnel expires within 30 days',
  'agent/peer-certificate-expired': 'The certificate that the other side has shown has expired',
  'agent/peer-certificate-expires-in-1-day':
    'The certificate that the other side has shown expires within a day',
  'agent/peer-certificate-expires-in-7-days':
    'The certificate that the other side has shown expires within 7 days',
  'agent/peer-certificate-expires-in-14-days':
    'The certificate that the other side has shown expires within 14 days',
  'agent/peer-certificate-expires-in-30-days':
    'The certificate that the other side has shown expires within 30 days',
  'agent/revocation-list-ends': 'A revocation list is over soon',
  'agent/revocation-list-over': 'A revocation list is over',
  'agent/certificate-refused':
    'The other side did not take a new certificate, and the one before is used again',
  'agent/copy-not-kept': 'The copy of the plan for the next start could not be written',
  'agent/events-not-kept': 'Events could not be written into the journal, and wait in memory',
  'agent/no-plan': 'Nothing was applied on this host yet',
  'agent/plan-refused': 'The stored plan is missing or damaged; the last good one stays in effect',
  'agent/secret-changed': 'The files of a Secret hold something else than what was applied',
  'agent/secret-unusable': 'The files of a Secret cannot be read any more',
};
