/**
 * Steps from the running configuration to the planned one. What a session needs comes before it and goes
 * after it; a policy is changed entry by entry, so that no session ends for it. A new neighbour is switched
 * off until all of it is there: else it begins at once, and ends for want of an address family.
 */
import { FAMILIES, type Family } from '../../lib/prefix.ts';
import type { Impact } from '../driver.ts';
import { NODES_GROUP, sourceKey } from './names.ts';
import { describedWith } from './parse-config.ts';
import { renderFrr } from './render.ts';
import { toLine, toNoLine } from './settings.ts';
import type {
  ConfiguredDaemon,
  FrrChange,
  FrrConfig,
  FrrDesired,
  NeighborConfig,
  RouteMap,
  RouterConfig,
  Settings,
  VtyLine,
} from './state.ts';

/** What FRR ends a session for; `activate` changes the capabilities that were agreed on. */
const CUTTING: ReadonlySet<string> = new Set([
  'bgp router-id',
  'remote-as',
  'password',
  'update-source',
  'ttl-security hops',
  'ebgp-multihop',
  'disable-connected-check',
  'capability extended-nexthop',
  'local-as',
  'activate',
]);

/** What FRR takes back by its name alone. */
const NAKED: ReadonlySet<string> = new Set(['set as-path prepend']);

/** What FRR 8.4 has in its northbound model, of what we use. */
const POLICY = /^(ip prefix-list|ipv6 prefix-list|route-map) /;

export function diffFrr(observed: FrrConfig, desired: FrrDesired): FrrChange[] {
  const wanted = renderFrr(desired);
  // Another AS number is another speaker.
  const isOther = observed.router?.asn !== wanted.router?.asn;
  const router = isOther ? undefined : observed.router;
  const routers = diffRouters(router, wanted.router);
  const zebra = { observed: observed.zebra, wanted: wanted.zebra };
  return [
    // First: what bgpd tells zebra before that has another source.
    ...changedRouteMaps('zebra', zebra.observed.routeMaps, zebra.wanted.routeMaps),
    ...changedProtocols(zebra.observed.protocols, zebra.wanted.protocols),
    ...addedProfiles(observed, wanted),
    ...(isOther && observed.router !== undefined ? [removedRouter(observed.router)] : []),
    ...changedGeneral(observed, wanted),
    ...changedLists(observed, wanted),
    ...changedRouteMaps('bgpd', observed.routeMaps, wanted.routeMaps),
    ...routers,
    ...toldAgain(observed, wanted),
    ...gone(observed.routeMaps, wanted.routeMaps).map((name) =>
      remove('bgpd', `route-map ${name}`),
    ),
    ...gone(zebra.observed.routeMaps, zebra.wanted.routeMaps).map((name) =>
      change('zebra', 'remove', mapSubject('zebra', name), [`no route-map ${name}`]),
    ),
    ...gone(observed.lists, wanted.lists).map((list) => remove('bgpd', list)),
    ...gone(observed.profiles, wanted.profiles).map((name) =>
      change('bfdd', 'remove', `BFD profile ${name}`, ['bfd', `no profile ${name}`, 'exit']),
    ),
  ];
}

function addedProfiles(observed: FrrConfig, wanted: FrrConfig): FrrChange[] {
  return [...wanted.profiles].flatMap(([name, settings]) => {
    const before = observed.profiles.get(name);
    const difference = compare(before, settings);
    if (before !== undefined && difference.isNone) return [];
    const lines = ['bfd', `profile ${name}`, ...difference.lines, 'exit', 'exit'];
    return [changeOf('bfdd', `BFD profile ${name}`, before, lines, difference)];
  });
}

/** Only lines that we use are read, and none of them is ever without its value. */
function changedGeneral(observed: FrrConfig, wanted: FrrConfig): FrrChange[] {
  return compare(observed.general, wanted.general).set.map(([key, value]) =>
    change('bgpd', 'add', toLine(key, value), [toLine(key, value)]),
  );
}

function changedLists(observed: FrrConfig, wanted: FrrConfig): FrrChange[] {
  return [...wanted.lists].flatMap(([list, entries]) => {
    const before = observed.lists.get(list);
    const added = without(entries, before);
    const removed = without(before, entries);
    if (added.length + removed.length === 0) return [];
    const lines = [
      ...added.map((entry) => `${list} ${entry}`),
      ...removed.map((entry) => `no ${list} ${entry}`),
    ];
    if (before === undefined) return [change('bgpd', 'add', list, lines)];
    const detail = [...added.map((text) => `+ ${text}`), ...removed.map((text) => `- ${text}`)];
    return [change('bgpd', 'replace', list, lines, { detail: detail.join(', ') })];
  });
}

