// A network out of a few declared lines: hosts are network namespaces, links are veth pairs.
// To be made inside isolate() or in a guest, never in the machine's own namespaces.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execute, mustExecute } from './execute.ts';
import { Host } from './host.ts';
import { processesOf, signal } from './processes.ts';

export interface HostDeclaration {
  /** Passes packets on; false if absent. */
  readonly forwarding?: boolean;
  /** Joins interfaces of links, which have no addresses then, to one network. */
  readonly bridges?: Readonly<Record<string, BridgeDeclaration>>;
  /** Prefix to next hop, both families; `0.0.0.0/0` and `::/0` for the default routes. */
  readonly routes?: Readonly<Record<string, string>>;
  /** Written before the links are made: dotted name to value. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
}

export interface BridgeDeclaration {
  readonly ports: readonly string[];
  readonly addresses: readonly string[];
}

export interface EndDeclaration {
  readonly host: string;
  readonly interface: string;
  /** With prefix lengths, both families. */
  readonly addresses: readonly string[];
}

export interface LinkDeclaration {
  /** For lab.link(); the two interfaces otherwise, `gw:wan-internet:a`. */
  readonly name?: string;
  readonly ends: readonly [EndDeclaration, EndDeclaration];
  /** 1500 if absent. */
  readonly mtuBytes?: number;
}

export interface TopologyDeclaration<HostName extends string> {
  readonly hosts: Readonly<Record<HostName, HostDeclaration>>;
  readonly links: readonly LinkDeclaration[];
}

/** While a link is cut both its ends stay up: packets get lost, as somewhere on a real path. */
export interface Link {
  cut(): Promise<void>;
  restore(): Promise<void>;
}

export class Lab<HostName extends string = string> {
  readonly directory: string;
  readonly #hosts: ReadonlyMap<string, Host>;
  readonly #links: ReadonlyMap<string, Link>;

  private constructor(
    directory: string,
    hosts: ReadonlyMap<string, Host>,
    links: ReadonlyMap<string, Link>,
  ) {
    this.directory = directory;
    this.#hosts = hosts;
    this.#links = links;
  }

  static async create<HostName extends string>(
    topology: TopologyDeclaration<HostName>,
  ): Promise<Lab<HostName>> {
    // Short: a path of a Unix socket has room for 107 bytes.
    const directory = await mkdtemp('/run/lab-');
    const tag = directory.slice('/run/lab-'.length);
    const declarations = Object.entries<HostDeclaration>(topology.hosts);
    const namespaceOf = (name: string): string => `${tag}-${name}`;
    await mustExecute('ip', ['-batch', '-'], {
      input: declarations.map(([name]) => `netns add ${namespaceOf(name)}\n`).join(''),
    });
    const hosts = new Map<string, Host>();
    for (const [name, declaration] of declarations) {
      const host = new Host(name, namespaceOf(name), join(directory, name));
      hosts.set(name, host);
      await mkdir(host.directory);
      await host.mustExec('sysctl', ['-q', '-w', ...sysctls(declaration)]);
    }
    await mustExecute('ip', ['-batch', '-'], {
      input: topology.links.map((link) => `${vethLine(link, namespaceOf)}\n`).join(''),
    });
    for (const [name, host] of hosts) await host.ip(addressLines(name, topology));
    const links = topology.links.map((link) => [linkName(link), linkOf(link, hosts)] as const);
    return new Lab(directory, hosts, new Map(links));
  }

  host(name: HostName): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name} in this topology`);
    return host;
  }

  link(name: string): Link {
    const link = this.#links.get(name);
    if (link !== undefined) return link;
    throw new Error(`no link ${name} in this topology: ${[...this.#links.keys()].join(', ')}`);
  }

  /** Ends every program that was started in the lab, then removes its hosts. */
  async close(): Promise<void> {
    const hosts = [...this.#hosts.values()];
    await Promise.all(hosts.map((host) => host.close()));
    // What those have started: daemons of an agent, of a script.
    for (const { pid } of await processesOf(...hosts)) signal(pid, 'SIGKILL');
    // Most have no disk of their own.
    await execute('umount', ['--quiet', ...hosts.map(({ directory }) => directory)]);
    const tag = this.directory.slice('/run/lab-'.length);
    await mustExecute('ip', ['-batch', '-'], {
      input: hosts.map(({ name }) => `netns delete ${tag}-${name}\n`).join(''),
    });
    await rm(this.directory, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function sysctls(declaration: HostDeclaration): readonly string[] {
  const forwarding = declaration.forwarding === true ? 1 : 0;
  const settings: Readonly<Record<string, string | number>> = {
    'net.ipv4.ip_forward': forwarding,
    'net.ipv6.conf.all.forwarding': forwarding,
    // Else a fresh link-local address takes up to a second, and the first packets wait for it.
    'net.ipv6.conf.all.accept_dad': 0,
    'net.ipv6.conf.default.accept_dad': 0,
    ...declaration.sysctls,
  };
  return Object.entries(settings).map(([name, value]) => `${name}=${String(value)}`);
}

function vethLine(
  { ends: [a, b] }: LinkDeclaration,
  namespaceOf: (host: string) => string,
): string {
  const near = `link add name ${a.interface} netns ${namespaceOf(a.host)} type veth`;
  return `${near} peer name ${b.interface} netns ${namespaceOf(b.host)}`;
}

function addressLines(name: string, topology: TopologyDeclaration<string>): readonly string[] {
  const lines = ['link set dev lo up'];
  for (const link of topology.links) {
    for (const { interface: device, addresses } of link.ends.filter(({ host }) => host === name)) {
      lines.push(`link set dev ${device} mtu ${String(link.mtuBytes ?? 1_500)} up`);
      lines.push(...addLines(device, addresses));
    }
  }
  const { bridges = {}, routes = {} } = topology.hosts[name] ?? {};
  for (const [bridge, { ports, addresses }] of Object.entries(bridges)) {
    lines.push(`link add name ${bridge} type bridge`, `link set dev ${bridge} up`);
    lines.push(...ports.map((port) => `link set dev ${port} master ${bridge}`));
    lines.push(...addLines(bridge, addresses));
  }
  for (const [prefix, hop] of Object.entries(routes)) {
    lines.push(`route add ${prefix} via ${hop}`);
  }
  return lines;
}

function addLines(device: string, addresses: readonly string[]): readonly string[] {
  return addresses.map(
    (address) => `address add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`,
  );
}

function linkName(link: LinkDeclaration): string {
  return link.name ?? link.ends.map((end) => `${end.host}:${end.interface}`).join('-');
}

function linkOf(link: LinkDeclaration, hosts: ReadonlyMap<string, Host>): Link {
  const load = async (rulesOf: (table: string, device: string) => string): Promise<void> => {
    for (const { host, interface: device } of link.ends) {
      const input = rulesOf(`netdev lab_cut_${device}`, device);
      await hosts.get(host)?.mustExec('nft', ['-f', '-'], { input });
    }
  };
  return { cut: () => load(cutRules), restore: () => load((table) => `delete table ${table}\n`) };
}

/** Drops on arrival: a sniffer at either end still sees everything that is sent. */
function cutRules(table: string, device: string): string {
  const hook = `type filter hook ingress device "${device}" priority 0; policy drop;`;
  return `table ${table} {\n  chain arriving {\n    ${hook}\n  }\n}\n`;
}
