/**
 * A configuration that is typed into and printed as FRR 8.4 does. It refuses lines that it does not know, and
 * what FRR refuses: a policy for a neighbour that is not there.
 */
import type { ConfiguredDaemon, FrrChange, VtyLine } from '../state.ts';

/** Words that a value follows: the last line of each counts. */
const VALUED = [
  /^(network \S+)(?: route-map \S+)?$/,
  /^(bgp router-id) \S+$/,
  /^(bgp listen limit) \d+$/,
  /^(maximum-paths ibgp) \d+$/,
  /^(maximum-paths) \d+$/,
  /^(table-map) \S+$/,
  /^(neighbor \S+ remote-as) \d+$/,
  /^(neighbor \S+ description) .+$/,
  /^(neighbor \S+ update-source) \S+$/,
  /^(neighbor \S+ timers connect) \d+$/,
  /^(neighbor \S+ timers) \d+ \d+$/,
  /^(neighbor \S+ bfd profile) \S+$/,
  /^(neighbor \S+ password) \S+$/,
  /^(neighbor \S+ ttl-security hops) \d+$/,
  /^(neighbor \S+ maximum-prefix) \d+ \d+ restart \d+$/,
  /^(neighbor \S+ route-map) \S+ (in|out)$/,
  /^(match (?:ip|ipv6) address prefix-list) \S+$/,
  /^(match as-path) \S+$/,
  /^(match large-community) \S+$/,
  /^(set large-community) \S+$/,
  /^(set local-preference) \d+$/,
  /^(set table) \d+$/,
  /^(transmit-interval|receive-interval|detect-multiplier) \d+$/,
  /^(bgp route-map delay-timer) \d+$/,
  /^(set src) \S+$/,
  /^((?:ip|ipv6) protocol bgp route-map) \S+$/,
];

/** Lines that stand for themselves. */
const PLAIN = [
  /^bgp (log-neighbor-changes|graceful-shutdown|bestpath as-path multipath-relax)$/,
  /^no bgp (default ipv4-unicast|network import-check)$/,
  /^bgp listen range \S+ peer-group \S+$/,
  /^neighbor \S+ (peer-group|shutdown|disable-connected-check|graceful-restart-disable|activate)$/,
  /^neighbor \S+ capability extended-nexthop$/,
  /^neighbor \S+ (soft-reconfiguration inbound|next-hop-self|route-reflector-client)$/,
  /^set ipv6 next-hop prefer-global$/,
];

const LIST =
  /^(ip prefix-list|ipv6 prefix-list|bgp as-path access-list|bgp large-community-list expanded) (\S+)(?: (permit \S+(?: le \d+)?))?$/;

export class ModelFrr {
  /** Lines of each block, by its header; those outside of every one by the empty one. */
  readonly #blocks = new Map<string, string[]>();
  #lists: { key: string; entry: string }[] = [];
  /** Its maps may be named as those of bgpd. */
  #zebra: ModelFrr | undefined;

  /** Types what a change says; throws where a line is refused. */
  apply({ step }: FrrChange): void {
    if (step.daemon === 'zebra') {
      this.#zebra ??= new ModelFrr();
      this.#zebra.#run(step);
    } else this.#run(step);
  }

