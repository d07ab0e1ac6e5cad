/**
 * strongSwan driver: connections and credentials of one charon, over VICI alone.
 *
 * How it is driven: everything is loaded with start_action none (or trap), so that the daemon begins
 * and ends no SA by itself; `keeper.ts` decides what to initiate and what to retire.
 * What we own: connections, shared secrets and IKE SAs whose names begin with `sp.`, and the keys our
 * memory lists. Nothing else in the daemon is read for a decision, or touched.
 * Order: credentials before the connections that need them, removals last.
 * Failure: a step that fails is reported and the rest goes on; what was not loaded is not remembered.
 * Limits: VICI has no command that unloads one certificate; certificates stay until the daemon ends,
 * without a key and outside every connection, and revocation lists until a newer one comes.
 * Supported standards and manuals: RFC 7296, RFC 4303, RFC 3948, RFC 7383, RFC 9370 (strongSwan 6);
 * swanctl.conf(5), the vici plugin's protocol description.
 */
import { createHash } from 'node:crypto';
import {
  buildMessage,
  collect,
  type IkeSa,
  type LoadedConnection,
  type Message,
  type ViciClient,
  ViciCommandError,
} from '@sallyport/vici';
import { messageOf } from '../../lib/message-of.ts';
import type { Problem } from '../../lib/problem.ts';
import { OWNER, type TunnelPlan } from '../../plan/host-plan.ts';
import type { SecretUse } from '../../plan/secret-reference.ts';
import { parseCertificateFacts } from '../../platform/certificate-facts.ts';
import type { SecretMaterial } from '../../platform/secret-material.ts';
import type { ApplyReport, Driver, FailedChange } from '../driver.ts';
import type { SecretReader } from '../secret-reader.ts';
import { diffStrongswan } from './diff.ts';
import { isSameDaemon, type MemoryFile } from './memory-file.ts';
import { renderConnection, sharedIdOf, sharedOwnersOf, type TunnelCertificates } from './render.ts';
import { listRevocations, loadLists } from './revocation-lists.ts';
import { isSameOrigins, noteOrigins, type Told } from './sas/origins.ts';
import {
  type HeldCertificate,
  isNamed,
  keyOf,
  type LoadedMemory,
  type Names,
  NOTHING_LOADED,
  type ObservedStrongswan,
  type StrongswanChange,
  type StrongswanDesired,
  type StrongswanLook,
  type StrongswanStep,
} from './state.ts';

const EVERYTHING: StrongswanLook = { loaded: 'all', sas: 'all' };

export interface StrongswanDriverOptions {
  readonly client: ViciClient;
  readonly secrets: SecretReader;
  readonly memory: MemoryFile;
}

/** The daemon goes through all it has for each name that it is asked for. */
const LISTED_ONE_BY_ONE = 16;

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends Readonly<Record<string, string>>
    ? Record<string, string>
    : T[K];
};

