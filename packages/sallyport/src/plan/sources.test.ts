import { describe, expect, it } from 'vitest';
import { certificatePartner, twoSites, vary } from '../model/testing.ts';
import type { HostPlan } from './host-plan.ts';
import { planWorld } from './testing/plan-world.ts';
import { WORLDS } from './testing/worlds.ts';

const policy = `---
apiVersion: sallyport.dev/v1alpha1
kind: CryptoPolicy
metadata: {name: ours}
spec: {ike: {proposals: [aes256-sha256-modp3072]}, esp: {proposals: [aes256gcm16-modp3072]}}
`;

function sourcesOf(text: string): Record<string, readonly string[]> {
  const { sources }: HostPlan = planWorld({ text }).plan;
  return Object.fromEntries(sources.map(({ kind, name, tunnels }) => [`${kind} ${name}`, tunnels]));
}

describe('the sources of a plan', () => {
  it('are all objects that it stands for, with the tunnels that each concerns', () => {
    const text = vary(twoSites, ['crypto: default', 'crypto: ours']) + certificatePartner + policy;
    const [a, b] = ['sp.default.partner-a.main', 'sp.default.partner-b.main'];
    expect(sourcesOf(text)).toEqual({
      'Connection partner-a': [a],
      'Connection partner-b': [b],
      'CryptoPolicy ours': [a],
      'Gateway edge': [a, b],
      'Host gw1': [a, b],
      'Secret a-psk': [a],
      'Secret own': [b],
      'Secret peer-ca': [b],
    });
  });

  it('have the password of a BGP session', () => {
    const world = WORLDS['BGP with a data centre and a cloud, another gateway, and nodes'];
    const text = `${vary(world?.text ?? '', ['password: a-psk', 'password: md5'])}---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: md5}
spec: {psk: {file: secrets/md5}}
`;
    expect(sourcesOf(text)['Secret md5']).toEqual(['sp.default.cloud.one']);
  });

  it('name an object once that a tunnel uses twice', () => {
    const text = twoSites + vary(certificatePartner, [', peerAuthority: peer-ca', '']);
    expect(sourcesOf(text)['Secret own']).toEqual(['sp.default.partner-b.main']);
  });
});