function changedRouteMaps(
  daemon: ConfiguredDaemon,
  observed: FrrConfig['routeMaps'],
  wanted: FrrConfig['routeMaps'],
): FrrChange[] {
  return [...wanted].flatMap(([name, entries]) => {
    const before = observed.get(name);
    const lines = routeMapLines(name, before ?? new Map(), entries);
    if (lines.length === 0) return [];
    const action = before === undefined ? 'add' : 'replace';
    return [change(daemon, action, mapSubject(daemon, name), lines)];
  });
}

/** Maps of both daemons may have one name. */
function mapSubject(daemon: ConfiguredDaemon, name: string): string {
  return daemon === 'zebra' ? `zebra route-map ${name}` : `route-map ${name}`;
}

function changedProtocols(observed: Settings, wanted: Settings): FrrChange[] {
  const { set, removed } = compare(observed, wanted);
  return [
    ...set.map(([key, value]) => change('zebra', 'add', toLine(key, value), [toLine(key, value)])),
    ...removed.map(([key, value]) =>
      change('zebra', 'remove', toLine(key, value), [toNoLine(toLine(key, value))]),
    ),
  ];
}

/**
 * zebra has lost its route map, as when it was started anew: of routes that it has been told without, it takes no notice of the
 * map. bgpd tells all once more where its own map comes (bgp_table_map_set()).
 */
function toldAgain(observed: FrrConfig, { router, zebra }: FrrConfig): FrrChange[] {
  if (router === undefined) return [];
  return FAMILIES.flatMap((family) => {
    const key = sourceKey(family);
    const map = zebra.protocols.get(key);
    const isTold = observed.router?.families.get(family)?.settings.get('table-map') === map;
    if (map === undefined || !isTold || observed.zebra.protocols.get(key) === map) return [];
    const lines = [
      `router bgp ${router.asn}`,
      ...inFamily(family, [`no table-map ${map}`, `table-map ${map}`]),
      'exit',
    ];
    return [change('bgpd', 'replace', `table-map ${map}`, lines)];
  });
}

function routeMapLines(name: string, before: RouteMap, wanted: RouteMap): string[] {
  const changed = [...wanted].flatMap(([sequence, { action, settings }]) => {
    const old = before.get(sequence);
    const difference = compare(old?.settings, settings);
    if (old?.action === action && difference.isNone) return [];
    // Without an `exit`, which would end a transaction.
    return [`route-map ${name} ${action} ${sequence}`, ...difference.lines];
  });
  const removed = [...before]
    .filter(([sequence]) => !wanted.has(sequence))
    .map(([sequence, { action }]) => `no route-map ${name} ${action} ${sequence}`);
  return [...changed, ...removed];
}

function diffRouters(
  observed: RouterConfig | undefined,
  wanted: RouterConfig | undefined,
): FrrChange[] {
  if (wanted === undefined) return [];
  const { asn } = wanted;
  const within = (...lines: readonly VtyLine[]): VtyLine[] => [
    `router bgp ${asn}`,
    ...lines,
    'exit',
  ];
  const neighborsBefore = observed?.neighbors ?? new Map<string, NeighborConfig>();
  const rangesBefore = observed?.listenRanges ?? new Map<string, string>();
  const listen = (range: string, group: string): string =>
    `bgp listen range ${range} peer-group ${group}`;
  return [
    ...changedSpeaker(observed, wanted),
    ...changedNetworks(observed, wanted, 'add'),
    ...[...wanted.neighbors].flatMap(([name, neighbor]) =>
      changedNeighbor(asn, name, neighborsBefore.get(name), neighbor),
    ),
    ...[...wanted.listenRanges]
      .filter(([range, group]) => rangesBefore.get(range) !== group)
      .map(([range, group]) =>
        change('bgpd', 'add', `BGP listen range ${range}`, within(listen(range, group))),
      ),
    ...gone(rangesBefore, wanted.listenRanges).map((range) =>
      change(
        ...(['bgpd', 'remove', `BGP listen range ${range}`] as const),
        within(`no ${listen(range, rangesBefore.get(range) ?? '')}`),
        { impact: 'cut' },
      ),
    ),
    ...gone(neighborsBefore, wanted.neighbors).map((name) =>
      change('bgpd', 'remove', subjectOf(name), within(noNeighbor(name)), { impact: 'cut' }),
    ),
    ...changedNetworks(observed, wanted, 'remove'),
  ];
}

function removedRouter({ asn }: RouterConfig): FrrChange {
  const lines = [`no router bgp ${asn}`];
  return change('bgpd', 'remove', `BGP speaker of AS ${asn}`, lines, { impact: 'cut' });
}