export class StrongswanDriver
  implements Driver<StrongswanDesired, ObservedStrongswan, StrongswanChange>
{
  readonly name = 'strongswan';
  readonly #client: ViciClient;
  readonly #secrets: SecretReader;
  readonly #memory: MemoryFile;

  constructor({ client, secrets, memory }: StrongswanDriverOptions) {
    this.#client = client;
    this.#secrets = secrets;
    this.#memory = memory;
  }

  check(desired: StrongswanDesired): Problem[] {
    return desired.tunnels
      .filter((tunnel) => tunnel.dataPlane === 'userspace' && tunnel.start === 'trap')
      .map((tunnel) => ({
        code: 'strongswan/trap-in-userspace',
        severity: 'error',
        message: `tunnel ${tunnel.name}: libipsec cannot start a tunnel by its first packet`,
        hint: 'use start: initiate',
      }));
  }

  /**
   * `before`: what `look` leaves out is as it was found then, and nothing without it. All of it is looked at
   * where the daemon is another one.
   */
  async observe(
    signal: AbortSignal,
    look: StrongswanLook = EVERYTHING,
    before?: ObservedStrongswan,
  ): Promise<ObservedStrongswan> {
    const { uptime } = await this.#client.stats({ signal });
    const daemonSince = steadyStart(uptime.since);
    // The start that it tells wavers: only its closed socket shows a restart within two seconds.
    const life = this.#client.generation;
    const isOther =
      before !== undefined &&
      !(before.life === life && isSameDaemon(before.daemonSince, daemonSince));
    const known = {
      ...(isOther || before === undefined ? NOTHING_LOADED : before),
      ...{ life, daemonSince },
    };
    const { loaded, sas } = isOther ? EVERYTHING : look;
    const [found, listed] = await Promise.all([
      loaded === undefined ? known : this.#observeLoaded(known, loaded, signal),
      this.#listEach(sas, (ike) => this.#client.listSas({ ...ike, signal })),
    ]);
    return {
      ...found,
      sas: [...known.sas.filter(({ name }) => !isNamed(name, sas)), ...listed.map(leanSa)],
    };
  }

  async #observeLoaded(
    before: ObservedStrongswan,
    names: Names,
    signal: AbortSignal,
  ): Promise<ObservedStrongswan> {
    const options = { signal };
    const [{ version }, connections, shared, keyIds, certificates, revocationLists] =
      await Promise.all([
        this.#client.version(options),
        this.#listEach(names, (ike) => this.#client.listConns({ ...ike, signal })),
        this.#client.getShared(options),
        this.#client.getKeys(options),
        this.#listCertificates(before.certificates, signal),
        listRevocations(this.#client, before.revocationLists, signal),
      ]);
    const memory = await this.#memory.read(before.daemonSince);
    return {
      ...before,
      version,
      connections: new Map([
        ...[...before.connections].filter(([name]) => !isNamed(name, names)),
        ...connections.map((loaded) => [loaded.name, leanConnection(loaded)] as const),
      ]),
      shared: new Set(shared.filter(isOurs)),
      keys: new Map(Object.entries(memory.keys).filter(([, id]) => keyIds.includes(id))),
      certificates,
      revocationLists,
      origins: {
        ike: new Map(Object.entries(memory.ikeSas)),
        children: new Map(Object.entries(memory.childSas)),
      },
    };
  }

  /** Of everybody; what was held before is not read again, and is the same object where nothing has changed. */
  async #listCertificates(
    before: ReadonlyMap<string, HeldCertificate>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, HeldCertificate>> {
    const held = new Map<string, HeldCertificate>();
    for await (const { data, hasPrivateKey } of this.#client.listCerts({ type: 'X509', signal })) {
      const fingerprint = createHash('sha256').update(data).digest('hex');
      const known = before.get(fingerprint);
      const facts = known?.facts ?? parseCertificateFacts(data);
      const isKnown = known?.hasPrivateKey === hasPrivateKey;
      held.set(
        fingerprint,
        isKnown
          ? known
          : { ...{ fingerprint, hasPrivateKey }, ...(facts === undefined ? {} : { facts }) },
      );
    }
    const isSame =
      held.size === before.size && [...held].every(([key, one]) => before.get(key) === one);
    return isSame ? before : held;
  }

  /** Only what is ours. */
  async #listEach<T extends { readonly name: string }>(
    names: Names,
    list: (filter: { readonly ike?: string }) => AsyncIterable<T>,
  ): Promise<T[]> {
    const isFew = names !== 'all' && names.size <= LISTED_ONE_BY_ONE;
    const filters = isFew ? [...names].map((ike) => ({ ike })) : [{}];
    const lists = await Promise.all(filters.map((filter) => collect(list(filter))));
    return lists.flat().filter(({ name }) => isOurs(name) && isNamed(name, names));
  }

  diff(observed: ObservedStrongswan, desired: StrongswanDesired): StrongswanChange[] {
    return diffStrongswan(observed, desired);
  }

  async apply(
    changes: readonly StrongswanChange[],
    signal: AbortSignal,
  ): Promise<ApplyReport<StrongswanChange>> {
    if (changes.length === 0) return { done: [], failed: [] };
    const done: StrongswanChange[] = [];
    const failed: FailedChange<StrongswanChange>[] = [];
    const { uptime } = await this.#client.stats({ signal });
    // A copy of sections that only this method writes to.
    const memory = structuredClone(
      await this.#memory.read(steadyStart(uptime.since)),
    ) as Mutable<LoadedMemory>;
    for (const change of changes) {
      try {
        await this.#applyStep(change.step, memory, signal);
        done.push(change);
      } catch (error) {
        failed.push({ change, error: messageOf(error) });
      }
    }
    await this.#memory.write(memory);
    return { done, failed };
  }

  /**
   * Notes with which configuration each SA was made; see `origins.ts`. `changing`: names of connections
   * that are not loaded as planned.
   */
  async rememberSas(
    observed: ObservedStrongswan,
    tunnels: readonly TunnelPlan[],
    changing: ReadonlySet<string>,
    told?: Told,
  ): Promise<ObservedStrongswan> {
    const origins = noteOrigins(observed.sas, observed.origins, tunnels, changing, told);
    if (!isSameOrigins(origins, observed.origins)) {
      const memory = await this.#memory.read(observed.daemonSince);
      await this.#memory.write({
        ...memory,
        ikeSas: Object.fromEntries(origins.ike),
        childSas: Object.fromEntries(origins.children),
      });
    }
    return { ...observed, origins };
  }

  async cleanUp(signal: AbortSignal): Promise<void> {
    const observed = await this.observe(signal);
    const { failed } = await this.apply(this.diff(observed, { tunnels: [] }), signal);
    // SAs outlive the connection they were made with.
    for (const sa of observed.sas) await this.#terminate(sa.uniqueId, signal);
    const [first] = failed;
    if (first !== undefined)
      throw new Error(`${failed.length} removals failed, first: ${first.error}`);
  }

  async #applyStep(
    step: StrongswanStep,
    memory: Mutable<LoadedMemory>,
    signal: AbortSignal,
  ): Promise<void> {
    const options = { signal };
    switch (step.type) {
      case 'shared-load': {
        const material = await this.#read(step.tunnel.auth.secret, 'psk');
        await this.#client.loadShared(
          {
            ...{ id: sharedIdOf(step.tunnel), type: 'IKE', owners: sharedOwnersOf(step.tunnel) },
            data: material.psk.reveal(),
          },
          options,
        );
        return;
      }
      case 'shared-unload':
        await this.#client.unloadShared(step.id, options);
        return;
      case 'certificate-load': {
        const material = await this.#read(step.use, 'certificate');
        // With the root: charon sends intermediates only where it knows their way up to one that the peer asks for.
        const chain = [...material.certificates, ...material.authorities];
        for (const data of chain) await this.#client.loadCert({ type: 'X509', data }, options);
        await this.#mustHave(chain, signal);
        const { id } = await this.#client.loadKey(
          { type: 'any', data: material.key.reveal() },
          options,
        );
        if (id !== material.keyId) throw new Error(`the daemon took key ${id} for it`);
        memory.keys[keyOf(step.use)] = id;
        // At once: a key that nobody remembers would stay in the daemon.
        await this.#memory.write(memory);
        return;
      }
      case 'list-load':
        await loadLists(this.#client, await this.#read(step.use, 'authority'), step, signal);
        return;
      case 'key-unload': {
        const others = Object.entries(memory.keys).filter(([key]) => key !== step.key);
        // Two Secrets may hold the same key.
        if (!others.some(([, id]) => id === step.id)) {
          await this.#client.unloadKey(step.id, options);
        }
        // Only by this memory is a key known as ours: it goes last.
        Reflect.deleteProperty(memory.keys, step.key);
        return;
      }
      case 'connection-load':
        await this.#client.loadConn(
          step.tunnel.name,
          renderConnection(step.tunnel, await this.#certificatesOf(step.tunnel)),
          options,
        );
        return;
      case 'connection-unload':
        await this.#client.unloadConn(step.name, options);
        for (const id of step.ikeIds) await this.#terminate(id, signal);
        return;
      case 'ike-terminate':
        for (const id of step.ikeIds) await this.#terminate(id, signal);
        return;
    }
  }

  /** Throws where the daemon does not list them. */
  async #mustHave(certificates: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const listed = await collect(this.#client.listCerts({ type: 'X509', signal }));
    for (const certificate of certificates) {
      if (!listed.some(({ data }) => Buffer.compare(data, certificate) === 0))
        throw new Error('the daemon took a certificate and does not list it');
    }
  }

  async #certificatesOf({ auth }: TunnelPlan): Promise<TunnelCertificates | undefined> {
    if (auth.method !== 'certificate') return undefined;
    const own = await this.#read(auth.secret, 'certificate');
    const peer = await this.#secrets.read(auth.peerAuthority);
    const [leaf] = own.certificates;
    if (leaf === undefined) {
      throw new Error(`Secret ${auth.secret.namespace}/${auth.secret.name}: holds no certificate`);
    }
    if (peer.form === 'psk') {
      const { namespace, name } = auth.peerAuthority;
      throw new Error(
        `Secret ${namespace}/${name}: holds psk, a certificate of an authority is needed`,
      );
    }
    return { leaf, peerAuthorities: peer.authorities };
  }

  async #read<F extends SecretMaterial['form']>(
    use: SecretUse,
    form: F,
  ): Promise<Extract<SecretMaterial, { form: F }>> {
    const material = await this.#secrets.read(use);
    if (!hasForm(material, form)) {
      throw new Error(
        `Secret ${use.namespace}/${use.name}: holds ${material.form}, ${form} is needed`,
      );
    }
    return material;
  }

  /** Tells the peer and forgets the SA at once: a peer that does not answer must not hold it up. */
  async #terminate(ikeId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.terminate({ ikeId, force: true, timeoutMs: -1, signal });
    } catch (error) {
      // Gone in the meantime, which is what was wanted.
      if (!(error instanceof ViciCommandError) || error.terminated !== 0) throw error;
    }
  }
}

