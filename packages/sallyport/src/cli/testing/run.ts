/** Runs the program in this process, with captured output and directories of its own. */
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { vi } from 'vitest';
import { serveControl } from '../../agent/control.ts';
import { NOTHING } from '../../agent/testing/fake-system.ts';
import type { Work } from '../../agent/work-request.ts';
import type { HostPlan } from '../../plan/host-plan.ts';
import type { HostReport } from '../../status/host-report.ts';
import { explanation } from '../../status/testing/explanations.ts';
import type { Explanation } from '../../status/why/explanation.ts';
import { runProgram } from '../program.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Standard input. */
  readonly input?: string;
  /** A person at the terminal. */
  readonly askHidden?: (question: string) => Promise<string>;
  /** The same person, who sees what is typed. */
  readonly ask?: (question: string) => Promise<string>;
  readonly signal?: AbortSignal;
  /** Called with everything that is printed, as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** What a kernel says in which there is nothing of ours, and which can do everything. */
const FAKE_PROGRAMS = {
  ip: NOTHING,
  nft: "echo 'Error: No such file or directory' >&2; exit 1",
  unshare: 'exit 0',
};

export class Shell implements AsyncDisposable {
  readonly directory: string;
  /** What the agent explains, whatever it is asked about. */
  explanation: Explanation = explanation;
  /** What its tunnels have become when it is asked what it knows. */
  laterTunnels: HostReport['tunnels'] | undefined;
  /** What it finds with each look, in place of the report with which it was started. */
  look: ((report: HostReport) => HostReport) | undefined;
  /** What planned work makes of its report. */
  work: (work: Work, report: HostReport) => HostReport = (_, report) => report;
  /** So many of its next rounds fail. */
  failingRounds = 0;
  readonly #servers: Server[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Shell> {
    return new Shell(await mkdtemp(join(tmpdir(), 'sallyport-cli-')));
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  /** Writes declarations with the key that `twoSites` names beside them; returns their path. */
  async declare(text: string): Promise<string> {
    await writeFile(this.file('a.psk'), 'a key for this test', { mode: 0o600 });
    await writeFile(this.file('site.yaml'), text);
    return this.file('site.yaml');
  }

  /** From now on, the programs by which the system is asked are ours: nothing of this machine is seen or touched. */
  async fakeSystem(): Promise<void> {
    await mkdir(this.file('bin'));
    for (const [name, script] of Object.entries(FAKE_PROGRAMS)) {
      await writeFile(this.file(`bin/${name}`), `#!/bin/sh\n${script}\n`);
      await chmod(this.file(`bin/${name}`), 0o755);
    }
    vi.stubEnv('PATH', `${this.file('bin')}${delimiter}${process.env['PATH'] ?? ''}`);
  }

  /**
   * An agent that answers with this report; by default it has any plan in effect at once, `old plan`: as far
   * as it knows from before, and never looks again.
   */
  async startAgent(
    report: HostReport,
    has: 'plan' | 'old plan' | 'nothing' | 'no time' = 'plan',
  ): Promise<void> {
    await mkdir(this.file('run'), { recursive: true });
    const seen = (): HostReport => {
      const revision =
        has === 'nothing' || has === 'no time'
          ? undefined
          : revisionIn(this.file('state/plan.json'));
      return revision === undefined
        ? report
        : { ...report, wantedRevision: revision, revisionInEffect: revision };
    };
    this.#servers.push(
      await serveControl(this.file('run/agent.sock'), {
        report: () => {
          this.failingRounds -= 1;
          if (this.failingRounds >= 0) return Promise.reject(new Error('the round failed'));
          if (has === 'old plan') return new Promise(() => undefined);
          return Promise.resolve(this.look?.(seen()) ?? seen());
        },
        last: () => {
          const tunnels = this.laterTunnels;
          if (has === 'no time') return undefined;
          return tunnels === undefined ? seen() : { ...seen(), tunnels };
        },
        why: () => Promise.resolve(this.explanation),
        work: (work) => Promise.resolve().then(() => this.work(work, seen())),
      }),
    );
  }

  async run(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const output = { stdout: '', stderr: '' };
    const print = (name: keyof typeof output) => (text: string) => {
      output[name] += text;
      options.onOutput?.(text);
    };
    const code = await runProgram(words, {
      stdout: print('stdout'),
      stderr: print('stderr'),
      env: {
        SALLYPORT_STATE_DIR: this.file('state'),
        SALLYPORT_RUN_DIR: this.file('run'),
      },
      readInput: () => Promise.resolve(options.input ?? ''),
      ...(options.askHidden === undefined ? {} : { askHidden: options.askHidden }),
      ...(options.ask === undefined ? {} : { ask: options.ask }),
      signal: options.signal ?? new AbortController().signal,
    });
    return { code, ...output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    vi.unstubAllEnvs();
    for (const server of this.#servers) server.close();
    await rm(this.directory, { recursive: true });
  }
}

/** Undefined where there is no plan. */
function revisionIn(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, 'utf8')) as { plan: HostPlan }).plan.revision;
}