/** All of the block but networks, listen ranges and neighbours. */
function changedSpeaker(observed: RouterConfig | undefined, wanted: RouterConfig): FrrChange[] {
  const { asn } = wanted;
  const own = compare(observed?.settings, wanted.settings);
  const families = [...wanted.families].map(([family, { settings }]) => ({
    family,
    difference: compare(observed?.families.get(family)?.settings, settings),
  }));
  if (observed !== undefined && own.isNone && families.every(({ difference }) => difference.isNone))
    return [];
  const lines = [
    `router bgp ${asn}`,
    ...own.lines,
    ...families.flatMap(({ family, difference }) => inFamily(family, difference.lines)),
    'exit',
  ];
  const all = [own, ...families.map(({ difference }) => difference)];
  return [changeOf('bgpd', `BGP speaker of AS ${asn}`, observed, lines, ...all)];
}

function changedNetworks(
  observed: RouterConfig | undefined,
  wanted: RouterConfig,
  action: 'add' | 'remove',
): FrrChange[] {
  return [...wanted.families].flatMap(([family, { networks }]) => {
    const before = observed?.families.get(family)?.networks;
    const { set, removed } = compare(before, networks);
    const told = (verb: FrrChange['action'], prefix: string, line: string): FrrChange =>
      change('bgpd', verb, `BGP network ${prefix}`, [
        `router bgp ${wanted.asn}`,
        ...inFamily(family, [line]),
        'exit',
      ]);
    return action === 'remove'
      ? removed.map(([prefix]) => told('remove', prefix, `no network ${prefix}`))
      : set.map(([prefix, policy]) =>
          told(
            before?.has(prefix) === true ? 'replace' : 'add',
            prefix,
            toLine(`network ${prefix}`, policy),
          ),
        );
  });
}

function changedNeighbor(
  asn: string,
  name: string,
  observed: NeighborConfig | undefined,
  wanted: NeighborConfig,
): FrrChange[] {
  // FRR keeps much of what it had with the former AS.
  const isOther = observed?.settings.get('remote-as') !== wanted.settings.get('remote-as');
  const before = isOther ? undefined : observed;
  const own = compare(before?.settings, wanted.settings);
  const names = new Set([...(before?.families.keys() ?? []), ...wanted.families.keys()]);
  const families = [...names].map((family) => ({
    family,
    difference: compare(before?.families.get(family), wanted.families.get(family) ?? new Map()),
  }));
  const all = [own, ...families.map(({ difference }) => difference)];
  if (before !== undefined && all.every(({ isNone }) => isNone)) return [];
  const lines = [
    `router bgp ${asn}`,
    ...(observed !== undefined && isOther ? [noNeighbor(name)] : []),
    ...(before === undefined ? begin(name, wanted) : []),
    ...neighborLines(name, own, wanted),
    ...families.flatMap(({ family, difference }) =>
      inFamily(family, familyLines(name, difference)),
    ),
    ...(name === NODES_GROUP ? [] : switched(name, before, wanted)),
    'exit',
  ];
  return [changeOf('bgpd', subjectOf(name), observed, lines, ...all)];
}

/** At the end: a session begins with all of its policy. A new neighbour is off until then. */
function switched(
  name: string,
  before: NeighborConfig | undefined,
  wanted: NeighborConfig,
): string[] {
  const wasOff = before === undefined || before.settings.has('shutdown');
  const isOff = wanted.settings.has('shutdown');
  if (wasOff === isOff) return [];
  return [`${isOff ? '' : 'no '}neighbor ${name} shutdown`];
}

function begin(name: string, { settings }: NeighborConfig): string[] {
  const remote = `neighbor ${name} remote-as ${settings.get('remote-as') ?? ''}`;
  return name === NODES_GROUP
    ? [`neighbor ${name} peer-group`, remote]
    : [remote, `neighbor ${name} shutdown`];
}

/** Lines for which the order matters come apart from these: `begin`, and the end of a shutdown. */
const ORDERED: ReadonlySet<string> = new Set(['remote-as', 'peer-group', 'shutdown']);

function neighborLines(name: string, difference: Difference, wanted: NeighborConfig): VtyLine[] {
  const { settings, password } = wanted;
  const touched = new Set([...difference.set, ...difference.removed].map(([key]) => key));
  const removed = difference.removed
    .filter(([key]) => !ORDERED.has(key))
    .map(([key, value]) => `no neighbor ${name} ${toRemovedLine(key, value)}`);
  const set = difference.set
    .filter(([key]) => !ORDERED.has(key) && key !== 'description' && key !== 'password')
    .map(([key, value]) => `neighbor ${name} ${toLine(key, value)}`);
  const description = settings.get('description');
  return [
    ...removed,
    ...set,
    ...(touched.has('password') && password !== undefined
      ? [{ text: `neighbor ${name} password`, secret: password }]
      : []),
    // Behind the password: it tells which one was taken.
    ...(description !== undefined && (touched.has('description') || touched.has('password'))
      ? [`neighbor ${name} description ${describedWith(description, settings.get('password'))}`]
      : []),
  ];
}

