/** `show running-config` of bgpd and bfdd (FRR 8.4), as far as it is ours. Passwords are left behind here. */
import { FAMILIES, type Family } from '../../lib/prefix.ts';
import { sourceKey } from './names.ts';
import { toSetting } from './settings.ts';
import type {
  FamilyConfig,
  FrrConfig,
  NeighborConfig,
  RouteMapEntry,
  RouterConfig,
  Settings,
  ZebraConfig,
} from './state.ts';

const LIST =
  /^((?:ip|ipv6) prefix-list|bgp as-path access-list|bgp (?:large-)?community-list (?:standard|expanded)) (\S+) (?:seq \d+ )?(.+)$/;
const ROUTE_MAP = /^route-map (\S+) (permit|deny) (\d+)$/;
const ROUTER = /^router bgp (\d+)$/;
const FAMILY = /^address-family ipv([46]) unicast$/;
const NEIGHBOR = /^neighbor (\S+) (.+)$/;
const NETWORK = /^network (\S+) ?(.*)$/;
const LISTEN_RANGE = /^bgp listen range (\S+) peer-group (\S+)$/;
/** Behind the description stands which content of its secret a neighbour has got. */
const DESCRIPTION = /^(.*) \[password (\S+)\]$/;
const PROFILE = /^profile (\S+)$/;
/** What FRR takes where a profile does not say it, and does not print. */
const BFD_DEFAULTS = [
  ['transmit-interval', '300'],
  ['receive-interval', '300'],
  ['detect-multiplier', '3'],
] as const;

/** The description that tells the content of a password, too. */
export function describedWith(description: string, fingerprint: string | undefined): string {
  return fingerprint === undefined ? description : `${description} [password ${fingerprint}]`;
}

type BgpConfig = Omit<FrrConfig, 'profiles' | 'zebra'>;

const PROTOCOLS: readonly string[] = FAMILIES.map(sourceKey);

export function parseBgpConfig(text: string): BgpConfig {
  const general = new Map<string, string>();
  const lists = new Map<string, Set<string>>();
  let router: RouterConfig | undefined;
  const blocks = blocksOf(text);
  for (const block of blocks) {
    const list = LIST.exec(block.header);
    const asn = ROUTER.exec(block.header)?.[1];
    if (list !== null) {
      const [, kind = '', name = '', entry = ''] = list;
      const key = `${kind} ${name}`;
      lists.set(key, (lists.get(key) ?? new Set()).add(toEntry(kind, entry)));
    } else if (asn !== undefined) {
      router = parseRouter(asn, block.lines);
    } else {
      const [key, value] = toSetting(block.header);
      if (key === 'bgp route-map delay-timer') general.set(key, value);
    }
  }
  return {
    ...{ general, lists, routeMaps: routeMapsOf(blocks) },
    ...(router === undefined ? {} : { router }),
  };
}

/** `show running-config` of zebra. */
export function parseZebraConfig(text: string): ZebraConfig {
  const blocks = blocksOf(text);
  const settings = blocks.map(({ header }) => toSetting(header));
  return {
    routeMaps: routeMapsOf(blocks),
    protocols: new Map(settings.filter(([key]) => PROTOCOLS.includes(key))),
  };
}

function routeMapsOf(blocks: readonly Block[]): FrrConfig['routeMaps'] {
  const routeMaps = new Map<string, Map<number, RouteMapEntry>>();
  for (const { header, lines } of blocks) {
    const [, name, action, sequence] = ROUTE_MAP.exec(header) ?? [];
    if (name === undefined) continue;
    const entries = routeMaps.get(name) ?? new Map<number, RouteMapEntry>();
    routeMaps.set(name, entries);
    entries.set(Number(sequence), {
      action: action === 'deny' ? 'deny' : 'permit',
      settings: new Map(lines.map(toSetting)),
    });
  }
  return routeMaps;
}

/** The whole family is printed as `any`. */
function toEntry(kind: string, entry: string): string {
  const all = kind === 'ipv6 prefix-list' ? '::/0 le 128' : '0.0.0.0/0 le 32';
  return kind.endsWith('prefix-list') ? entry.replace(/ any$/, ` ${all}`) : entry;
}

