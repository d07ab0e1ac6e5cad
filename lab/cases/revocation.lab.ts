// Revocation lists that Sallyport gives its daemon: whom they name is cut off, everybody else notices nothing, and
// they stay in force whatever becomes of the daemon.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { Outcome } from '../execute.ts';
import { atLength } from '../length.ts';
import { assertNoneLost } from '../none-lost.ts';
import { PacketFlow } from '../packet-flow.ts';
import { untilMended, untilTold } from '../told.ts';
import { CertifiedSites } from '../topologies/certified-sites.ts';

/** Half of them in each direction. They are most of what a guest has to do. */
const PACKETS_PER_SECOND = atLength({ whole: 1_000, short: 400 });

const REVOKED = {
  code: 'ike/certificate-revoked',
  message: /the certificate of CN=right was revoked on/,
  hint: /have the other side use a new certificate/,
};

/** Drops every first message of an IKE SA (RFC 7296 §3.1: exchange type 34, in byte 18 behind the header of UDP). */
const NO_NEW_SA = `table inet lab_deaf {
  chain input {
    type filter hook input priority 0
    udp dport 500 @th,208,8 34 drop
  }
}
`;

/** Gives the lists of these authorities as they are now. */
async function applyLists(
  { left, file, signing, pki }: Sites,
  authorities: readonly string[],
  revocation: 'strict' | 'relaxed',
): Promise<Outcome> {
  const lists = [];
  for (const name of authorities) lists.push((await pki('crl', ...signing.with(1, name))).trim());
  const text = await readFile(file, 'utf8');
  const edited = text
    .replace(
      /(authority: \{files: \[[^\]]*\]).*\}\}/,
      `$1, revocationLists: [${lists.join(', ')}]}}`,
    )
    .replace(/peerAuthority: peer[^}]*\}/, `peerAuthority: peer, revocation: ${revocation}}`);
  assert.match(edited, /revocationLists.*revocation: /s);
  await writeFile(file, edited);
  return left.run(['apply', '-f', file]);
}

type Sites = Pick<CertifiedSites, 'left' | 'file' | 'signing'> & {
  readonly pki: (...words: readonly string[]) => Promise<string>;
};

const sitesOf = (sites: CertifiedSites): Sites => ({
  left: sites.left,
  file: sites.file,
  signing: sites.signing,
  pki: (...words) => sites.pki(...words),
});

describe('a revocation list', () => {
  test('cuts off whom it names while he is there, and nobody else', async (context) => {
    await using certified = await CertifiedSites.create({ keyType: 'ecdsa-p384' });
    const { lab, left, stranger, file, signing, directory } = certified;
    const sites = sitesOf(certified);
    const ikeSa = async (): Promise<string | undefined> =>
      (await left.tunnel('right')).ike?.uniqueId;
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('right');
    const theirs = (await certified.serials()).at(-1) ?? 'none';
    await sites.pki(
      'issue',
      'other',
      ...signing,
      '--alt-name',
      'other.example',
      '--out',
      directory,
    );
    const others = (await certified.serials()).at(-1) ?? 'none';
    const [hosta, hostb] = [lab.host('hosta'), lab.host('hostb')];
    const flows = await Promise.all([
      PacketFlow.start(hosta, hostb, '10.2.0.2', PACKETS_PER_SECOND / 2),
      PacketFlow.start(hostb, hosta, '10.1.0.2', PACKETS_PER_SECOND / 2),
    ]);
    const first = await ikeSa();
    // Nobody is in it yet, and then again nobody: the tunnel stays as it is.
    for (const _ of ['first', 'renewed'])
      assert.equal((await applyLists(sites, ['root', 'site'], 'relaxed')).status, 0);
    assert.equal(await ikeSa(), first);
    await sites.pki('revoke', others, ...signing);
    assert.equal((await applyLists(sites, ['root', 'site'], 'relaxed')).status, 0);
    assert.notEqual(await ikeSa(), first);
    const [out, back] = await Promise.all(flows.map((flow) => flow.stop()));
    assert.ok(out && back);
    context.diagnostic(
      `lost ${String(out.lost)} of ${String(out.sent)} there, ${String(back.lost)} of ${String(back.sent)} back`,
    );
    assertNoneLost(out, back);

    // Even where the other side takes care not to be asked again.
    await lab.host('gwb').mustExec('nft', ['-f', '-'], { input: NO_NEW_SA });
    await sites.pki('revoke', theirs, ...signing);
    const refused = await applyLists(sites, ['root', 'site'], 'relaxed');
    assert.match(refused.stdout, REVOKED.message, refused.stderr);
    await untilTold(left, REVOKED);
    assert.equal((await hosta.ping('10.2.0.2')).received, 0);
    await lab.host('gwb').mustExec('nft', ['delete', 'table', 'inet', 'lab_deaf']);

    // Another daemon has nothing of what its predecessor was given.
    await left.killDaemon();
    const killed = Date.now();
    await left.untilTunnel(
      'right',
      'is refused by the next daemon',
      ({ cause }) => cause?.code === REVOKED.code && Date.parse(cause.at) > killed,
      120_000,
    );
    await sites.pki('renew', 'right', ...signing, '--in', directory);
    await stranger.reload();
    await untilMended(left);
    assert.equal((await hosta.ping('10.2.0.2')).received, 3);
  });

  test('is demanded where revocation is strict', async () => {
    await using certified = await CertifiedSites.create({ keyType: 'ed25519' });
    const { lab, left } = certified;
    const sites = sitesOf(certified);
    await applyLists(sites, [], 'strict');
    await untilTold(left, {
      code: 'ike/certificate-unchecked',
      message: /no revocation list .* says that CN=right is good/,
      hint: /put it into revocationLists of the Secret/,
    });
    // Of every authority in the chain.
    await applyLists(sites, ['site'], 'strict');
    const applied = Date.now();
    await left.untilTunnel(
      'right',
      'is refused again',
      ({ cause }) => cause?.code === 'ike/certificate-unchecked' && Date.parse(cause.at) > applied,
      120_000,
    );
    await applyLists(sites, ['root', 'site'], 'strict');
    await untilMended(left);
    assert.equal((await lab.host('hosta').ping('10.2.0.2')).received, 3);
  });
});
