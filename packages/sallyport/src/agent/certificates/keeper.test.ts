import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { declaredOn } from '../../issuing/declared.ts';
import { prepareIssued } from '../../issuing/prepare.ts';
import { certificatePartner, twoSites, vary } from '../../model/testing.ts';
import { fromPem } from '../../pki/pem.ts';
import { X509Certificate } from '../../pki/x509.ts';
import type { TunnelReport } from '../../status/host-report.ts';
import { certificates, report, up } from '../../status/testing/reports.ts';
import { AuthorityStore } from '../../store/authority-store.ts';
import { withStore } from '../../store/change-objects.ts';
import { type IssuedState, IssuedStore, inUse } from '../../store/issued-store.ts';
import { ObjectStore, toParsed } from '../../store/object-store.ts';
import { readPlanFile } from '../../store/plan-file.ts';
import { storedFrom } from '../../store/testing/stored.ts';
import { FakeSystem } from '../testing/fake-system.ts';
import { rememberingLog } from '../testing/quiet-log.ts';
import { CertificateKeeper } from './keeper.ts';
import type { AgentView } from './proof-watch.ts';
import { replan } from './replan.ts';

const B = 'sp.default.partner-b.main';
const OWN = { namespace: 'default', name: 'own' };
const DAY = 86_400_000;

const SITE =
  twoSites +
  vary(
    certificatePartner,
    [
      '{pem: {certificate: gw.pem, key: gw.key}}',
      '{issued: {authority: site, altNames: [gw.example]}}',
    ],
    [', peerAuthority: peer-ca', ''],
  ).replace(/---\n[^-]*name: peer-ca[^]*$/, '') +
  `---
apiVersion: sallyport.dev/v1alpha1
kind: CertificateAuthority
metadata: {name: site}
spec:
  host: gw1
  subject: O=Example, CN=Site
  passphraseFile: pass
  keyType: ecdsa-p256
  days: 1000
  revocationList: {urls: ['http://pki.example/site.crl']}
`;

let system: FakeSystem;
let clock: number;
let view: AgentView = { plan: undefined, report: undefined };
let keeper: CertificateKeeper;
let running: Promise<void>;
let ended = new AbortController();

beforeEach(async () => {
  system = await FakeSystem.start();
  vi.useFakeTimers({ toFake: ['Date'] });
  clock = 0;
  for (const name of ['pass', 'a.psk'])
    await writeFile(join(system.directory, name), 'correct horse battery', { mode: 0o600 });
  await declare(SITE);
  await apply();
  start();
});
afterEach(async () => {
  await stop();
  vi.useRealTimers();
  await system[Symbol.asyncDispose]();
});

async function declare(text: string): Promise<void> {
  const objects = storedFrom(text, join(system.directory, 'site.yaml'));
  await (await new ObjectStore(system.paths.objects).stage(objects)).commit();
}

/** As the command does it. */
async function apply(): Promise<void> {
  const problems = await withStore(system.directories, async (store) => {
    const declared = declaredOn('gw1', (await store.read()).map(toParsed));
    const issuing = { authorities: authorities(), issued: issued(), now: new Date() };
    const faults = await prepareIssued(declared, [], issuing);
    const planned = await replan(store, 'gw1', system.directories, AbortSignal.timeout(60_000));
    return [...faults, ...planned.problems];
  });
  expect(problems).toEqual([]);
}

function start(): void {
  ended = new AbortController();
  keeper = new CertificateKeeper({
    ...{ directories: system.directories, view: () => view, replan },
    ...{ clock: () => clock, log: rememberingLog().log },
  });
  running = keeper.run(ended.signal);
}

async function stop(): Promise<void> {
  ended.abort();
  await running;
}

/** The agent has followed the stored plan, and the other side takes these certificates only. */
async function follow(takes: (fingerprint: string) => boolean = () => true): Promise<void> {
  const plan = await readPlanFile(system.paths.plan);
  const old = view.report?.tunnels[0]?.certificates;
  const tunnels = (plan?.tunnels ?? []).map(({ name, auth }): TunnelReport => {
    const leaf = auth.method === 'certificate' ? auth.leaf : undefined;
    const isTaken = leaf !== undefined && takes(leaf.fingerprint);
    const held = isTaken ? { ...certificates, local: leaf } : old;
    return { ...up, name, ...(held === undefined ? {} : { certificates: held }) };
  });
  const wanted = plan === undefined ? {} : { wantedRevision: plan.revision };
  view = { plan, report: { ...report, ...wanted, tunnels } };
}

