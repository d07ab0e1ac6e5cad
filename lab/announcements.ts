// What a router of the remote site tells the other end of its tunnel beside its network, be it much, or what is not its
// to tell. Its own site hears nothing of it.
//
// FRR, user guide: "BGP", "Route Map".

import type { Host } from './host.ts';
import { insideAddresses, REMOTE_AS } from './sites/remote-site.ts';
import { CLUSTER_NETWORKS, type ClusterLab, type PairNumber } from './topologies/cluster.ts';
import { until } from './until.ts';

/** Community of what is for the other side of the tunnel alone. */
const OUTSIDE_ONLY = `${String(REMOTE_AS)}:1`;

/** In a half of the remote network in which nobody is, so that nothing is lost by them. */
const STORM = '10.50.128.0/17';

/** In nobody's network: no policy lets them in. */
const FOREIGN = '100.64.0.0/10';

/** For the length of prefixes that is accepted at most. */
const STORM_PREFIXES = 1_000;
const ALL_STORM_PREFIXES = 2_048;
const FLOOD_PREFIXES = 100_000;

/** In a guest, one program has so much time. */
const PREFIXES_AT_ONCE = 1_000;

const PATIENCE_MILLISECONDS = 120_000;

export class Announcements {
  readonly #host: Host;
  readonly #neighbor: string;

  private constructor(host: Host, neighbor: string) {
    this.#host = host;
    this.#neighbor = neighbor;
  }

  static async of(lab: ClusterLab, peer: PairNumber): Promise<Announcements> {
    const { ipv4 } = insideAddresses(peer).gateway;
    const announcements = new Announcements(lab.host(`peer${peer}`), ipv4);
    await announcements.#configure([
      `ip prefix-list SURPLUS seq 5 permit ${STORM} ge 28`,
      `ip prefix-list SURPLUS seq 10 permit ${FOREIGN} ge 28`,
      `bgp community-list standard SURPLUS seq 5 permit ${OUTSIDE_ONLY}`,
      ...['route-map SURPLUS permit 10', 'match ip address prefix-list SURPLUS'],
      ...[`set community ${OUTSIDE_ONLY}`, 'exit'],
      ...['route-map LIES permit 10', `set community ${OUTSIDE_ONLY}`, 'exit'],
      ...['route-map SITE-OUT deny 10', 'match community SURPLUS', 'exit'],
      ...['route-map SITE-OUT permit 20', 'exit', `router bgp ${REMOTE_AS}`],
      ...['address-family ipv4 unicast', 'neighbor SITE route-map SITE-OUT out'],
      'redistribute kernel route-map SURPLUS',
    ]);
    return announcements;
  }

  /** A thousand prefixes come and go, and the neighbour is told of each coming and going. */
  async storm(times: number): Promise<void> {
    const prefixes = prefixesIn(STORM, STORM_PREFIXES);
    for (let time = 0; time < times; time += 1) {
      await this.#route('add', prefixes);
      await this.#untilTold((count) => count >= STORM_PREFIXES);
      await this.#route('delete', prefixes);
      await this.#untilTold((count) => count < STORM_PREFIXES);
    }
  }

  /** A hundred thousand prefixes; returns when they are told, or nobody listens any more. */
  async flood(): Promise<void> {
    const accepted = prefixesIn(STORM, ALL_STORM_PREFIXES);
    await this.#route('add', [
      ...accepted,
      ...prefixesIn(FOREIGN, FLOOD_PREFIXES - accepted.length),
    ]);
    await this.#untilTold((count) => count >= FLOOD_PREFIXES);
  }

  /** The network of the other side, a part of it, and a default route. */
  async lie(): Promise<void> {
    const lies = [CLUSTER_NETWORKS.ipv4, '10.20.1.0/24', '0.0.0.0/0'];
    await this.#configure([
      ...[`router bgp ${REMOTE_AS}`, 'address-family ipv4 unicast'],
      ...lies.map((prefix) => `network ${prefix} route-map LIES`),
    ]);
    await this.#untilTold((count) => count >= lies.length);
  }

  async #configure(lines: readonly string[]): Promise<void> {
    const commands = ['configure terminal', ...lines].flatMap((line) => ['-c', line]);
    const words = await this.#host.mustExec('vtysh', ['-N', this.#host.namespace, ...commands]);
    if (words.includes('%')) throw new Error(`${this.#host.name}: ${words}`);
  }

  async #route(action: 'add' | 'delete', prefixes: readonly string[]): Promise<void> {
    for (let at = 0; at < prefixes.length; at += PREFIXES_AT_ONCE)
      await this.#host.ip(
        prefixes
          .slice(at, at + PREFIXES_AT_ONCE)
          .map((prefix) => `route ${action} blackhole ${prefix}`),
      );
  }

  /** Of what the neighbour has been told; also when its session has ended. */
  async #untilTold(isIt: (count: number) => boolean): Promise<void> {
    await until(
      `${this.#host.name} has told what it has`,
      async () => {
        const words = await this.#host.mustExec('vtysh', [
          ...['-N', this.#host.namespace, '-c', 'show bgp ipv4 unicast summary json'],
        ]);
        const { peers } = JSON.parse(words) as {
          readonly peers: Readonly<
            Record<string, { readonly state: string; readonly pfxSnt: number }>
          >;
        };
        const peer = peers[this.#neighbor];
        return peer === undefined || peer.state !== 'Established' || isIt(peer.pfxSnt);
      },
      PATIENCE_MILLISECONDS,
      50,
    );
  }
}

/** The first /28 of a network. */
function prefixesIn(network: string, count: number): readonly string[] {
  const [address = ''] = network.split('/');
  const first = address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  return Array.from({ length: count }, (_, index) => {
    const value = first + index * 16;
    return `${[24, 16, 8, 0].map((bits) => (value >>> bits) & 255).join('.')}/28`;
  });
}
