/** Small worlds for the golden plans: one fact of the field each, as YAML that a person could have written. */
import type { SecretFacts } from '../../model/facts.ts';
import type { DataPlane } from '../../model/gateway.ts';
import {
  authority,
  certificateFacts,
  certificatePartner,
  leaf,
  twoSites,
  vary,
} from '../../model/testing.ts';

export interface World {
  readonly text: string;
  /** Whose plan is meant; gw1 if absent. */
  readonly host?: string;
  /** What the host reports to be able to do; XFRM interfaces where absent. */
  readonly dataPlanes?: readonly DataPlane[];
  readonly secrets?: readonly SecretFacts[];
}

const connection = (name: string, spec: string): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: ${name}}
spec:
  gateway: edge
  auth: {psk: {secret: a-psk}}
${spec}`;

/** The same objects for another tenant on the same host, its networks and peer moved out of the way. */
export function inNamespace(namespace: string, text: string): string {
  const moved = text
    .replaceAll('metadata: {', `metadata: {namespace: ${namespace}, `)
    .replaceAll('10.20.', '10.120.')
    .replaceAll('fd20:', 'fda0:')
    .replaceAll('198.51.100.', '203.0.113.');
  return `---${moved}`;
}

const FOUR_IN_FOUR = 'remote: {address: 198.51.100.20}';

/** The four address families, inside and outside, one connection each. */
const families = vary(twoSites, [
  "routing: {static: {networks: [10.20.0.0/16, 'fd20::/48']}}",
  'routing: {static: {networks: [10.20.0.0/16]}}',
]);

/** By where the other one reaches each, and the key of their tunnels. */
const twoHosts = (first: string, second: string): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: gw1}
spec: {addresses: [203.0.113.1], internalAddresses: ${first}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: gw2}
spec: {addresses: [203.0.113.2], internalAddresses: ${second}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: a-psk}
spec: {psk: {file: secrets/a.psk}}
`;

/** Two gateways, each with a tunnel to a router that tells its networks; hosts of the cluster call them. */
const bgp = `---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge}
spec:
  placement: {hosts: [gw1, gw2]}
  networks: [10.1.0.0/16, 'fd01::/48']
  bgp: {asn: 65010, nodeRanges: [10.1.0.0/24]}
${twoHosts('[10.1.0.11]', '[10.1.0.12]')}---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: dc}
spec:
  gateway: edge
  provider: sallyport
  auth: {psk: {secret: a-psk}}
  tunnels:
    - name: one
      host: gw1
      remote: {address: 198.51.100.1}
      inside: [{local: 169.254.10.2/30, remote: 169.254.10.1}, {local: 'fd00:10::2/126', remote: 'fd00:10::1'}]
      priority: 10
    - name: two
      host: gw2
      remote: {address: 198.51.100.2}
      inside: [{local: 169.254.20.2/30, remote: 169.254.20.1}, {local: 'fd00:20::2/126', remote: 'fd00:20::1'}]
  routing: {bgp: {asn: 65020, accept: [10.50.0.0/16, 'fd50::/48']}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: cloud}
spec:
  gateway: edge
  provider: azure
  auth: {psk: {secret: a-psk}}
  tunnels:
    - name: one
      host: gw1
      remote: {address: 198.51.100.3}
      inside: [{local: 10.1.255.1/32, remote: 10.60.255.30}]
    - name: two
      host: gw2
      remote: {address: 198.51.100.4}
      inside: [{local: 10.1.255.2/32, remote: 10.60.255.31}]
  routing:
    bgp: {asn: 65515, accept: [10.60.0.0/16], advertise: [10.1.0.0/17], password: a-psk, onGatewayLoss: more-specifics}
`;

/** Two nodes behind the gateways of `bgp`, which have declared routes to another site as well. */
const nodes = `${bgp}---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: branch}
spec:
  gateway: edge
  auth: {psk: {secret: a-psk}}
  tunnels:
    - {name: one, host: gw1, remote: {address: 198.51.100.9}}
  routing: {static: {networks: [10.70.0.0/16, 'fd70::/48']}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: worker1}
spec: {role: node, addresses: [10.1.0.101], networks: [10.1.101.0/24]}
---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: worker2}
spec: {role: node, addresses: [10.1.1.102, 10.1.102.1], networks: [10.1.102.0/24, 'fd01:0:0:102::/64']}
`;
const nodesBy = (link: string): string =>
  vary(nodes, [
    '  placement: {hosts: [gw1, gw2]}',
    `  placement: {hosts: [gw1, gw2]}\n  nodes: ${link}`,
  ]);

/** On a host whose kernel has no ESP; one inside address lies in a network that BGP may tell of. */
const bgpInUserSpace = vary(bgp, [
  'accept: [10.60.0.0/16], advertise: [10.1.0.0/17], password: a-psk',
  'accept: [10.60.0.0/17, 10.60.128.0/18]',
]);

/** Of two hosts on one LAN one holds an address; both have their tunnel up. */
const standby = `---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge}
spec:
  placement: {hosts: [gw1, gw2]}
  networks: [10.1.0.0/24, 'fd01::/64']
  availability:
    mode: active-standby
    virtual: {addresses: [10.1.0.254/24, 'fd01::fe/64'], interface: lan, routerId: 51}
${twoHosts("[10.1.0.11, 'fd01::11']", "[10.1.0.12, 'fd01::12']")}---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: dc}
spec:
  gateway: edge
  auth: {psk: {secret: a-psk}}
  probes: {targets: [10.50.0.10], intervalMilliseconds: 100}
  tunnels:
    - {name: one, host: gw1, remote: {address: 198.51.100.1}}
    - {name: two, host: gw2, remote: {address: 198.51.100.2}}
  routing: {static: {networks: [10.50.0.0/16, 'fd50::/48']}}
`;

/** As above, and to a peer that has room for one tunnel leads the one of whoever holds the address. */
const oneTunnel = `${standby}---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: branch}
spec:
  gateway: edge
  auth: {psk: {secret: a-psk}}
  probes: {targets: [10.60.0.10]}
  tunnels: [{local: {address: 10.1.0.254}, remote: {address: 198.51.100.3}}]
  routing: {static: {networks: [10.60.0.0/16]}}
`;

export const WORLDS: Readonly<Record<string, World>> = {
  'an address that one of two hosts holds': { text: standby },
  'a tunnel that is with whoever holds its address': { text: oneTunnel },
  'BGP with a data centre and a cloud, another gateway, and nodes': { text: bgp },
  'a gateway before nodes': { text: nodes },
  'a gateway before nodes, in a VXLAN': { text: nodesBy('{encapsulation: vxlan}') },
  'a node behind two gateways': { text: nodes, host: 'worker1' },
  'a node that sends most by one of two gateways': {
    text: vary(nodes, [
      'internalAddresses: [10.1.0.11]}',
      "internalAddresses: [10.1.0.11, 'fd01::11'], weight: 3}",
    ]),
    host: 'worker1',
  },
  'a node that reaches its gateways in the overlay of the CNI': {
    text: nodesBy('{encapsulation: device, device: {interface: cilium_vxlan, identity: 6}}'),
    host: 'worker2',
  },
  'a node behind an address that one of two gateways holds': {
    text: `${standby}---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: worker1}
spec: {role: node, addresses: [10.1.0.101, 'fd01::101']}
`,
    host: 'worker1',
  },
  'BGP in user space, where all tunnels share a device': {
    text: bgpInUserSpace,
    dataPlanes: ['userspace'],
  },
  'dual-stack inside, IPv4 outside': { text: twoSites },
  'four family combinations': {
    text:
      families +
      connection(
        'six-in-four',
        `  tunnels: [{remote: {address: 198.51.100.30}}]
  routing: {static: {networks: ['fd30::/48']}}
`,
      ) +
      connection(
        'four-in-six',
        `  tunnels: [{remote: {address: '2001:db8:b::1'}}]
  routing: {static: {networks: [10.40.0.0/16]}}
`,
      ) +
      connection(
        'six-in-six',
        `  tunnels: [{remote: {address: '2001:db8:c::1'}}]
  routing: {static: {networks: ['fd50::/48']}}
`,
      ),
  },
  'a partner with certificates': {
    text: twoSites + certificatePartner,
    secrets: certificateFacts().secrets,
  },
  'our identity left to the certificate': {
    text:
      twoSites +
      vary(
        certificatePartner,
        ['local: {id: gw.example}', 'local: {}'],
        ['secret: own, peerAuthority: peer-ca', 'secret: own'],
      ),
    secrets: certificateFacts({ own: [leaf, authority] }).secrets,
  },
  'VTI, pinned': {
    text: vary(twoSites, [
      '  networks: [10.10.0.0/16',
      '  dataPlane: vti\n  networks: [10.10.0.0/16',
    ]),
    dataPlanes: ['xfrm-interface', 'vti', 'policy'],
  },
  'policies, the best this kernel has': { text: twoSites, dataPlanes: ['policy', 'userspace'] },
  'user space, where the kernel has no ESP': { text: twoSites, dataPlanes: ['userspace'] },
  'a peer on a dynamic address': {
    text: vary(
      twoSites,
      [FOUR_IN_FOUR, 'remote: {id: branch.example}'],
      ['start: initiate', 'start: respond'],
    ),
  },
  'a peer inside its own network': {
    text: vary(twoSites, ['networks: [10.20.0.0/16,', 'networks: [198.51.100.0/24,']),
  },
  'by pairs, in UDP, started by a packet, never probed, CBC': {
    text: vary(
      twoSites,
      [
        '  start: initiate',
        '  start: trap\n  selectors: per-pair\n  encapsulation: always\n  liveness: {delaySeconds: 0}',
      ],
      [
        'crypto: default',
        'crypto: {ike: {proposals: [aes256-sha256-modp3072]}, esp: {proposals: [aes256-sha512-modp3072], rekeyBytes: 1000000000}}',
      ],
    ),
  },
  disabled: { text: vary(twoSites, ['start: initiate', 'adminState: disabled']) },
  'no leak guard, own MTU, our host in our network': {
    text: vary(
      twoSites,
      [
        "addresses: [192.0.2.10, '2001:db8:1::10']",
        "addresses: [192.0.2.10, 10.10.0.1, 'fd10::1']",
      ],
      ['  networks: [10.10.0.0/16', '  leakGuard: false\n  mtu: 1380\n  networks: [10.10.0.0/16'],
    ),
  },
  'two shards beside the host': {
    text:
      vary(twoSites, [
        "addresses: [192.0.2.10, '2001:db8:1::10']",
        "addresses: [192.0.2.10]\n  shards:\n    - {name: ike2, addresses: [192.0.2.20, '2001:DB8:2::20']}\n    - {name: ike3, addresses: [192.0.2.30]}",
      ]) +
      connection(
        'by-address',
        `  tunnels: [{local: {address: 192.0.2.30}, remote: {address: 198.51.100.30}}]
  routing: {static: {networks: [10.30.0.0/16]}}
`,
      ) +
      connection(
        'by-family',
        `  tunnels: [{remote: {address: '2001:db8:b::1'}}]
  routing: {static: {networks: ['fd40::/48']}}
`,
      ) +
      connection(
        'by-anybody',
        `  tunnels: [{remote: {id: anybody.example}}]
  start: respond
  routing: {static: {networks: [10.50.0.0/16]}}
`,
      ),
  },
  'nothing to carry': {
    text: twoSites.split('---').slice(0, 2).join('---'),
  },
};