/** The keeper has looked, and this holds. */
async function eventually<T>(read: () => Promise<T> | T, holds: (value: T) => boolean): Promise<T> {
  for (const end = performance.now() + 50_000; performance.now() < end; ) {
    clock += LOOK_MILLISECONDS;
    keeper.wake();
    const value = await read();
    if (holds(value)) return value;
    await delay(25);
  }
  throw new Error(`never: ${holds.toString()}; ${JSON.stringify(await read())}`);
}

const LOOK_MILLISECONDS = 500;
const authorities = (): AuthorityStore => new AuthorityStore(system.paths.authorities);
const issued = (): IssuedStore => new IssuedStore(system.paths.issued);

async function state(): Promise<IssuedState> {
  const found = await issued().read(OWN);
  if (found === undefined) throw new Error('nothing is issued');
  return found;
}

async function plannedLeaf(): Promise<string | undefined> {
  const plan = await readPlanFile(system.paths.plan);
  const auth = plan?.tunnels.find(({ name }) => name === B)?.auth;
  return auth?.method === 'certificate' ? auth.leaf?.serial : undefined;
}

const trusted = async (): Promise<string[]> => {
  const pem = await readFile(join(system.paths.issued, 'default/own/trusted.pem'), 'utf8');
  return fromPem('CERTIFICATE', pem).map((der) => new X509Certificate(der).subject);
};

const pass = (days: number): void => {
  vi.setSystemTime(Date.now() + days * DAY);
};

