/** A tunnel that is well, with everything that was seen of it; tests change what they are about. */
import type { HostPlan, TunnelPlan } from '../../plan/host-plan.ts';
import type { TunnelReport } from '../host-report.ts';
import type { Evidence } from '../why/evidence.ts';
import type { Subject } from '../why/judgement.ts';
import { child, up } from './reports.ts';

export const tunnel: TunnelPlan = {
  name: up.name,
  namespace: 'default',
  connection: 'partner-a',
  tunnel: 'main',
  enabled: true,
  dataPlane: 'xfrm-interface',
  interface: 'sp0a78d801',
  interfaceId: 175_691_777,
  localAddress: '192.0.2.10',
  remoteAddress: '198.51.100.20',
  localId: 'gw.example',
  remoteId: 'peer.example',
  auth: { method: 'psk', secret: { namespace: 'default', name: 'key', fingerprint: 'f00d' } },
  ikeProposals: ['aes256gcm16-prfsha384-ecp384'],
  espProposals: ['aes256gcm16-ecp384'],
  ikeRekeySeconds: 14_400,
  childRekeySeconds: 3_600,
  livenessDelaySeconds: 10,
  forceEncapsulation: false,
  start: 'initiate',
  children: [{ name: 'v4', localSelectors: ['10.10.0.0/16'], remoteSelectors: ['10.20.0.0/16'] }],
  mtuBytes: 1438,
};

export const routes: HostPlan['routes'] = [
  { prefix: '10.20.0.0/16', table: 8300, type: 'unicast', interface: 'sp0a78d801' },
];

export const report: TunnelReport = {
  ...up,
  children: [{ ...child, packetsIn: 10, packetsOut: 20, encapsulated: false }],
};

const way = { kind: 'route', interface: 'sp0a78d801', table: '8300' } as const;

export const evidence: Evidence = {
  routes: [
    { prefix: '10.20.0.0/16', address: '10.20.0.1', answer: way },
    {
      prefix: '10.20.0.0/16',
      address: '10.20.0.1',
      from: { address: '10.10.0.2', interface: 'lan' },
      answer: way,
    },
  ],
  peerRoute: { kind: 'route', interface: 'wan', gateway: '192.0.2.1' },
  peerReturn: {
    prefix: '192.0.2.10',
    address: '192.0.2.10',
    from: { address: '198.51.100.20', interface: 'wan' },
    answer: { kind: 'route', interface: 'lo' },
  },
  foreignRules: [],
  forwardsIpv6: true,
  devices: ['lan', 'wan', 'sp0a78d801'].map((name) => ({
    name,
    forwards: true,
    reversePathFilter: 2,
  })),
  stops: [],
  xfrm: { before: new Map([['XfrmInNoStates', 7]]), after: new Map([['XfrmInNoStates', 7]]) },
  reversePathDrops: { before: 3, after: 3 },
  refusedByPolicy: { before: 1, after: 1 },
  unseen: [],
};

export const subject: Subject = { tunnel, routes, before: report, after: report, evidence };

/** With other evidence. */
export function seen(changed: Partial<Evidence>): Subject {
  return { ...subject, evidence: { ...evidence, ...changed } };
}

/** With so many packets more at the second look. */
export function moved(packetsIn: number, packetsOut: number, base: Subject = subject): Subject {
  const [first = child] = base.before.children;
  const later = {
    ...first,
    packetsIn: first.packetsIn + packetsIn,
    packetsOut: first.packetsOut + packetsOut,
  };
  return { ...base, after: { ...base.after, children: [later] } };
}
