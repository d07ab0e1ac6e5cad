import { describe, expect, it } from 'vitest';
import type { AuthorityRecord } from './record.ts';
import {
  lineOf,
  signerOf,
  successorName,
  successorSubject,
  successorUrl,
  trustedOf,
} from './succession.ts';

const NOW = new Date('2026-06-01T00:00:00Z');

function record(name: string, change: Partial<AuthorityRecord> = {}): AuthorityRecord {
  return {
    ...({ format: 'sallyport.dev/authority/v1alpha1', name, keyType: 'ecdsa-p384' } as const),
    ...{ crlUrls: [], crlNumber: 0, crlDays: 30, issued: [], ...change },
  };
}

const leaf = {
  ...{ serial: '4a', subject: 'CN=gw', altNames: [], isAuthority: false, fingerprint: 'ff' },
  ...{ notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z' },
};

async function line(
  ...records: readonly AuthorityRecord[]
): Promise<[{ record: AuthorityRecord }, ...{ record: AuthorityRecord }[]]> {
  const stored = new Map(records.map((one) => [one.name, { record: one }]));
  return lineOf('site', (name) => {
    const found = stored.get(name);
    return found === undefined ? Promise.reject(new Error(name)) : Promise.resolve(found);
  });
}

const names = (authorities: readonly { record: AuthorityRecord }[]): string[] =>
  authorities.map(({ record: { name } }) => name);

describe('an authority and those that take its place', () => {
  const waiting = { name: 'site-g2', takesOverAt: '2026-06-01T00:00:01Z' };
  const done = { name: 'site-g2', takesOverAt: '2026-06-01T00:00:00Z' };

  it('is alone at first', async () => {
    const alone = await line(record('site'));
    expect(signerOf(alone, NOW).record.name).toBe('site');
    expect(names(trustedOf(alone, NOW))).toEqual(['site']);
  });

  it('certifies until the next one takes over, and both are trusted', async () => {
    const both = await line(record('site', { successor: waiting }), record('site-g2'));
    expect(names(both)).toEqual(['site', 'site-g2']);
    expect(signerOf(both, NOW).record.name).toBe('site');
    expect(names(trustedOf(both, NOW))).toEqual(['site', 'site-g2']);
  });

  it('is trusted after that while anything that it has issued is valid', async () => {
    const both = await line(record('site', { successor: done, issued: [leaf] }), record('site-g2'));
    expect(signerOf(both, NOW).record.name).toBe('site-g2');
    expect(names(trustedOf(both, NOW))).toEqual(['site', 'site-g2']);
    expect(names(trustedOf(both, new Date('2027-01-01T00:00:00Z')))).toEqual(['site-g2']);
    const revoked = { at: '2026-05-01T00:00:00Z', reason: 'superseded' } as const;
    const taken = await line(
      record('site', { successor: done, issued: [{ ...leaf, revoked }] }),
      record('site-g2'),
    );
    expect(names(trustedOf(taken, NOW))).toEqual(['site-g2']);
  });
});

describe('the next authority', () => {
  it('has the number of its generation in its name', () => {
    expect(successorName('site', ['site'])).toBe('site-g2');
    expect(successorName('site-g2', ['site', 'site-g2'])).toBe('site-g3');
    expect(successorName('site', ['site', 'site-g2'])).toBe('site-g3');
  });

  it('has another subject', () => {
    const subject = [{ O: ['Example'] }, { CN: ['Site'] }];
    const second = [{ O: ['Example'] }, { CN: ['Site G2'] }];
    expect(successorSubject(subject, 2)).toEqual(second);
    expect(successorSubject(second, 3)).toEqual([{ O: ['Example'] }, { CN: ['Site G3'] }]);
  });

  it('has a list of its own, where the URL names the authority', () => {
    const url = 'http://pki.example/site/site.crl';
    expect(successorUrl(url, 'site', 'site-g2')).toBe('http://pki.example/site/site-g2.crl');
    expect(successorUrl(url, 'tenant.site', 'tenant.site-g2')).toBe(
      'http://pki.example/site/site-g2.crl',
    );
    expect(successorUrl('http://pki.example/ca.crl', 'site', 'site-g2')).toBeUndefined();
  });
});
