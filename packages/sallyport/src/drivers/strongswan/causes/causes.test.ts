import { describe, expect, it } from 'vitest';
import { certificateTunnel, pskTunnel } from '../testing/tunnels.ts';
import { causeReference } from './cause-reference.ts';
import { CAUSES, type CauseCode } from './cause-texts.ts';
import { toCause } from './causes.ts';

const AT = '2026-06-01T00:00:00.000Z';

describe('the sentences', () => {
  it.each(Object.entries(CAUSES))('of %s leave no placeholder open', (code, { hint }) => {
    const cause = toCause({ code: code as CauseCode, named: ['one', 'two'] }, pskTunnel, AT);
    expect(`${cause.message} ${cause.hint}`).not.toMatch(/[{}]|undefined/);
    expect(hint).not.toBe('');
  });

  it('speak of any address where the tunnel has none', () => {
    const { remoteAddress: _, localAddress: __, ...open } = pskTunnel;
    const cause = toCause({ code: 'ike/no-answer', named: [] }, open, AT);
    expect(cause.message).toBe('the other side did not answer');
    expect(cause.hint).toContain('between this host and the other side');
  });

  it('name both sides of a certificate that is not trusted', () => {
    const diagnosis = {
      code: 'ike/certificate-untrusted',
      named: ['CN=peer', 'CN=Their CA'],
    } as const;
    expect(toCause(diagnosis, certificateTunnel, AT).message).toBe(
      'the certificate of CN=peer comes from CN=Their CA, and this connection accepts CN=CA',
    );
  });

  it('are all in the reference', () => {
    const reference = causeReference();
    for (const code of Object.keys(CAUSES)) expect(reference).toContain(`### \`${code}\``);
    expect(reference).not.toMatch(/[{}]/);
  });
});