interface ParsedNeighbor {
  readonly settings: Map<string, string>;
  readonly families: Map<Family, Map<string, string>>;
}

function parseRouter(asn: string, lines: readonly string[]): RouterConfig {
  const settings = new Map<string, string>();
  const families = new Map<
    Family,
    { settings: Map<string, string>; networks: Map<string, string> }
  >();
  const listenRanges = new Map<string, string>();
  const neighbors = new Map<string, ParsedNeighbor>();
  let family: Family | undefined;
  let isElsewhere = false;
  for (const line of lines) {
    const entered = FAMILY.exec(line)?.[1];
    if (line.startsWith('address-family ')) {
      family = entered === '4' ? 4 : 6;
      isElsewhere = entered === undefined;
      if (!isElsewhere && !families.has(family))
        families.set(family, { settings: new Map(), networks: new Map() });
      continue;
    }
    if (line === 'exit-address-family') {
      family = undefined;
      isElsewhere = false;
      continue;
    }
    if (isElsewhere) continue;
    const [, name, rest = ''] = NEIGHBOR.exec(line) ?? [];
    const [, network, policy = ''] = NETWORK.exec(line) ?? [];
    const [, range, group = ''] = LISTEN_RANGE.exec(line) ?? [];
    if (name !== undefined) {
      const neighbor = neighbors.get(name) ?? { settings: new Map(), families: new Map() };
      neighbors.set(name, neighbor);
      const own = family === undefined ? neighbor.settings : familyOf(neighbor, family);
      own.set(...toSetting(rest));
    } else if (range !== undefined) {
      listenRanges.set(range, group);
    } else if (family === undefined) {
      settings.set(...toSetting(line));
    } else if (network !== undefined) {
      families.get(family)?.networks.set(network, policy);
    } else {
      families.get(family)?.settings.set(...toSetting(line));
    }
  }
  return {
    ...{ asn, settings, listenRanges },
    families: families satisfies ReadonlyMap<Family, FamilyConfig>,
    neighbors: new Map(
      [...neighbors].map(([name, neighbor]): [string, NeighborConfig] => [
        name,
        { settings: settle(neighbor.settings), families: neighbor.families },
      ]),
    ),
  };
}

function familyOf({ families }: ParsedNeighbor, family: Family): Map<string, string> {
  const settings = families.get(family) ?? new Map<string, string>();
  families.set(family, settings);
  return settings;
}

/** In our terms: a profile implies BFD, and a password is told by its fingerprint. */
function settle(printed: Settings): Settings {
  const settings = new Map(printed);
  if (settings.has('bfd profile')) settings.delete('bfd');
  const [, description, fingerprint = ''] =
    DESCRIPTION.exec(settings.get('description') ?? '') ?? [];
  if (description !== undefined) settings.set('description', description);
  // Without a fingerprint it is not from us, and none that is wanted.
  if (settings.has('password')) settings.set('password', fingerprint);
  return settings;
}

export function parseBfdConfig(text: string): FrrConfig['profiles'] {
  const profiles = new Map<string, Map<string, string>>();
  const lines = blocksOf(text).find(({ header }) => header === 'bfd')?.lines ?? [];
  let profile: Map<string, string> | undefined;
  for (const line of lines) {
    const name = PROFILE.exec(line)?.[1];
    if (name !== undefined) {
      profile = new Map(BFD_DEFAULTS);
      profiles.set(name, profile);
    } else if (line === 'exit' || line.startsWith('peer ')) {
      profile = undefined;
    } else {
      profile?.set(...toSetting(line));
    }
  }
  return profiles;
}

/** `frr version 8.4.4`, with which every configuration begins. */
export function parseVersion(text: string): string {
  return /^frr version (\S+)$/m.exec(text)?.[1] ?? 'unknown';
}

interface Block {
  readonly header: string;
  /** Without their indentation. */
  readonly lines: readonly string[];
}

/** A line at the margin, and those below it that are indented. */
function blocksOf(text: string): Block[] {
  const blocks: { header: string; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const words = line.trim();
    if (words === '' || words === '!' || line === 'exit') continue;
    if (line.startsWith(' ')) blocks.at(-1)?.lines.push(words);
    else blocks.push({ header: words, lines: [] });
  }
  return blocks;
}
