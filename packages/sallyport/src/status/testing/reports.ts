/** Reports of one host, as an agent would write them. */
import type { BgpReport, BgpSessionReport } from '../bgp-report.ts';
import { type Condition, toVerdict } from '../conditions/condition.ts';
import type { ChildReport, HostReport, TunnelCertificates, TunnelReport } from '../host-report.ts';

export const NOW = '2026-06-01T12:00:00.000Z';

export const child: ChildReport = {
  name: 'v4',
  state: 'INSTALLED',
  uniqueId: '7',
  localSelectors: ['10.10.0.0/16'],
  remoteSelectors: ['10.20.0.0/16', '10.21.0.0/16'],
  algorithms: {
    encryption: 'AES_CBC',
    keyBits: 256,
    integrity: 'HMAC_SHA2_256_128',
    keyExchange: 'ECP_384',
  },
  encapsulated: true,
  spiIn: 'c0000001',
  spiOut: 'd0000001',
  bytesIn: 1536,
  bytesOut: 21_474_836_480,
  packetsIn: 10,
  packetsOut: 20_000_000,
  rekeyInSeconds: 3_000,
};

/** Of a tunnel that proves itself by them. */
export const certificates: Required<TunnelCertificates> = {
  secret: 'own',
  local: {
    ...{ subject: 'CN=gw', issuer: 'CN=CA', serial: '0a' },
    ...{ notAfter: '2027-01-01T12:00:00.000Z', fingerprint: 'f00d' },
  },
  remote: {
    ...{ subject: 'CN=peer', issuer: 'CN=Their CA', serial: '0b' },
    ...{ notAfter: '2026-05-01T12:00:00.000Z', fingerprint: 'beef' },
  },
};

export const up: TunnelReport = {
  name: 'sp.default.partner-a.main',
  namespace: 'default',
  connection: 'partner-a',
  tunnel: 'main',
  state: 'up',
  since: '2026-05-28T09:00:00.000Z',
  dataPlane: 'xfrm-interface',
  interface: 'sp0a78d801',
  mtuBytes: 1438,
  localAddress: '192.0.2.10',
  remoteAddress: '198.51.100.20',
  localId: 'gw.example',
  remoteId: 'peer.example',
  ike: {
    uniqueId: '3',
    initiator: false,
    algorithms: {
      encryption: 'AES_GCM_16',
      keyBits: 256,
      prf: 'PRF_HMAC_SHA2_384',
      keyExchange: 'ECP_384',
    },
    natDetected: true,
    establishedSeconds: 97_200,
    rekeyInSeconds: 12_345,
  },
  children: [child],
  history: {
    firstSeen: '2026-05-25T12:00:00.000Z',
    upSeconds: 600_000,
    flaps: 1,
    rekeys: 98,
    bytesIn: 1_048_576,
    bytesOut: 64_424_509_440,
    packetsIn: 7_000,
    packetsOut: 60_000_000,
    lastError: {
      code: 'ike/no-answer',
      message: '198.51.100.20 did not answer',
      hint: 'ask the other side whether its gateway is up',
      at: '2026-05-28T08:59:00.000Z',
    },
  },
};

export const down: TunnelReport = {
  name: 'sp.default.partner-b.main',
  namespace: 'default',
  connection: 'partner-b',
  tunnel: 'main',
  state: 'down',
  since: '2026-06-01T11:56:40.000Z',
  dataPlane: 'policy',
  mtuBytes: 1422,
  children: [],
  history: {
    firstSeen: '2026-06-01T11:56:40.000Z',
    upSeconds: 0,
    flaps: 0,
    rekeys: 0,
    bytesIn: 0,
    bytesOut: 0,
    packetsIn: 0,
    packetsOut: 0,
  },
  cause: {
    code: 'ike/no-answer',
    message: '198.51.100.30 did not answer',
    hint: 'ask the other side whether its gateway is up',
    at: '2026-06-01T11:59:00.000Z',
  },
};

const observed = { observedGeneration: 1, lastTransitionTime: '2026-06-01T11:59:00Z' } as const;

/** Of `partner-a`, as if its SAs were about to come up. */
export const conditions: readonly Condition[] = [
  toVerdict('Accepted', 'Accepted', 'valid'),
  toVerdict('Programmed', 'Programmed', 'in effect'),
  toVerdict('Established', 'Connecting', 'connecting'),
  toVerdict('Healthy', 'NoTraffic', 'no packets'),
].map((verdict) => ({ ...verdict, ...observed }));

export const report: HostReport = {
  format: 'sallyport.dev/host-report/v1alpha1',
  host: 'gw1',
  observedAt: '2026-06-01T11:59:58.000Z',
  agent: { pid: 12, version: '0.1.0', startedAt: '2026-05-01T00:00:00.000Z' },
  kernel: '6.1.0',
  engines: [
    {
      name: 'strongswan',
      version: '5.9.8',
      socket: 'unix:///run/sallyport/charon.vici',
      state: 'running',
      external: false,
      life: 1,
    },
  ],
  wantedRevision: 'a1b2c3d4e5f60718',
  revisionInEffect: 'a1b2c3d4e5f60718',
  tunnels: [up, down],
  differences: [],
  drift: { count: 0, last: [], reached: {} },
  problems: [],
  objects: [
    { kind: 'Connection', namespace: 'default', name: 'partner-a', generation: 1, conditions },
  ],
};

/** Inside the tunnel that is up. */
export const established: BgpSessionReport = {
  ...{ address: '169.254.10.1', asn: 64512, description: 'default/partner-a/main' },
  ...{ tunnel: up.name, state: 'established', establishedSince: '2026-06-01T11:55:00.000Z' },
  ...{ timesEstablished: 1, timesLost: 0, holdSeconds: 9, keepaliveSeconds: 3 },
  families: [
    {
      ...{ family: 4, received: 3, accepted: 1, advertised: 2, limit: 1000 },
      advertisedPrefixes: ['10.10.0.0/16', '10.11.0.0/16'],
    },
  ],
  bfd: { state: 'up', transmitMilliseconds: 300, detectMilliseconds: 900 },
};

export const bgp: BgpReport = {
  ...{ version: '8.4.4', asn: 65010, routerId: '10.20.0.1' },
  sessions: [established],
  learned: {
    ...{ total: 1, installed: 1 },
    prefixes: [
      {
        ...{ prefix: '10.50.0.0/16', nextHops: ['169.254.10.1'] },
        ...{ from: ['169.254.10.1'], installed: true },
      },
    ],
  },
};
