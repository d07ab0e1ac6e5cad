import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffObjects, formatFieldChange } from './object-diff.ts';
import type { DeclaredObject } from './objects.ts';
import { parseYaml } from './parse-yaml.ts';
import { certificatePartner, twoSites, vary } from './testing.ts';

function objectsOf(text: string): DeclaredObject[] {
  return parseYaml([{ file: 'test.yaml', text }]).objects.map(({ object }) => object);
}

function lines(before: string, after: string): string[] {
  return diffObjects(objectsOf(before), objectsOf(after)).map(formatFieldChange);
}

describe('diffObjects', () => {
  it.each([
    {
      what: 'a value',
      from: 'crypto: default',
      to: 'crypto: cnsa',
      line: 'Connection default/partner-a spec.crypto: default -> cnsa (roll: a new IKE SA with its Child SAs, or new Child SAs in the same IKE SA where only ESP differs)',
    },
    {
      what: 'a list of values, as one',
      from: 'networks: [10.20.0.0/16',
      to: 'networks: [10.21.0.0/16',
      line: 'Connection default/partner-a spec.routing.static.networks: 10.20.0.0/16, fd20::/48 -> 10.21.0.0/16, fd20::/48 (roll: routes, leak guard, and new Child SAs in the same IKE SA with the new selectors)',
    },
    {
      what: 'a field of a list of objects, by name',
      from: 'address: 198.51.100.20',
      to: 'address: 198.51.100.21',
      line: 'Connection default/partner-a spec.tunnels[main].remote.address: 198.51.100.20 -> 198.51.100.21 (roll: a new IKE SA with its Child SAs)',
    },
    {
      what: 'a field that was left to its default',
      from: 'start: initiate',
      to: 'start: initiate\n  adminState: disabled',
      line: 'Connection default/partner-a spec.adminState: enabled -> disabled (cut: the tunnel is taken down or brought up; its networks stay guarded)',
    },
    {
      what: 'a field that was not there',
      from: 'metadata: {name: edge}',
      to: 'metadata: {name: edge, labels: {site: north}}',
      line: 'Gateway default/edge metadata.labels: unset -> {"site":"north"} (hot: nothing on the host)',
    },
  ])('shows $what', ({ from, to, line }) => {
    expect(lines(twoSites, vary(twoSites, [from, to]))).toEqual([line]);
  });

  it('shows objects that came and went', () => {
    const both = twoSites + certificatePartner;
    expect(lines(twoSites, both)).toContain(
      'Connection default/partner-b added (hot: a new object)',
    );
    expect(lines(both, twoSites)).toContain(
      'Connection default/partner-b removed (cut: everything of it is removed)',
    );
  });

  it('shows a tunnel that came or went in one line, and a pair of addresses by its place', () => {
    const inside = vary(twoSites, [
      'address: 198.51.100.20}',
      'address: 198.51.100.20}\n      inside: [{local: 169.254.10.2/30, remote: 169.254.10.1}]',
    ]);
    const second = vary(inside, [
      '  auth: {psk: {secret: a-psk}}',
      `    - name: second
      host: gw1
      remote: {address: 198.51.100.21}
      inside: [{local: 169.254.20.2/30, remote: 169.254.20.1}]
  auth: {psk: {secret: a-psk}}`,
    ]);
    expect(lines(second, inside)).toEqual([
      'Connection default/partner-a spec.tunnels[second] removed (cut: everything of it is removed, on gw1)',
    ]);
    expect(lines(inside, second)).toEqual([
      'Connection default/partner-a spec.tunnels[second] added (hot: a new tunnel, on gw1)',
    ]);
    const moved = vary(inside, ['remote: 169.254.10.1}', 'remote: 169.254.10.3}']);
    expect(lines(inside, moved)).toEqual([
      expect.stringMatching(
        / spec\.tunnels\[main\]\.inside\[0\]\.remote: \S+\.1 -> \S+\.3 \(cut: /,
      ),
    ]);
  });

  it('shows nothing for the same objects in any order', () => {
    const objects = objectsOf(twoSites + certificatePartner);
    fc.assert(
      fc.property(fc.shuffledSubarray(objects, { minLength: objects.length }), (shuffled) => {
        expect(diffObjects(objects, shuffled)).toEqual([]);
      }),
    );
  });
});
