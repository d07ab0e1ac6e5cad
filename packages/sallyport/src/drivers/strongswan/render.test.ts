/** That charon takes what is rendered, and notices every change that has to reach an SA. */
import { describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import { isLoaded } from './loaded.ts';
import {
  childHash,
  childMark,
  peerHash,
  renderConnection,
  sharedIdOf,
  sharedOwnersOf,
  tunnelOfShared,
} from './render.ts';
import { listed } from './testing/list-conns.ts';
import { CHILD_OPTIONS, CONNECTION_OPTIONS, ROUND_OPTIONS } from './testing/load-conn-options.ts';
import { certificateTunnel, listedTunnel, pskTunnel } from './testing/tunnels.ts';

const certificates = { leaf: Buffer.from('leaf'), peerAuthorities: [Buffer.from('ca')] };

const [v4] = pskTunnel.children;
if (v4 === undefined) throw new Error('the world has a child');

const allTunnels = Object.entries(WORLDS).flatMap(([world, declared]) =>
  planWorld(declared).plan.tunnels.map((tunnel) => ({ world, tunnel })),
);

/** Options that charon would refuse together with their whole connection. */
function strangers(
  section: object,
  options: Readonly<Record<string, 'list' | RegExp>>,
): (readonly [string, unknown])[] {
  return Object.entries(section).filter(([name, value]: readonly [string, unknown]) => {
    const expected = options[name];
    if (expected === undefined || value === undefined) return expected === undefined;
    if (expected === 'list') return !Array.isArray(value);
    return Array.isArray(value) || !expected.test(`${value as string | number | boolean}`);
  });
}

describe('the hash of a tunnel by certificate', () => {
  it('changes with what is demanded of revocation, and not with a list that revokes nobody else', () => {
    if (certificateTunnel.auth.method === 'psk') throw new Error('it has a certificate');
    const strict: TunnelPlan = {
      ...certificateTunnel,
      auth: { ...certificateTunnel.auth, revocation: 'strict' },
    };
    expect(peerHash(listedTunnel)).toBe(peerHash(certificateTunnel));
    expect(peerHash(strict)).not.toBe(peerHash(certificateTunnel));
    expect(renderConnection(strict, certificates).remote?.['revocation']).toBe('strict');
    expect(renderConnection(certificateTunnel, certificates).remote).not.toHaveProperty(
      'revocation',
    );
  });
});

describe.each(allTunnels)('load-conn of $tunnel.name in "$world"', ({ tunnel }) => {
  it('has only options that charon knows, with values it takes', () => {
    const { local, remote, children, ...connection } = renderConnection(
      tunnel,
      tunnel.auth.method === 'certificate' ? certificates : undefined,
    );
    expect(strangers(connection, CONNECTION_OPTIONS)).toEqual([]);
    expect(strangers(local ?? {}, ROUND_OPTIONS)).toEqual([]);
    expect(strangers(remote ?? {}, ROUND_OPTIONS)).toEqual([]);
    expect(children).toBeInstanceOf(Map);
    for (const child of (children as ReadonlyMap<string, object>).values())
      expect(strangers(child, CHILD_OPTIONS)).toEqual([]);
  });

  it('leaves it to us to begin and to end', () => {
    const { children } = renderConnection(tunnel);
    for (const child of (children as ReadonlyMap<string, object>).values())
      expect(child).not.toHaveProperty('start_action', 'start');
  });
});

describe('load-conn', () => {
  it('presents and accepts certificates by their content', () => {
    const { local, remote, send_cert } = renderConnection(certificateTunnel, certificates);
    expect(local).toMatchObject({ auth: 'pubkey', id: 'gw.example', certs: [certificates.leaf] });
    expect(remote).toMatchObject({ auth: 'pubkey', cacerts: certificates.peerAuthorities });
    expect(send_cert).toBe('always');
  });

  it('binds the child to its interface by what its data plane knows', () => {
    const dataPlanes = ['xfrm-interface', 'vti', 'policy', 'userspace'] as const;
    const bound = dataPlanes.map((dataPlane) => {
      const { children } = renderConnection({ ...pskTunnel, dataPlane, interfaceId: 7 });
      const v4 = (children as ReadonlyMap<string, object>).get('v4') ?? {};
      return Object.keys(v4).filter((name) => /^(if_id|mark)_/.test(name));
    });
    expect(bound).toEqual([['if_id_in', 'if_id_out'], ['mark_in', 'mark_out'], [], []]);
  });
});

describe('what charon does not compare with what is loaded, and would lose', () => {
  // vici_config.c up to 6.0.6 leaves these two out (strongSwan issue 1046 is about the children's names).
  it.each(['dpd_timeout', 'dscp'])(
    '%s is never set: IKEv2 ignores it, or nobody asks',
    (option) => {
      for (const { tunnel } of allTunnels)
        expect(renderConnection(tunnel)).not.toHaveProperty(option);
    },
  );

  it('shows in something that it does compare, whatever option of the IKE part it is', () => {
    const { local, children: _children, ...peer } = renderConnection(pskTunnel);
    expect(local?.groups).toEqual([peerHash(pskTunnel)]);
    expect(Object.keys(peer).filter((key) => !COMPARED.includes(key))).toEqual([]);
  });

  it('is the name of a child, which follows from what it carries and from nothing else', () => {
    const names = (tunnel: TunnelPlan): string[] => [
      ...(renderConnection(tunnel).children as ReadonlyMap<string, object>).keys(),
    ];
    const changed = { ...pskTunnel, espProposals: ['aes128gcm16'], childRekeySeconds: 1_800 };
    expect(names(changed)).toEqual(names(pskTunnel));
  });

  it('shows in the mark of a child that has another name and nothing else', () => {
    const renamed = { ...v4, name: 'p-00000000' };
    expect(childMark(pskTunnel, renamed)).not.toBe(childMark(pskTunnel, v4));
  });
});

/** By peer_cfg.c and ike_cfg.c of 5.9 and 6.0: equals(). */
const COMPARED = [
  ...['version', 'mobike', 'unique', 'local_addrs', 'remote_addrs', 'proposals', 'rekey_time'],
  ...['dpd_delay', 'encap', 'fragmentation', 'send_cert', 'local', 'remote'],
];

describe('the id of a pre-shared key', () => {
  it('tells whose it is, its content and its owner', () => {
    const { auth } = pskTunnel;
    const content: TunnelPlan = {
      ...pskTunnel,
      auth: { method: 'psk', secret: { ...auth.secret, fingerprint: 'other' } },
    };
    const ids = [pskTunnel, content, { ...pskTunnel, remoteId: 'peer.example' }].map(sharedIdOf);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(tunnelOfShared(id)).toBe(pskTunnel.name);
  });
});

describe('the owner of a pre-shared key', () => {
  it.each([
    ['peer.example', 'peer.example'],
    ['%any', '192.0.2.10'],
  ])('of a peer that is %s is %s', (remoteId, owner) => {
    expect(sharedOwnersOf({ ...pskTunnel, remoteId })).toEqual([owner]);
  });
});

const { auth } = pskTunnel;
const other = { ...auth.secret, fingerprint: 'another content' };

describe('a change', () => {
  const PEER: readonly (readonly [string, Partial<TunnelPlan>])[] = [
    ['of the liveness delay', { livenessDelaySeconds: 77 }],
    ['of the IKE proposals', { ikeProposals: ['aes256-sha256-modp3072'] }],
    ['of the IKE lifetime', { ikeRekeySeconds: 7_200 }],
    ['of our address', { localAddress: '192.0.2.11' }],
    ['of the peer address', { remoteAddress: '198.51.100.21' }],
    ['of our identity', { localId: 'gw.example' }],
    ['of the peer identity', { remoteId: 'peer.example' }],
    ['of forced encapsulation', { forceEncapsulation: true }],
    ['of the content of the secret', { auth: { method: 'psk', secret: other } }],
    ['to certificates', { auth: certificateTunnel.auth }],
  ];

  it.each(PEER)('%s makes an IKE SA old, and shows in what charon compares', (_what, change) => {
    const changed = { ...pskTunnel, ...change };
    expect(peerHash(changed)).not.toBe(peerHash(pskTunnel));
    expect(isLoaded(listed(pskTunnel), changed)).toBe(false);
    expect(childHash(changed, v4)).toBe(childHash(pskTunnel, v4));
    // Equal connections share an IKE SA: the new Child SA would go into the old one.
    const { children: _after, ...after } = renderConnection(changed);
    const { children: _before, ...before } = renderConnection(pskTunnel);
    expect(after).not.toEqual(before);
  });

  it.each<readonly [string, Partial<TunnelPlan>]>([
    ['of the ESP proposals', { espProposals: ['aes128gcm16-ecp256'] }],
    ['of the lifetime in seconds', { childRekeySeconds: 1_800 }],
    ['of the lifetime in bytes', { childRekeyBytes: 1_000_000 }],
    ['of the interface id', { interfaceId: 9 }],
    ['of the data plane', { dataPlane: 'policy' }],
    ['of the start', { start: 'trap' }],
  ])('%s makes a Child SA old, and not its IKE SA', (_what, change) => {
    const changed = { ...pskTunnel, ...change };
    expect(childHash(changed, v4)).not.toBe(childHash(pskTunnel, v4));
    expect(isLoaded(listed(pskTunnel), changed)).toBe(false);
    expect(peerHash(changed)).toBe(peerHash(pskTunnel));
  });

  it('of who initiates, of the MTU or of the interface name changes no SA', () => {
    const changed: TunnelPlan = {
      ...pskTunnel,
      start: 'respond',
      mtuBytes: 1280,
      interface: 'sp00000000',
    };
    expect(isLoaded(listed(pskTunnel), changed)).toBe(true);
  });

  it('marks a child with a number that charon lists whole, and that no SA reaches', () => {
    for (const { tunnel } of allTunnels) {
      for (const child of tunnel.children) {
        const mark = childMark(tunnel, child);
        expect(String(mark)).toMatch(/^[1-9]\d{14}$/);
        expect(mark).toBeLessThan(999_999_999_999_999);
      }
    }
  });

  it('in the number of children loads the connection again, and leaves the other child', () => {
    const changed = { ...pskTunnel, children: [v4] };
    expect(isLoaded(listed(pskTunnel), changed)).toBe(false);
    expect(peerHash(changed)).toBe(peerHash(pskTunnel));
    expect(childHash(changed, v4)).toBe(childHash(pskTunnel, v4));
  });
});
