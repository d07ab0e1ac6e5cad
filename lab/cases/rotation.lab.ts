// Certificates and authorities are exchanged under traffic, by ourselves and by the other side: not one packet is lost,
// whatever dies in between, and what the other side refuses is given up.
// lab: long

import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { end } from '../execute.ts';
import { atLength } from '../length.ts';
import { assertNoneLost } from '../none-lost.ts';
import { PacketFlow } from '../packet-flow.ts';
import { IssuedSites } from '../topologies/issued-sites.ts';
import { until } from '../until.ts';

/** Half of them in each direction. They are most of what a guest has to do. */
const PACKETS_PER_SECOND = atLength({ whole: 1_000, short: 400 });

interface Moment {
  readonly moment: string;
  /** `before`: serial number of what was in use. */
  readonly isReached: (sites: IssuedSites, before: string) => Promise<boolean>;
}

const MOMENTS: readonly Moment[] = [
  {
    moment: 'the new key is written',
    isReached: async ({ left }) =>
      (await readdir(left.host.file('state/issued/default/own'))).length > 3,
  },
  {
    moment: 'the new certificate is to be used',
    isReached: async (sites) => (await stateOf(sites)).candidate !== undefined,
  },
  {
    moment: 'the plan wants it',
    isReached: async ({ left }, before) =>
      !(await readFile(left.host.file('state/plan.json'), 'utf8')).includes(before),
  },
  {
    moment: 'the tunnel is up with it',
    isReached: async ({ left }, before) => {
      const { certificates } = await left.tunnel('right');
      return certificates?.local !== undefined && certificates.local.serial !== before;
    },
  },
];

describe('a certificate that is issued for a Secret', () => {
  test('is rotated without loss, and so is its authority, and that of the other side', async (context) => {
    await using sites = await IssuedSites.create();
    const { left, stranger } = sites;
    await withoutLoss(sites, context, 'leaf', async () => {
      await left.mustRun(['pki', 'rotate', 'own']);
      await untilProven(sites);
    });
    // What is up stays up with the old one; at the next exchange the other side shows the new one.
    await sites.certifyStranger('site', 'right-2');
    const theirs = await sites.lastIssued('site');
    await withoutLoss(sites, context, "the other side's leaf", async () => {
      await stranger.reload();
      await left.mustRun(['pki', 'rotate', 'own']);
      await untilProven(sites);
    });
    assert.equal(await sites.shownByStranger(), theirs);
    await withoutLoss(sites, context, 'authority', async () => {
      await left.mustRun(['pki', 'rotate', '--ca', 'site']);
      await sites.tellStranger();
      await stranger.reload();
      await left.mustRun(['pki', 'rotate', '--ca', 'site', '--cross-over-days', '0']);
      await left.mustRun(['pki', 'rotate', 'own']);
      await untilProven(sites);
    });
    assert.equal((await stateOf(sites)).proven.authority, 'site-g2');
    await withoutLoss(sites, context, 'declared anew', async () => {
      const text = await readFile(sites.file, 'utf8');
      const wanted =
        "{issued: {authority: site, keyType: ed25519, subject: 'O=Example, CN=left', altNames: [left.example, 198.51.100.1]}}";
      await writeFile(sites.file, text.replace(/\{issued: .*\}\}/, wanted));
      await left.mustRun(['apply', '-f', sites.file]);
      await untilProven(sites);
    });
    const { proven } = await stateOf(sites);
    assert.deepEqual(
      [proven.keyType, proven.subject, proven.altNames],
      ['ed25519', 'O=Example, CN=left', ['DNS:left.example', 'IP:198.51.100.1']],
    );
  });

  test('is given up where the other side refuses it, and the tunnel stays up with the old one', async (context) => {
    await using sites = await IssuedSites.create();
    const { left } = sites;
    const { proven: before } = await stateOf(sites);
    await withoutLoss(sites, context, 'refused', async () => {
      // Nobody has told the other side of the next authority.
      await left.mustRun(['pki', 'rotate', '--ca', 'root', '--cross-over-days', '0']);
      await left.mustRun(['pki', 'rotate', '--ca', 'site', '--cross-over-days', '0']);
      await left.run(['pki', 'rotate', 'own', '--timeout', '5']);
      await until(
        'the new certificate is given up',
        async () => (await stateOf(sites)).candidate?.isInUse === false,
        150_000,
      );
      await left.untilUp('right');
    });
    const { proven, candidate } = await stateOf(sites);
    assert.equal(proven.serial, before.serial);
    await until(
      'the report tells the old certificate',
      async () => (await left.tunnel('right')).certificates?.local?.serial === before.serial,
      30_000,
    );
    const refusal = `its new certificate ${String(candidate?.certificate.serial)} was not taken by`;
    await until(
      'the report tells the refusal',
      async () =>
        (await left.report()).problems.some(
          ({ code, message }) => code === 'agent/certificate-refused' && message.includes(refusal),
        ),
      30_000,
    );
  });

  for (const { moment, isReached } of MOMENTS.slice(-atLength({ whole: 4, short: 1 })))
    test(`is there once, whole and in use, where everything is killed when ${moment}`, async (context) => {
      await using sites = await IssuedSites.create();
      const { left } = sites;
      const { proven: before } = await stateOf(sites);
      await withoutLoss(sites, context, moment, async () => {
        const command = left.host.spawn(process.execPath, [left.program, 'pki', 'rotate', 'own'], {
          env: left.environment,
        });
        await until(moment, () => isReached(sites, before.serial), 30_000);
        await end(command, 'SIGKILL');
        await left.endAgent('SIGKILL');
        await left.startAgent();
        await untilProven(sites);
        await until(
          'the tunnel is up with what is proven',
          async () => {
            const { state, certificates } = await left.tunnel('right');
            const { proven } = await stateOf(sites);
            return state === 'up' && certificates?.local?.serial === proven.serial;
          },
          60_000,
        );
      });
      const { proven } = await stateOf(sites);
      const directories = await readdir(left.host.file('state/issued/default/own'));
      assert.deepEqual(directories.sort(), [proven.serial, 'state.json', 'trusted.pem'].sort());
    });
});

interface State {
  readonly proven: {
    readonly serial: string;
    readonly authority: string;
    readonly keyType: string;
    readonly subject: string;
    readonly altNames: readonly string[];
  };
  readonly candidate?: {
    readonly isInUse: boolean;
    readonly certificate: { readonly serial: string };
  };
}

async function stateOf({ left }: IssuedSites): Promise<State> {
  const text = await readFile(left.host.file('state/issued/default/own/state.json'), 'utf8');
  return JSON.parse(text) as State;
}

async function untilProven(sites: IssuedSites): Promise<void> {
  await until(
    'the new certificate is proven',
    async () => (await stateOf(sites)).candidate === undefined,
    60_000,
  );
}

async function withoutLoss(
  { lab }: IssuedSites,
  context: TestContext,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  const [hosta, hostb] = [lab.host('hosta'), lab.host('hostb')];
  const flows = await Promise.all([
    PacketFlow.start(hosta, hostb, '10.2.0.2', PACKETS_PER_SECOND / 2),
    PacketFlow.start(hostb, hosta, '10.1.0.2', PACKETS_PER_SECOND / 2),
  ]);
  await work();
  const [out, back] = await Promise.all(flows.map((flow) => flow.stop()));
  assert.ok(out && back);
  context.diagnostic(
    `${what}: lost ${String(out.lost)} of ${String(out.sent)} there, ${String(back.lost)} of ${String(back.sent)} back`,
  );
  assertNoneLost(out, back);
}
