// What a router of the remote site tells the other end of its tunnel beside its network, be it much, or what is not its
// to tell. Its own site hears nothing of it.
//
// FRR, user guide: "BGP", "Route Map".

import { FrrStranger } from './frr-stranger.ts';
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
export const STORM_PREFIXES = 1_000;
const ALL_STORM_PREFIXES = 2_048;
const FLOOD_PREFIXES = 100_000;

/** In a guest, one program has so much time. */
const PREFIXES_AT_ONCE = 1_000;

const PATIENCE_MILLISECONDS = 120_000;

const FAMILIES = ['ipv4', 'ipv6'] as const;

type Family = (typeof FAMILIES)[number];

/** The network of the other side, a part of it, and a default route. */
const LIES = {
  ipv4: [CLUSTER_NETWORKS.ipv4, '10.20.1.0/24', '0.0.0.0/0'],
  ipv6: [CLUSTER_NETWORKS.ipv6, 'fd20:0:0:1::/64', '::/0'],
} as const;

interface Neighbor {
  readonly state: string;
  /** Prefixes that it has been told. */
  readonly pfxSnt: number;
}

export class Announcements {
  readonly #router: FrrStranger;
  /** By family. */
  readonly #neighbors: Readonly<Record<Family, string>>;

  private constructor(router: FrrStranger, neighbors: Readonly<Record<Family, string>>) {
    this.#router = router;
    this.#neighbors = neighbors;
  }

  static async of(lab: ClusterLab, peer: PairNumber): Promise<Announcements> {
    const router = new FrrStranger(lab.host(`peer${peer}`), {});
    await router.configure(
      `ip prefix-list SURPLUS seq 5 permit ${STORM} ge 28`,
      `ip prefix-list SURPLUS seq 10 permit ${FOREIGN} ge 28`,
      `bgp community-list standard SURPLUS seq 5 permit ${OUTSIDE_ONLY}`,
      ...['route-map SURPLUS permit 10', 'match ip address prefix-list SURPLUS'],
      ...[`set community ${OUTSIDE_ONLY}`, 'exit'],
      ...['route-map LIES permit 10', `set community ${OUTSIDE_ONLY}`, 'exit'],
      ...['route-map SITE-OUT deny 10', 'match community SURPLUS', 'exit'],
      ...['route-map SITE-OUT permit 20', 'exit', `router bgp ${REMOTE_AS}`],
      ...['address-family ipv6 unicast', 'neighbor SITE route-map SITE-OUT out'],
      ...['exit-address-family', 'address-family ipv4 unicast'],
      ...['neighbor SITE route-map SITE-OUT out', 'redistribute kernel route-map SURPLUS'],
    );
    return new Announcements(router, insideAddresses(peer).gateway);
  }

  /** A thousand prefixes come and go, and the neighbour is told of each coming and going. */
  async storm(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      await this.come();
      await this.go();
    }
  }

  async come(): Promise<void> {
    await this.#route('add', prefixesIn(STORM, STORM_PREFIXES));
    await this.#untilTold('ipv4', (count) => count >= STORM_PREFIXES);
  }

  async go(): Promise<void> {
    await this.#route('delete', prefixesIn(STORM, STORM_PREFIXES));
    await this.#untilTold('ipv4', (count) => count < STORM_PREFIXES);
  }

  /** A hundred thousand prefixes; returns when they are told, or nobody listens any more. */
  async flood(): Promise<void> {
    const accepted = prefixesIn(STORM, ALL_STORM_PREFIXES);
    await this.#route('add', [
      ...accepted,
      ...prefixesIn(FOREIGN, FLOOD_PREFIXES - accepted.length),
    ]);
    // It may have ended the session for so much.
    await this.#untilTold('ipv4', (count) => count >= FLOOD_PREFIXES, true);
  }

  /** In both families. */
  async lie(): Promise<void> {
    for (const family of FAMILIES) {
      const before = (await this.#neighbor(family)).pfxSnt;
      await this.#router.configure(
        ...[`router bgp ${REMOTE_AS}`, `address-family ${family} unicast`],
        ...LIES[family].map((prefix) => `network ${prefix} route-map LIES`),
      );
      await this.#untilTold(family, (count) => count >= before + LIES[family].length - 1);
    }
  }

  async #route(action: 'add' | 'delete', prefixes: readonly string[]): Promise<void> {
    for (let at = 0; at < prefixes.length; at += PREFIXES_AT_ONCE)
      await this.#router.host.ip(
        prefixes
          .slice(at, at + PREFIXES_AT_ONCE)
          .map((prefix) => `route ${action} blackhole ${prefix}`),
      );
  }

  /** By the number of prefixes that the neighbour has been told. */
  async #untilTold(
    family: Family,
    isIt: (count: number) => boolean,
    mayEnd = false,
  ): Promise<void> {
    await until(
      `${this.#router.host.name} has told what it has`,
      async () => {
        const { state, pfxSnt } = await this.#neighbor(family);
        return state === 'Established' ? isIt(pfxSnt) : mayEnd;
      },
      PATIENCE_MILLISECONDS,
      50,
    );
  }

  async #neighbor(family: Family): Promise<Neighbor> {
    const { peers } = (await this.#router.show(`show bgp ${family} unicast summary json`)) as {
      readonly peers: Readonly<Record<string, Neighbor>>;
    };
    const neighbor = peers[this.#neighbors[family]];
    if (neighbor === undefined) throw new Error(`no neighbour ${this.#neighbors[family]}`);
    return neighbor;
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
