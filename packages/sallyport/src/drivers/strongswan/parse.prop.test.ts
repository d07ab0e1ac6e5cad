/** Whatever a daemon lists, under whatever key and in whatever kind: a reading, never an exception. */
import { buildMessage, type MessageInput, parseIkeSa } from '@sallyport/vici';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTunnel } from './parse.ts';
import { nextActions } from './sas/keeper.ts';
import { NO_ORIGINS, noteOrigins } from './sas/origins.ts';
import { pskTunnel } from './testing/tunnels.ts';

const { name } = pskTunnel;

const KEYS = [
  ...['uniqueid', 'version', 'state', 'local-host', 'remote-host', 'local-id', 'remote-id'],
  ...['initiator', 'initiator-spi', 'responder-spi', 'nat-local', 'encr-alg', 'encr-keysize'],
  ...['integ-alg', 'prf-alg', 'dh-group', 'established', 'rekey-time', 'child-sas', 'name'],
  ...['spi-in', 'bytes-in', 'packets-out', 'local-ts', 'remote-ts', 'mode', 'encap', 'unheard-of'],
];
const text = fc.oneof(
  fc.constantFrom('', 'yes', '-1', '1e400', '99999999999999999999', 'ESTABLISHED', 'INSTALLED'),
  fc.constantFrom('CONNECTING', 'REKEYED', 'v4', 'v6', name, '\u0000', 'NaN', '0x10'),
  fc.string(),
);

/** A section whose entries may be values, lists or sections, whichever is expected. */
const { section } = fc.letrec<{ section: MessageInput; entry: string | string[] | MessageInput }>(
  (tie) => ({
    section: fc
      .array(fc.tuple(fc.constantFrom(...KEYS, 'v4-1', 'v6-2'), tie('entry')), { maxLength: 12 })
      .map((entries) => new Map(entries)),
    entry: fc.oneof({ depthSize: 'small' }, text, fc.array(text, { maxLength: 3 }), tie('section')),
  }),
);

describe('a list of SAs that makes no sense', () => {
  it("gives a report with the tunnel's own name, a known state and finite numbers", () => {
    fc.assert(
      fc.property(fc.array(section, { maxLength: 4 }), (sections) => {
        const sas = sections.map((one) => parseIkeSa(name, buildMessage(one)));
        const reading = readTunnel(pskTunnel, sas);
        expect(reading.name).toBe(name);
        expect(['up', 'partial', 'connecting', 'down']).toContain(reading.state);
        // What is not finite would become null in JSON.
        expect(JSON.stringify(reading)).not.toContain('null');
      }),
      { numRuns: 500 },
    );
  });

  it('makes neither the memory of SAs nor the keeper fail', () => {
    fc.assert(
      fc.property(fc.array(section, { maxLength: 4 }), (sections) => {
        const sas = sections.map((one) => parseIkeSa(name, buildMessage(one)));
        const origins = noteOrigins(sas, NO_ORIGINS, [pskTunnel], new Set());
        const none = new Set<string>();
        const known = { origins, lost: none, rekeyed: none, revoked: none };
        const moment = { attempts: new Map(), now: 0, window: 1 };
        const actions = nextActions({ tunnels: [pskTunnel], sas, ...known, ...moment });
        expect(actions.filter(({ type }) => type === 'initiate').length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});
