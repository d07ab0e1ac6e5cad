// A remote site that Sallyport does not manage: strongSwan with a hand-written swanctl.conf, as a
// stranger would run it. Each one has its own daemon, socket, log and swanctl directory.
//
// Manuals: strongswan.conf(5), swanctl.conf(5). charon-systemd needs no systemd and writes no pid
// file, so that several run on one machine.

import type { ChildProcess } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Credentials } from './certificates.ts';
import { type ExecuteOptions, end, type Outcome } from './execute.ts';
import type { Host } from './host.ts';
import { until } from './until.ts';

export interface StrangerOptions {
  /** The swanctl.conf; loaded as it is. */
  readonly configFile: string;
  /** `userspace`: ESP over a TUN device, always in UDP 4500; ignores if_id and marks silently. */
  readonly dataPlane: 'kernel' | 'userspace';
  /** Put where swanctl looks for them; the configuration names the certificate's file. */
  readonly credentials?: Credentials;
  readonly authorities?: readonly string[];
  /** Routes for the selectors; false where routes into an XFRM interface decide. True if absent. */
  readonly installRoutes?: boolean;
  /** Further lines of the daemon's section of strongswan.conf(5). */
  readonly settings?: string;
  /** What is started in charon-systemd's place, and starts it. */
  readonly program?: string;
}

export class Stranger {
  readonly host: Host;
  readonly #options: StrangerOptions;
  #daemon: ChildProcess | undefined;

  constructor(host: Host, options: StrangerOptions) {
    this.host = host;
    this.#options = options;
  }

  /** In which charon-systemd and swanctl find what is theirs, and not the machine's own files. */
  get environment(): Readonly<Record<string, string>> {
    return {
      SWANCTL_DIR: this.host.file('swanctl'),
      STRONGSWAN_CONF: this.host.file('strongswan.conf'),
    };
  }

  /** Writes down what the daemon needs, for somebody else to start it. */
  async prepare(): Promise<void> {
    const socket = this.host.file('vici');
    await rm(socket, { force: true });
    await writeFile(this.host.file('strongswan.conf'), this.#daemonSettings(socket));
    await this.#fillSwanctlDirectory();
  }

  /** Starts the daemon and loads the configuration; ready when this returns. Also after kill(). */
  async start(): Promise<void> {
    await this.prepare();
    this.#daemon = this.host.spawn(this.#options.program ?? 'charon-systemd', [], {
      env: this.environment,
      outputFile: this.host.file('charon.out'),
    });
    await until(
      `charon of ${this.host.name} answers`,
      async () => {
        if (this.#daemon?.exitCode !== null) throw new Error(await this.log());
        return (await this.trySwanctl(['--stats'])).status === 0;
      },
      20_000,
    );
    await this.swanctl(['--load-all', '--noprompt']);
  }

  /** Takes the configuration as it is now, as an administrator does who has changed it. */
  async reload(): Promise<void> {
    await this.#fillSwanctlDirectory();
    await this.swanctl(['--load-all', '--noprompt']);
  }

  /** Orderly: tells its peers. */
  async stop(): Promise<void> {
    if (this.#daemon !== undefined) await end(this.#daemon, 'SIGTERM');
  }

  /** As if the power failed, except that states in the kernel stay. */
  async kill(): Promise<void> {
    if (this.#daemon !== undefined) await end(this.#daemon, 'SIGKILL');
  }

  async log(): Promise<string> {
    const parts = await Promise.all(
      ['charon.out', 'charon.log'].map((name) =>
        readFile(this.host.file(name), 'utf8').catch(() => ''),
      ),
    );
    return parts.join('');
  }

  /** Fails if swanctl does, with the end of the daemon's log. */
  async swanctl(args: readonly string[], options: ExecuteOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.trySwanctl(args, options);
    if (status === 0) return stdout;
    const log = (await this.log()).trimEnd().split('\n').slice(-30).join('\n');
    throw new Error(`${this.host.name}: swanctl ${args.join(' ')}: ${stderr}${stdout}\n${log}`);
  }

  async trySwanctl(args: readonly string[], options: ExecuteOptions = {}): Promise<Outcome> {
    const uri = `unix://${this.host.file('vici')}`;
    return this.host.exec('swanctl', [...args, '--uri', uri], {
      ...options,
      env: this.environment,
    });
  }

  async #fillSwanctlDirectory(): Promise<void> {
    const { configFile, credentials, authorities = [] } = this.#options;
    const directory = this.host.file('swanctl');
    const put = async (file: string, folder: string, name = basename(file)): Promise<void> => {
      await mkdir(join(directory, folder), { recursive: true });
      await copyFile(file, join(directory, folder, name));
    };
    await put(configFile, '.', 'swanctl.conf');
    if (credentials !== undefined) {
      await put(credentials.certificate, 'x509');
      await put(credentials.key, 'private');
    }
    for (const authority of authorities) await put(authority, 'x509ca');
  }

  #daemonSettings(socket: string): string {
    const userspace = this.#options.dataPlane === 'userspace';
    // The first plugin that offers an IPsec back end gets it: kernel-libipsec before kernel-netlink,
    // which still does addresses and routes.
    const backEnds = userspace ? 'kernel-libipsec kernel-netlink' : 'kernel-netlink';
    // The daemon's own packets must not follow its route into the TUN device.
    const marks = `
    socket-default {
      fwmark = 0x1f
    }
    kernel-netlink {
      fwmark = !0x1f
    }`;
    return `charon-systemd {
  load = random nonce openssl pem x509 pubkey pkcs1 pkcs8 hmac kdf constraints ${backEnds} socket-default vici updown
  install_routes = ${this.#options.installRoutes === false ? 'no' : 'yes'}${this.#options.settings ?? ''}
  syslog {
  }
  filelog {
    file {
      path = ${this.host.file('charon.log')}
      default = 1
      flush_line = yes
    }
  }
  plugins {
    vici {
      socket = unix://${socket}
    }${userspace ? marks : ''}
  }
}
`;
  }
}
