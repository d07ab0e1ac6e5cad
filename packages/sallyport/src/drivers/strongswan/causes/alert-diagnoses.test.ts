import { describe, expect, it } from 'vitest';
import { diagnosesIn } from '../testing/read-log.ts';
import { pskTunnel } from '../testing/tunnels.ts';
import { diagnosisOfAlert } from './alert-diagnoses.ts';
import { outranks } from './cause-rank.ts';
import { toCause } from './causes.ts';

const AT = '2026-06-01T00:00:00.000Z';

describe('diagnosisOfAlert', () => {
  it.each([
    [
      'peer-auth-failed',
      'ike/not-authenticated',
      '198.51.100.20 did not prove to be 198.51.100.20',
    ],
    ['cert-revoked', 'ike/certificate-revoked', 'the certificate of the other side was revoked'],
    ['cert-expired', 'ike/certificate-expired', 'the certificate of the other side has expired'],
    ['retransmit-send-timeout', 'ike/no-answer', '198.51.100.20 did not answer'],
    [
      'install-child-sa-failed',
      'child/failed',
      'the Child SA could not be made: install-child-sa-failed',
    ],
  ])('knows %s', (alert, code, message) => {
    const diagnosis = diagnosisOfAlert(alert);
    if (diagnosis === undefined) throw new Error('not known');
    expect(toCause(diagnosis, pskTunnel, AT)).toMatchObject({ code, message });
  });

  it.each(['shutdown-signal', 'retransmit-send', 'ts-narrowed', 'unique-replace', ''])(
    'sees no failed negotiation in %j',
    (alert) => {
      expect(diagnosisOfAlert(alert)).toBeUndefined();
    },
  );

  it('stands back behind the log line of the same failure', () => {
    const lines = ['certificate was revoked on May 02 10:00:00 2026, reason: key compromise'];
    const [told] = diagnosesIn(lines, new Date(AT));
    const alert = diagnosisOfAlert('cert-revoked');
    if (told === undefined || alert === undefined) throw new Error('nothing found');
    expect([outranks(alert, told), outranks(told, alert)]).toEqual([false, true]);
  });
});