/**
 * When the daemon began, on the clock that starts at boot. charon tells it by the wall clock of this very
 * moment: after that was set, it names another time for the same start.
 */
function steadyStart(since: string): string {
  const began = Date.parse(since);
  if (Number.isNaN(began)) return since;
  const sinceBoot = Number(process.hrtime.bigint() / 1_000_000n);
  return new Date(began - Date.now() + sinceBoot).toISOString();
}

const NO_MESSAGE = buildMessage({});

/** Without the message that it was read from, which is larger: what was found is kept for the next look. */
function lean<T extends { readonly raw: Message }>(found: T): T {
  return { ...found, raw: NO_MESSAGE };
}

function leanSa(sa: IkeSa): IkeSa {
  return { ...lean(sa), children: sa.children.map(lean) };
}

function leanConnection(loaded: LoadedConnection): LoadedConnection {
  const { local, remote, children } = loaded;
  return {
    ...lean(loaded),
    local: local.map(lean),
    remote: remote.map(lean),
    children: children.map(lean),
  };
}

function isOurs(name: string): boolean {
  return name.startsWith(OWNER.ikePrefix);
}

function hasForm<F extends SecretMaterial['form']>(
  material: SecretMaterial,
  form: F,
): material is Extract<SecretMaterial, { form: F }> {
  return material.form === form;
}
