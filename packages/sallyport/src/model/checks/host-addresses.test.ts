import { describe, expect, it } from 'vitest';
import { type Case, judge, outcome, thirdPartner, twoSites, vary, wanted } from '../testing.ts';

/** On a LAN that is not in the networks of the gateway. */
const lan = vary(twoSites, ['  addresses:', '  internalAddresses: [192.168.10.11]\n  addresses:']);

const remote = (network: string): string => vary(lan, ['10.20.0.0/16', network]);

const node = `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: worker}
spec: {role: node, addresses: [192.168.10.21]}
`;

const CASES: readonly Case[] = [
  {
    name: 'a remote network around the LAN',
    text: remote('192.168.0.0/16'),
    expected: {
      code: 'network/contains-host',
      severity: 'error',
      path: 'spec.routing.static.networks[0]',
      value: '192.168.0.0/16',
      message:
        'contains 192.168.10.11 of Host default/gw1: what is sent there would go into the tunnel',
    },
  },
  {
    name: 'one address of ours as remote network',
    text: remote('192.168.10.11/32'),
    expected: { code: 'network/contains-host', value: '192.168.10.11/32' },
  },
  {
    name: 'our outer address in a remote network, and a node',
    text:
      vary(lan, ['[10.20.0.0/16', '[192.0.2.0/25, 10.20.0.0/16']) +
      node.replace('192.168.10.21', '192.0.2.21'),
    expected: {
      code: 'network/contains-host',
      message:
        'contains 192.0.2.10 of Host default/gw1 and 1 more of ours: what is sent there would go into the tunnel',
    },
  },
  {
    name: 'a node in what the other side may tell',
    text:
      vary(
        twoSites,
        ['  placement: {hosts: [gw1]}', '  placement: {hosts: [gw1]}\n  bgp: {asn: 65010}'],
        ['20}\n', '20}\n      inside: [{local: 169.254.10.2/30, remote: 169.254.10.1}]\n'],
        [
          "static: {networks: [10.20.0.0/16, 'fd20::/48']}",
          'bgp: {asn: 65020, accept: [192.168.10.0/25, 192.0.2.128/25]}',
        ],
      ) + node.replace('addresses: [', 'addresses: [192.0.2.21, '),
    expected: {
      code: 'network/contains-host',
      path: 'spec.routing.bgp.accept[0]',
      message:
        'contains 192.168.10.21 of Host default/worker: what is sent there would go into the tunnel',
    },
  },
  {
    name: 'a virtual address',
    text: vary(remote('192.168.10.192/26'), [
      '  placement:',
      '  availability:\n    mode: active-standby\n    virtual: {addresses: [192.168.10.254/24], interface: lan, routerId: 51}\n  placement:',
    ]),
    expected: {
      code: 'network/contains-host',
      message:
        'contains the virtual address 192.168.10.254 of Gateway default/edge: what is sent there would go into the tunnel',
    },
  },
  {
    name: 'where hosts call from that are not declared',
    text: vary(
      lan,
      ['  placement:', '  bgp: {asn: 65010, nodeRanges: [192.168.30.0/24]}\n  placement:'],
      ['10.20.0.0/16', '192.168.16.0/20'],
    ),
    expected: {
      code: 'network/contains-host',
      message:
        'contains 192.168.30.0/24, from which hosts call Gateway default/edge: what is sent there would go into the tunnel',
    },
  },
];

describe('checkHostAddresses', () => {
  it.each(CASES)('reports $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });

  it('leaves the hosts of another site of ours', () => {
    const theirs = 'spec: {addresses: [203.0.113.9], internalAddresses: [10.20.0.1]}';
    const host = `---\napiVersion: sallyport.dev/v1alpha1\nkind: Host\nmetadata: {name: theirs}\n${theirs}\n`;
    expect(judge(lan + host).problems).toEqual([]);
  });

  it('leaves disabled connections, other namespaces and networks beside the hosts', () => {
    const other = lan.replaceAll('metadata: {', 'metadata: {namespace: other, ');
    const beside = vary(thirdPartner, ['10.40.0.0/16', '192.168.11.0/24']);
    expect(judge(lan + beside).problems).toEqual([]);
    expect(
      judge(vary(remote('192.168.0.0/16'), ['start: initiate', 'adminState: disabled'])).problems,
    ).toEqual([]);
    // Nobody but the gateway itself has a route there, and it knows its own address.
    expect(judge(vary(lan, ['10.20.0.0/16', '192.0.2.0/25'])).problems).toEqual([]);
    const problems = judge(`${lan}${other}`).problems.map(({ code }) => code);
    expect(problems).not.toContain('network/contains-host');
  });
});
