import { describe, expect, it } from 'vitest';
import type { Problem } from '../../lib/problem.ts';
import type { TunnelReport } from '../host-report.ts';
import { certificates, report, up } from '../testing/reports.ts';
import type { ObjectGeneration } from './condition.ts';
import { judgeCertificates } from './judge-certificates.ts';
import type { Share } from './judged.ts';

const connection = { kind: 'Connection', namespace: 'default', name: 'partner-a', generation: 1 };
const own = { ...connection, kind: 'Secret', name: 'own' };
const theirs = { ...own, name: 'peer-ca' };

function told(
  object: ObjectGeneration,
  change: Partial<TunnelReport>,
  problems: readonly Problem[] = [],
): string | undefined {
  const share: Share = {
    ...{ host: 'gw1', generation: 1, isCurrent: true, report, differences: [], problems },
    ...{ tunnels: [{ ...up, ...change }], names: [up.name] },
  };
  const verdict = judgeCertificates(object, [share]);
  return verdict && `${verdict.status} ${verdict.reason}: ${verdict.message}`;
}

const expiring = (code: string, { kind, namespace, name }: ObjectGeneration): Problem => ({
  ...{ code, severity: 'warning', message: `${name} ends`, object: { kind, namespace, name } },
});

describe('judgeCertificates', () => {
  it('names the certificate: of a Secret ours, of a Connection theirs', () => {
    expect(told(own, { certificates })).toBe(
      'True Valid: CN=gw, serial 0a, issued by CN=CA, valid until 2027-01-01T12:00:00.000Z',
    );
    expect(told(connection, { certificates })).toBe(
      'True Valid: CN=peer, serial 0b, issued by CN=Their CA, valid until 2026-05-01T12:00:00.000Z',
    );
    expect(told(theirs, { certificates })).toBe('True Valid: none of its authorities expires soon');
  });

  it('says what expires, and what has expired', () => {
    const soon = expiring('agent/certificate-expires-in-7-days', own);
    const over = expiring('agent/certificate-expired', own);
    const peer = expiring('agent/peer-certificate-expired', connection);
    expect(told(own, { certificates }, [soon])).toBe('True CertificateExpiring: own ends');
    expect(told(own, { certificates }, [soon, over])).toBe('False CertificateExpired: own ends');
    expect(told(connection, { certificates }, [soon, peer])).toBe(
      'False CertificateExpired: partner-a ends',
    );
  });

  it('says what was not read back, and nothing of keys', () => {
    const nothing = { certificates: { secret: 'own' } };
    const unread = 'Unknown NotReadBack: the daemon has told of none yet';
    expect(told(own, nothing)).toBe(unread);
    expect(told(connection, nothing)).toBe(unread);
    expect(told(connection, {})).toBeUndefined();
  });
});