/** FRR wants some values with a `no`, and does not take others. */
function toRemovedLine(key: string, value: string): string {
  if (key === 'bfd profile') return 'bfd';
  return key === 'password' || key === 'description' ? key : toLine(key, value);
}

/** Policy before the family is activated, and behind it when it goes. */
function familyLines(name: string, { set, removed }: Difference): string[] {
  const isSwitch = ([key]: readonly [string, string]): boolean => key === 'activate';
  const no = removed.map(
    (one) => [isSwitch(one), `no neighbor ${name} ${toLine(...one)}`] as const,
  );
  const yes = set.map((one) => [isSwitch(one), `neighbor ${name} ${toLine(...one)}`] as const);
  return [
    ...no.toSorted(([a], [b]) => Number(b) - Number(a)),
    ...yes.toSorted(([a], [b]) => Number(a) - Number(b)),
  ].map(([, line]) => line);
}

function inFamily(family: Family, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [`address-family ipv${family} unicast`, ...lines, 'exit-address-family'];
}

function noNeighbor(name: string): string {
  return name === NODES_GROUP ? `no neighbor ${name} peer-group` : `no neighbor ${name}`;
}

function subjectOf(name: string): string {
  return name === NODES_GROUP ? 'BGP neighbors that call' : `BGP neighbor ${name}`;
}

interface Difference {
  readonly set: readonly (readonly [key: string, value: string])[];
  readonly removed: readonly (readonly [key: string, value: string])[];
  readonly isNone: boolean;
  /** Where no setting needs more than its line. */
  readonly lines: readonly string[];
  /** In words: `timers 3 9 instead of 10 30`. */
  readonly texts: readonly string[];
}

function compare(observed: Settings = new Map(), wanted: Settings): Difference {
  const set = [...wanted].filter(([key, value]) => observed.get(key) !== value);
  const removed = [...observed].filter(([key]) => !wanted.has(key));
  return {
    ...{ set, removed, isNone: set.length + removed.length === 0 },
    lines: [
      ...removed.map(([key, value]) => toNoLine(toLine(key, NAKED.has(key) ? '' : value))),
      ...set.map(([key, value]) => toLine(key, value)),
    ],
    texts: [
      ...set.map(([key, value]) => {
        if (key === 'password') return key;
        const before = observed.get(key);
        return `${toLine(key, value)}${before === undefined ? '' : ` instead of ${before}`}`;
      }),
      ...removed.map(([key, value]) =>
        key === 'password' ? `no ${key}` : toNoLine(toLine(key, value)),
      ),
    ],
  };
}

function without(
  entries: ReadonlySet<string> = new Set(),
  others: ReadonlySet<string> = new Set(),
): string[] {
  return [...entries].filter((entry) => !others.has(entry));
}

/** Names that are there and not wanted. */
function gone(
  observed: ReadonlyMap<string, unknown>,
  wanted: ReadonlyMap<string, unknown>,
): string[] {
  return [...observed.keys()].filter((name) => !wanted.has(name));
}

function remove(daemon: ConfiguredDaemon, subject: string): FrrChange {
  return change(daemon, 'remove', subject, [`no ${subject}`]);
}

/** Something that is new, or of which the differences are to be told. */
function changeOf(
  daemon: ConfiguredDaemon,
  subject: string,
  observed: object | undefined,
  lines: readonly VtyLine[],
  ...differences: readonly Difference[]
): FrrChange {
  if (observed === undefined) return change(daemon, 'add', subject, lines);
  const touched = differences.flatMap(({ set, removed }) => [...set, ...removed]);
  return change(daemon, 'replace', subject, lines, {
    // Both families mostly differ in the same way.
    detail: [...new Set(differences.flatMap(({ texts }) => texts))].join(', '),
    impact: touched.some(([key]) => CUTTING.has(key)) ? 'cut' : 'nothing',
  });
}

function change(
  daemon: ConfiguredDaemon,
  action: FrrChange['action'],
  subject: string,
  lines: readonly VtyLine[],
  { impact = 'nothing', detail }: { readonly impact?: Impact; readonly detail?: string } = {},
): FrrChange {
  return {
    driver: 'frr',
    ...{ action, subject, impact },
    ...(detail === undefined ? {} : { detail }),
    step: { daemon, lines, ...(POLICY.test(subject) ? { isPolicy: true } : {}) },
  };
}