describe('the keeper of certificates', () => {
  it('leaves alone what is not due', async () => {
    await follow();
    const { proven, candidate } = await state();
    keeper.wake();
    await delay(300);
    expect(await state()).toEqual({ format: 'sallyport.dev/issued/v1alpha1', proven });
    expect([candidate, keeper.problems]).toEqual([undefined, []]);
  });

  it('makes a new one when it is time, keeps the old one until that is proven, and removes it then', async () => {
    await follow();
    const { proven: old } = await state();
    pass(262);
    const { candidate } = await eventually(state, (found) => found.candidate !== undefined);
    expect(candidate).toMatchObject({
      isInUse: true,
      failures: 0,
      wereUp: expect.arrayContaining([B]) as string[],
    });
    const serial = candidate?.certificate.serial;
    await eventually(plannedLeaf, (leaf) => leaf === serial);
    expect(await directories()).toEqual([old.serial, serial].sort());
    await follow();
    expect((await eventually(state, (found) => found.candidate === undefined)).proven).toEqual(
      candidate?.certificate,
    );
    // What counts is written first.
    await eventually(directories, (found) => found.length === 1 && found[0] === serial);
  });

  it('goes back to the old one where the other side does not take the new one, and tries again later', async () => {
    await follow();
    const { proven: old } = await state();
    pass(262);
    const { candidate } = await eventually(state, (found) => found.candidate !== undefined);
    const serial = candidate?.certificate.serial;
    await eventually(plannedLeaf, (leaf) => leaf === serial);
    await follow((fingerprint) => fingerprint === old.fingerprint);
    const given = await eventually(state, (found) => found.candidate?.isInUse === false);
    expect(given).toMatchObject({
      proven: old,
      candidate: { failures: 1, certificate: { serial }, reason: 'tunnel default/partner-b main' },
    });
    await eventually(plannedLeaf, (leaf) => leaf === old.serial);
    expect(
      await eventually(
        () => keeper.problems,
        (found) => found.length > 0,
      ),
    ).toMatchObject([
      {
        code: 'agent/certificate-refused',
        severity: 'warning',
        object: { kind: 'Secret', namespace: 'default', name: 'own' },
        message: `its new certificate ${String(serial)} was not taken by tunnel default/partner-b main; the one before is in use again, and valid until ${old.notAfter}`,
      },
    ]);
    pass(1 / 24);
    await eventually(state, (found) => found.candidate?.isInUse === true);
    await eventually(plannedLeaf, (leaf) => leaf === serial);
    await follow();
    await eventually(state, (found) => found.candidate === undefined);
    expect(
      await eventually(
        () => keeper.problems,
        (found) => found.length === 0,
      ),
    ).toEqual([]);
  });

  it('goes on where it was killed before it had planned, or named, what it has made', async () => {
    await follow();
    await stop();
    const before = await state();
    await issued().add(OWN, 'aa', { certificate: '', key: '' });
    pass(262);
    start();
    await eventually(state, (found) => found.candidate !== undefined);
    await stop();
    // The plan of before is in force again, as if it had never been made.
    const stored = await state();
    await issued().write(OWN, before);
    await withStore(system.directories, (store) =>
      replan(store, 'gw1', system.directories, AbortSignal.timeout(60_000)),
    );
    await follow();
    await issued().add(OWN, inUse(stored).serial, { certificate: '', key: '' });
    start();
    await eventually(state, (found) => found.candidate !== undefined);
    const { candidate } = await state();
    await eventually(plannedLeaf, (leaf) => leaf === candidate?.certificate.serial);
    expect(await directories()).toEqual(
      [before.proven.serial, candidate?.certificate.serial].sort(),
    );
  });

  it('makes the next authority in its time, trusts both, and certifies by the next one later', async () => {
    await follow();
    expect(await trusted()).toEqual(['O=Example, CN=Site']);
    pass(720);
    const both = ['O=Example, CN=Site', 'O=Example, CN=Site G2'];
    expect(await eventually(trusted, (found) => found.length === 2)).toEqual(both);
    const { successor } = (await authorities().read('site')).record;
    expect(successor).toEqual({ name: 'site-g2', takesOverAt: expect.any(String) as string });
    const next = (await state()).candidate?.certificate.serial;
    await eventually(plannedLeaf, (leaf) => leaf === next);
    await follow();
    await eventually(state, (found) => found.candidate === undefined);
    pass(262);
    const { candidate } = await eventually(
      state,
      (found) => found.candidate?.certificate.authority === 'site-g2',
    );
    expect(candidate?.isInUse).toBe(true);
  });

  it('renews revocation lists at half of their time', async () => {
    await follow();
    const number = async (): Promise<number> => (await authorities().read('site')).record.crlNumber;
    // It is numbered first, and made after it: its time runs from there.
    await eventually(
      () => authorities().readCrl('site'),
      (list) => list !== undefined,
    );
    expect(await number()).toBe(1);
    pass(15.1);
    await eventually(number, (found) => found === 2);
    expect(await number()).toBe(2);
  });

  it('says what it cannot make, and keeps what there is', async () => {
    await follow();
    const { proven } = await state();
    await writeFile(join(system.directory, 'pass'), 'another passphrase');
    pass(262);
    const [problem] = await eventually(
      () => keeper.problems,
      (found) => found.length > 0,
    );
    expect(problem).toMatchObject({ code: 'pki/not-issued', severity: 'warning' });
    expect(problem?.message).toMatch(/^it cannot be issued: authority site: .*passphrase/);
    expect(await state()).toMatchObject({ proven });
  });

  it('tries what it cannot make with each look at what is due, and no more often', async () => {
    await follow();
    await writeFile(join(system.directory, 'pass'), 'another passphrase');
    pass(262);
    await eventually(
      () => keeper.problems,
      (found) => found.length > 0,
    );
    const opened = vi.spyOn(AuthorityStore.prototype, 'open');
    for (let round = 0; round < 5; round += 1) {
      keeper.wake();
      await delay(50);
    }
    expect(opened).not.toHaveBeenCalled();
    clock += 60_000;
    await eventually(
      () => opened.mock.calls.length,
      (tries) => tries > 0,
    );
  });

  it('removes the keys of Secrets that are declared no more', async () => {
    await follow();
    await declare(twoSites);
    await eventually(
      async () => readdir(system.paths.issued, { recursive: true }),
      (found) => !found.includes('default/own'),
    );
  });
});

async function directories(): Promise<string[]> {
  const entries = await readdir(join(system.paths.issued, 'default/own'), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}