  #run(step: FrrChange['step']): void {
    const path: string[] = [];
    for (const line of step.lines) this.#type(path, textOf(line), step.daemon);
    if (path.length > 0 && !isRouteMap(path)) throw new Error(`left open: ${path.join(', ')}`);
  }

  print(daemon: ConfiguredDaemon): string {
    if (daemon === 'zebra' && this.#zebra !== undefined) return this.#zebra.print('bgpd');
    const head = ['frr version 8.4.4', 'frr defaults traditional', '!', 'hostname gateway', '!'];
    return [...head, ...(daemon === 'bgpd' ? this.#printBgp() : this.#printBfd()), ''].join('\n');
  }

  #type(path: string[], line: string, daemon: ConfiguredDaemon): void {
    // What no route map takes is tried outside of it.
    if (isRouteMap(path) && /^(no )?(route-map|ip|ipv6|bgp|router) /.test(line)) path.pop();
    const block = path.join('|');
    if (line === 'exit' || line === 'exit-address-family') {
      if (path.pop() === undefined) throw new Error('exit from the top');
    } else if (/^(bfd|router bgp \d+|route-map \S+ (permit|deny) \d+)$/.test(line)) {
      if (path.length > 0) throw new Error(`${line} inside ${block}`);
      this.#enter(path, line);
    } else if (/^profile \S+$/.test(line) && block === 'bfd') {
      this.#enter(path, line);
    } else if (/^address-family ipv[46] unicast$/.test(line) && /^router bgp \d+$/.test(block)) {
      this.#enter(path, line);
    } else if (line.startsWith('no ') && !PLAIN.some((one) => one.test(line))) {
      this.#remove(block, line.slice(3));
    } else if (LIST.test(line)) {
      const [, kind, name, entry = ''] = LIST.exec(line) ?? [];
      this.#lists.push({ key: `${kind} ${name}`, entry });
    } else {
      this.#set(block, line, daemon);
    }
  }

  #enter(path: string[], header: string): void {
    path.push(header);
    const block = path.join('|');
    // Its key is the number: with another action it is the same one.
    const [, name, sequence] = /^route-map (\S+) \S+ (\d+)$/.exec(header) ?? [];
    const same = ['permit', 'deny'].map((action) => `route-map ${name} ${action} ${sequence}`);
    const other = same.find((one) => one !== header && this.#blocks.has(one));
    if (name !== undefined && other !== undefined) {
      this.#blocks.set(header, this.#blocks.get(other) ?? []);
      this.#blocks.delete(other);
    }
    if (!this.#blocks.has(block)) this.#blocks.set(block, []);
  }

  #set(block: string, line: string, daemon: ConfiguredDaemon): void {
    const keys = VALUED.flatMap((one) => one.exec(line) ?? []).slice(1);
    if (keys.length === 0 && !PLAIN.some((one) => one.test(line)))
      throw new Error(`% [${daemon}] Unknown command: ${line}`);
    const [, neighbor] = /^neighbor (\S+) (?!remote-as|peer-group)/.exec(line) ?? [];
    if (neighbor !== undefined && !this.#hasNeighbor(block, neighbor))
      throw new Error(`% Specify remote-as or peer-group commands first: ${line}`);
    const key = keys.join(' ');
    const lines = this.#blocks.get(block) ?? [];
    const others = lines.filter((one) => one !== line && (key === '' || keyOf(one) !== key));
    this.#blocks.set(block, [...others, line]);
  }

  #remove(block: string, line: string): void {
    const [, list, name, entry] = LIST.exec(line) ?? [];
    if (list !== undefined) {
      const isIt = (one: { key: string; entry: string }): boolean =>
        one.key === `${list} ${name}` && (entry === undefined || one.entry === entry);
      this.#must(line, this.#lists.some(isIt));
      this.#lists = this.#lists.filter((one) => !isIt(one));
      return;
    }
    const [, neighbor] = /^neighbor (\S+)(?: peer-group)?$/.exec(line) ?? [];
    if (neighbor !== undefined) {
      this.#drop(block, (one) => one.startsWith(`neighbor ${neighbor} `), line);
      for (const inner of this.#blocks.keys())
        if (inner.startsWith(`${block}|`))
          this.#drop(inner, (one) => one.startsWith(`neighbor ${neighbor} `));
      return;
    }
    const profile = block === 'bfd' ? `bfd|${line}` : undefined;
    const isBlock = /^(router bgp|route-map) /.test(line) ? line : profile;
    if (isBlock !== undefined) {
      const blocks = [...this.#blocks.keys()].filter(
        (one) => one === isBlock || /^[| ]/.test(one.slice(isBlock.length)),
      );
      const gone = blocks.filter((one) => one.startsWith(isBlock));
      this.#must(line, gone.length > 0);
      for (const one of gone) this.#blocks.delete(one);
      return;
    }
    // Without its value, too.
    this.#drop(block, (one) => one === line || one.startsWith(`${line} `), line);
  }

  #drop(block: string, isIt: (line: string) => boolean, must?: string): void {
    const lines = this.#blocks.get(block) ?? [];
    if (must !== undefined) this.#must(must, lines.some(isIt));
    this.#blocks.set(
      block,
      lines.filter((one) => !isIt(one)),
    );
  }

  #must(line: string, isThere: boolean): void {
    if (!isThere) throw new Error(`% Can't find: no ${line}`);
  }

  #hasNeighbor(block: string, name: string): boolean {
    const lines = this.#blocks.get(block.split('|')[0] ?? '') ?? [];
    return lines.some((line) =>
      [`neighbor ${name} remote-as`, `neighbor ${name} peer-group`].some((one) =>
        line.startsWith(one),
      ),
    );
  }

  #printBfd(): string[] {
    const profiles = [...this.#blocks].filter(([block]) => block.startsWith('bfd|'));
    const defaults = ['transmit-interval 300', 'receive-interval 300', 'detect-multiplier 3'];
    return [
      'bfd',
      ...profiles.flatMap(([block, lines]) => [
        ` ${block.slice('bfd|'.length)}`,
        ...lines.filter((line) => !defaults.includes(line)).map((line) => `  ${line}`),
        ' exit',
        ' !',
      ]),
      'exit',
    ];
  }

  #printBgp(): string[] {
    const families = (router: string): string[] =>
      [...this.#blocks]
        .filter(([block, lines]) => block.startsWith(`${router}|`) && lines.length > 0)
        .flatMap(([block, lines]) => [
          ' !',
          ` ${block.slice(router.length + 1)}`,
          ...lines.map((line) => `  ${line}`),
          ' exit-address-family',
        ]);
    const blocks = [...this.#blocks].filter(([block]) => /^(router|route-map) [^|]+$/.test(block));
    return [
      ...(this.#blocks.get('') ?? []),
      ...blocks.flatMap(([block, lines]) => [
        block,
        ...lines.flatMap(withBfd).map((line) => ` ${line}`),
        ...families(block),
        'exit',
        '!',
      ]),
      ...this.#lists.map(({ key, entry }, index) => `${key} seq ${(index + 1) * 5} ${entry}`),
    ];
  }
}

/** FRR prints that there is BFD, and of which profile. */
function withBfd(line: string): string[] {
  const [, neighbor] = /^(neighbor \S+ bfd) profile/.exec(line) ?? [];
  return neighbor === undefined ? [line] : [neighbor, line];
}

function isRouteMap(path: readonly string[]): boolean {
  return path.at(-1)?.startsWith('route-map ') === true;
}

function keyOf(line: string): string {
  return VALUED.flatMap((one) => one.exec(line) ?? [])
    .slice(1)
    .join(' ');
}

function textOf(line: VtyLine): string {
  return typeof line === 'string' ? line : `${line.text} a-secret`;
}
