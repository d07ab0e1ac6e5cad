// One gateway in a network namespace of its own, with the agent, and the charon that the agent starts.

import type { ChildProcess } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { end } from '../lab/execute.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/topology.ts';
import { unitEnvironment } from '../lab/unit-environment.ts';
import { until } from '../lab/until.ts';
import { askReport } from '../packages/sallyport/dist/agent/control.js';
import type { HostReport } from '../packages/sallyport/dist/status/host-report.js';
import { HOST, HOST_ADDRESS, writeDeclarations } from './declarations.ts';
import { SALLYPORT } from './sallyport.ts';

const PATIENCE_SECONDS = 300;

export class BenchGateway implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #host: Host;
  readonly #declarations: string;
  #agent: ChildProcess | undefined;

  private constructor(lab: Lab, declarations: string) {
    this.#lab = lab;
    this.#host = lab.host('gw');
    this.#declarations = declarations;
  }

  /** With the declarations of `count` connections in a directory, and nothing running. */
  static async create(count: number): Promise<BenchGateway> {
    const lab = await Lab.create<string>({
      hosts: { gw: { forwarding: true, routes: { '0.0.0.0/0': '192.0.2.254' } }, internet: {} },
      links: [
        {
          ends: [
            { host: 'gw', interface: 'wan', addresses: [`${HOST_ADDRESS}/24`] },
            { host: 'internet', interface: 'gw', addresses: ['192.0.2.254/24'] },
          ],
        },
      ],
    });
    const declarations = lab.host('gw').file('declarations');
    await writeDeclarations(declarations, count);
    await mkdir(lab.host('gw').file('run'));
    return new BenchGateway(lab, declarations);
  }

  /** Returns with the agent's first report. */
  async startAgent(): Promise<HostReport> {
    this.#agent = this.#host.spawn(process.execPath, [SALLYPORT, 'agent'], {
      env: { ...this.env, ...(await unitEnvironment()) },
      outputFile: this.#host.file('agent.log'),
    });
    return until('the agent answers', () => this.report(), PATIENCE_SECONDS * 1_000);
  }

  async killAgent(): Promise<void> {
    if (this.#agent !== undefined) await end(this.#agent, 'SIGKILL');
  }

  /** Returns when everything declared has been read back from daemon and kernel. */
  async apply(): Promise<void> {
    const patience = ['--timeout', String(PATIENCE_SECONDS)];
    await this.#sallyport(['apply', '-f', this.#declarations, '--host', HOST, ...patience]);
  }

  /** A fresh one: the agent looks at everything again. */
  async report(): Promise<HostReport | undefined> {
    return askReport(`${this.env.SALLYPORT_RUN_DIR}/agent.sock`);
  }

  /** Of the agent, in MiB (proc(5)). */
  async memory(): Promise<{ readonly resident: number; readonly peak: number }> {
    const status = await readFile(`/proc/${String(this.#agent?.pid)}/status`, 'utf8');
    const mebibytes = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_024;
    return { resident: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAgent();
    await this.#sallyport(['agent', '--teardown']);
    await this.#lab.close();
  }

  get env(): { readonly SALLYPORT_STATE_DIR: string; readonly SALLYPORT_RUN_DIR: string } {
    return {
      SALLYPORT_STATE_DIR: this.#host.file('state'),
      SALLYPORT_RUN_DIR: this.#host.file('run'),
    };
  }

  async #sallyport(words: readonly string[]): Promise<void> {
    await this.#host.mustExec(process.execPath, [SALLYPORT, ...words], {
      ...{ env: this.env, timeoutMs: (PATIENCE_SECONDS + 30) * 1_000 },
    });
  }
}
