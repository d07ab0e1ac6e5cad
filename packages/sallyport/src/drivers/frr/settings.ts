/** What a line of a block sets, and to what: two lines that set the same thing replace each other. */

/** Words that a value follows. What is in none of them is a setting without a value. */
const KEYS = [
  // router
  'bgp router-id',
  'bgp listen limit',
  'maximum-paths ibgp',
  'maximum-paths',
  'table-map',
  // neighbour
  'remote-as',
  'description',
  'update-source',
  'timers connect',
  'timers',
  'bfd profile',
  'password',
  'ttl-security hops',
  'ebgp-multihop',
  'local-as',
  'maximum-prefix',
  // route map
  'match ip address prefix-list',
  'match ipv6 address prefix-list',
  'match as-path',
  'match large-community',
  'set as-path prepend',
  'set large-community',
  'set local-preference',
  'set src',
  'set table',
  // BFD profile
  'transmit-interval',
  'receive-interval',
  'detect-multiplier',
  // outside of every block
  'bgp route-map delay-timer',
  'ip protocol bgp route-map',
  'ipv6 protocol bgp route-map',
] as const;

/** `route-map sp-… in` sets what comes in. */
const DIRECTED = /^(route-map|prefix-list|filter-list|distribute-list) (\S+) (in|out)$/;

export function toSetting(line: string): [key: string, value: string] {
  const directed = DIRECTED.exec(line);
  if (directed !== null) {
    const [, kind = '', value = '', direction = ''] = directed;
    return [`${kind} ${direction}`, value];
  }
  const key = KEYS.find((words) => line === words || line.startsWith(`${words} `));
  return key === undefined ? [line, ''] : [key, line.slice(key.length + 1)];
}

export function toLine(key: string, value: string): string {
  const [kind = '', direction = ''] = key.split(' ');
  if (DIRECTED.test(`${kind} x ${direction}`)) return `${kind} ${value} ${direction}`;
  return value === '' ? key : `${key} ${value}`;
}

/** Takes back what a line sets. */
export function toNoLine(line: string): string {
  return line.startsWith('no ') ? line.slice(3) : `no ${line}`;
}
