/**
 * A charon without cryptography, on a real VICI socket: it keeps what is loaded, lists it, and refuses
 * what the real one refuses. SAs are put in by the test.
 */
import type { Message } from '@sallyport/vici';
import { FakeDaemon } from '@sallyport/vici/testing';
import { listSection } from './list-conns.ts';
import { type FakeSa, saSection } from './sas.ts';
import { KEY_ID, LEAF } from './secrets.ts';

export class FakeCharon implements AsyncDisposable {
  readonly connections: Map<string, Message> = new Map();
  readonly shared: Map<string, Message> = new Map();
  readonly keys: Set<string> = new Set();
  readonly certificates: Uint8Array[] = [];
  readonly revocationLists: Uint8Array[] = [];
  /** As where it has a newer one of the same issuer. */
  dropsLists = false;
  readonly sas: FakeSa[] = [];
  /** Connection names whose loading fails. */
  readonly refused: Set<string> = new Set();
  refusesToTerminate = false;
  since = 'Nov 21 05:00:00 2026';
  readonly #daemon: FakeDaemon;

  private constructor(daemon: FakeDaemon) {
    this.#daemon = daemon;
  }

  static async listen(): Promise<FakeCharon> {
    const charon = new FakeCharon(await FakeDaemon.listen());
    charon.#teach();
    return charon;
  }

  get socket(): string {
    return this.#daemon.socket;
  }

  /** Names of the commands that changed something, with what they named, oldest first. */
  get changes(): string[] {
    return this.#daemon.received
      .filter(({ command }) => /^(un)?load|^initiate|^terminate/.test(command))
      .map(({ command, message }) => `${command} ${nameOf(message)}`.trim());
  }

  /** Every command in full, oldest first. */
  get messages(): { readonly command: string; readonly message: unknown }[] {
    return this.#daemon.received.map(({ command, message }) => ({
      command,
      message: message.toJSON(),
    }));
  }

  /** In place of the answer to a command: another one, or an error where it throws. */
  answer(command: string, answer: () => Readonly<Record<string, unknown>>): void {
    this.#daemon.on(command, () => answer() as never);
  }

  forgetChanges(): void {
    this.#daemon.received.length = 0;
  }

  refuseToInitiate(message: string): void {
    this.#daemon.on('initiate', () => {
      throw new Error(message);
    });
  }

  /** As after kill -9 and a new start. */
  restart(since: string): void {
    this.connections.clear();
    this.shared.clear();
    this.keys.clear();
    this.certificates.length = 0;
    this.revocationLists.length = 0;
    this.sas.length = 0;
    this.since = since;
  }

  /** Another one listens at the same address, as far as its clients see. */
  async replace(): Promise<void> {
    await this.#daemon.stop();
    this.restart(this.since);
    await this.#daemon.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }

  #teach(): void {
    this.#daemon
      .on('version', () => ({ daemon: 'charon-systemd', version: '5.9.8' }))
      .on('stats', () => ({ uptime: { running: '1 second', since: this.since } }))
      .onList('list-conns', 'list-conn', (asked) =>
        [...this.connections]
          .filter(([name]) => isAsked(name, asked))
          .map(([name, message]) => ({ [name]: listSection(message.section(name)) })),
      )
      .on('get-shared', () => ({ keys: [...this.shared.keys()] }))
      .on('get-keys', () => ({ keys: [...this.keys] }))
      .onList('list-sas', 'list-sa', (asked) =>
        this.sas
          .filter(({ name }) => isAsked(name, asked))
          .map((sa) => ({ [sa.name]: saSection(sa) as never })),
      )
      .on('load-conn', (message) => {
        const [name = ''] = message.keys();
        if (this.refused.has(name))
          throw new Error('invalid value for: proposals, config discarded');
        this.connections.set(name, message);
        return { success: 'yes' };
      })
      .on('unload-conn', (message) => {
        if (!this.connections.delete(message.text('name') ?? '')) throw new Error('not found');
        return { success: 'yes' };
      })
      .on('load-shared', (message) => {
        this.shared.set(message.text('id') ?? '', message);
        return { success: 'yes' };
      })
      .on('unload-shared', (message) => {
        this.shared.delete(message.text('id') ?? '');
        return { success: 'yes' };
      })
      .on('load-cert', (message) => {
        const data = message.bytes('data') ?? new Uint8Array();
        if (message.text('type') !== 'X509_CRL') this.certificates.push(data);
        else if (!this.dropsLists) this.revocationLists.push(data);
        return { success: 'yes' };
      })
      .on('flush-certs', () => ({ success: 'yes' }))
      .onList('list-certs', 'list-cert', (asked) => {
        const type = asked.text('type') ?? 'X509';
        const listed = type === 'X509_CRL' ? this.revocationLists : this.certificates;
        return listed.map((data) => ({
          ...{ type, flag: 'NONE', data },
          ...(this.keys.size > 0 && Buffer.from(data).toString() === LEAF
            ? { has_privkey: 'yes' }
            : {}),
        }));
      })
      .on('load-key', () => {
        this.keys.add(KEY_ID);
        return { success: 'yes', id: KEY_ID };
      })
      .on('unload-key', (message) => {
        this.keys.delete(message.text('id') ?? '');
        return { success: 'yes' };
      })
      .on('initiate', () => ({ success: 'yes' }))
      .on('terminate', (message) => this.#terminate(message));
  }

  #terminate(message: Message): { success: string; matches: string; terminated: string } {
    if (this.refusesToTerminate) throw new Error('no thread to terminate with');
    const [ikeId, childId] = [message.text('ike-id'), message.text('child-id')];
    const index = this.sas.findIndex(
      ({ uniqueId, children = [] }) =>
        uniqueId === ikeId || children.some((child) => child.uniqueId === childId),
    );
    const sa = this.sas[index];
    if (sa !== undefined) {
      const children = sa.children?.filter(({ uniqueId }) => uniqueId !== childId) ?? [];
      this.sas.splice(index, 1, ...(sa.uniqueId === ikeId ? [] : [{ ...sa, children }]));
    }
    const count = sa === undefined ? '0' : '1';
    return { success: count === '1' ? 'yes' : 'no', matches: count, terminated: count };
  }
}

function isAsked(name: string, asked: Message): boolean {
  const only = asked.text('ike');
  return only === undefined || only === name;
}

function nameOf(message: Message): string {
  for (const key of ['id', 'name', 'ike-id', 'child-id', 'ike']) {
    const text = message.text(key);
    if (text !== undefined) return text;
  }
  const [first = ''] = message.keys();
  return first === 'type' || first === 'flag' || first === 'data' ? '' : first;
}
