// Certificates between two gateways of Sallyport and a stranger: every kind of key, of identity (distinguished names
// with commas, quotes and umlauts among them) and of authority, and which of them no gateway may believe.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { revoke } from '../certificates.ts';
import type { Sallyport } from '../sallyport.ts';
import { serveFile, urlAt } from '../serve-file.ts';
import {
  CertifiedPartners,
  ROWS,
  type Row,
  wantedOf,
  wayOf,
} from '../topologies/certified-partners.ts';
import { PARTNERS_INNER_PREFIXES } from '../topologies/partners.ts';
import { until } from '../until.ts';

/** The router's address that both gwa and the stranger reach. */
const LIST_URL = urlAt('203.0.113.2');

describe('certificates', () => {
  let sites: CertifiedPartners;

  before(async () => {
    sites = await CertifiedPartners.create();
  });
  after(async () => {
    await sites.lab.close();
  });

  const tunnelOf = ({ number }: Row): string => `t${String(number)}`;
  const rowOf = (wanted: number): Row => {
    const row = ROWS.find(({ number }) => number === wanted);
    assert.ok(row);
    return row;
  };
  /** That begins the tunnel. */
  const leftOf = ({ ends: [left] }: Row): Sallyport => sites[left];
  const received = async (row: Row): Promise<number> => {
    const { host, from, to } = wayOf(row);
    return (await sites.lab.host(host).ping(to, { from })).received;
  };
  /** ESP that gwa and gwb have sent and received meanwhile. Nothing readable passes. */
  const espDuring = async (work: () => Promise<unknown>): Promise<number> => {
    const sniffers = await Promise.all(
      ['a', 'b'].map((device) =>
        sites.lab.host('internet').sniff(device, { innerPrefixes: PARTNERS_INNER_PREFIXES }),
      ),
    );
    await work();
    const seen = await Promise.all(sniffers.map((sniffer) => sniffer.stop()));
    assert.deepEqual(
      seen.flatMap(({ clear }) => clear),
      [],
    );
    return seen.reduce((sum, { esp }) => sum + esp, 0);
  };
  const carries = async (row: Row): Promise<void> => {
    await leftOf(row).untilUp(tunnelOf(row));
    assert.equal(await received(row), 3, tunnelOf(row));
  };
  /** Neither side gets it up, and our gateway tells why. */
  const refused = async (row: Row, code: string): Promise<void> => {
    const left = leftOf(row);
    await left.untilTunnel(tunnelOf(row), `tells of ${code}`, ({ cause }) => cause?.code === code);
    // Where we begin, the stranger has the tunnel up until it hears that we refuse it: then it does not begin another.
    const { status, stderr, stdout } = await until(
      'the stranger begins',
      async () => {
        const outcome = await sites.stranger.trySwanctl([
          ...['--initiate', '--child', tunnelOf(row), '--timeout', '20'],
        ]);
        return !outcome.stdout.includes('due to existing duplicate') && outcome;
      },
      60_000,
    );
    assert.notEqual(status, 0);
    assert.match(stdout + stderr, /AUTHENTICATION_FAILED/);
    assert.notEqual((await left.tunnel(tunnelOf(row))).state, 'up');
    assert.equal(
      await espDuring(async () => {
        assert.equal(await received(row), 0);
      }),
      0,
    );
  };
  /** With a certificate that was issued as it should be. */
  const mend = async (row: Row): Promise<void> => {
    const issuer = await sites[row.makers[1]](row.key);
    await sites.present(
      await issuer.issue({ ...wantedOf(row, 'gwb'), name: `good-${tunnelOf(row)}` }),
      row,
    );
    // Our gateway waits longer after each refusal; it fails where that was up first all the same.
    await sites.stranger.trySwanctl(['--initiate', '--child', tunnelOf(row), '--timeout', '20']);
    await carries(row);
  };

  test('of every kind bring up a tunnel, and only ESP crosses', async () => {
    const esp = await espDuring(async () => {
      for (const row of ROWS) await carries(row);
    });
    // Three echoes and answers of three tunnels between gw and gwa, as many between gw and gwb, and those between
    // gwa and gwb, which pass both interfaces.
    assert.equal(esp, 18 + 18 + 36);
  });

  // In each one the daemon of gw knows the other authority, too: it vouches for the peers of other tunnels.
  for (const [number, what, other] of [
    [2, 'DNS name', () => sites.sallyport('ecdsa')],
    [4, 'distinguished name', () => sites.openssl('ecdsa')],
    [9, 'address', () => sites.openssl('ed25519')],
  ] as const) {
    test(`of an authority that other tunnels believe prove no ${what} to this one`, async () => {
      const row = rowOf(number);
      const issuer = await other();
      await sites.present(
        await issuer.issue({ ...wantedOf(row, 'gwb'), name: `trap-${String(number)}` }),
        row,
      );
      await refused(row, 'ike/certificate-untrusted');
      await mend(row);
    });
  }

  test('of the right authority prove no name that they do not hold', async () => {
    const row = rowOf(2);
    const issuer = await sites.openssl(row.key);
    await sites.present(
      await issuer.issue({
        ...{ name: 'other', subject: '/O=Lab/CN=gwb-2.example' },
        alternativeNames: ['other.example'],
      }),
      row,
    );
    await refused(row, 'ike/certificate-wrong-name');
    await mend(row);
  });

  test('are refused once the list of their authority has revoked them', async () => {
    const row = rowOf(3);
    const issuer = await sites.openssl(row.key);
    const credentials = await issuer.issue({
      ...{ ...wantedOf(row, 'gwb'), name: 'to-be-revoked', crlUrl: LIST_URL },
    });
    await sites.present(credentials, row);
    await carries(row);
    const list = await revoke([credentials.certificate], issuer.signer);
    serveFile(sites.lab.host('internet'), list);
    await sites.present(credentials, row);
    await refused(row, 'ike/certificate-revoked');
    await mend(row);
  });
});
