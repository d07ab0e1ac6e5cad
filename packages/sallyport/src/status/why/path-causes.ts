/**
 * Causes on the data path: a sentence for what is wrong, and one for what to do. `{name}` is filled in
 * by whoever finds it; `docs/reference/causes.md` is made from this. The worst, and what explains others,
 * comes first.
 */
import type { Finding } from './explanation.ts';

interface PathCauseText {
  readonly message: string;
  readonly hint: string;
}

export type PathCode =
  | 'path/peer-unreachable'
  | 'path/peer-through-tunnel'
  | 'path/firewall-drops-outer'
  | 'path/reverse-path-filter'
  | 'path/not-as-declared'
  | 'path/drained'
  | 'path/drilled'
  | 'path/unanswered'
  | 'path/bgp-down'
  | 'path/bgp-silent'
  | 'path/bgp-refused'
  | 'path/forwarding-off'
  | 'path/route-elsewhere'
  | 'path/not-learned'
  | 'path/route-missing'
  | 'path/firewall-drops'
  | 'path/source-translated'
  | 'path/outside-selectors'
  | 'path/unknown-spi'
  | 'path/template-mismatch'
  | 'path/no-inbound-policy'
  | 'path/policy-blocks'
  | 'path/no-outbound-state'
  | 'path/damaged'
  | 'path/replayed'
  | 'path/mtu-black-hole'
  | 'path/mtu-smaller'
  | 'path/mtu-untold'
  | 'path/nothing-comes-back'
  | 'path/nothing-goes-out'
  | 'path/not-sent'
  | 'path/target-silent';

/** The order is that of their weight. */
export const PATH_CAUSES: Readonly<Record<PathCode, PathCauseText>> = {
  'path/peer-unreachable': {
    message: 'this host has no way to {peer}: {error}',
    hint: 'look at the routes of this host to {peer}, and whether the outer interface is up',
  },
  'path/peer-through-tunnel': {
    message: 'the way to {peer} itself leads into the tunnel interface {interface}',
    hint: 'give {peer} a route through the outer interface; see "ip route get {peer}"',
  },
  'path/firewall-drops-outer': {
    message: 'a firewall of this host drops {flow} between us and {peer}: {place}',
    hint: 'let IKE (UDP 500 and 4500) and ESP (IP protocol 50) pass between this host and {peer} in both directions',
  },
  'path/reverse-path-filter': {
    message:
      'strict reverse path filtering on {interface} drops packets from {source}, since the way back to it leads elsewhere',
    hint: 'set net.ipv4.conf.{interface}.rp_filter and net.ipv4.conf.all.rp_filter to 2 (loose) or 0, or correct the route back to {source}',
  },
  'path/not-as-declared': {
    message: 'what is there is not yet, or not any more, as declared: {difference}',
    hint: 'the agent goes on trying by itself; its log says what keeps it from it',
  },
  'path/unanswered': {
    message: 'the tunnel is up and carries nothing: {reason}',
    hint: 'see whether the other side takes what we send: its routes, its firewall, and whether it has been restarted; packets go by another way meanwhile where there is one',
  },
  'path/bgp-down': {
    message: 'the tunnel is up, and BGP with {address} (AS {asn}) inside it is not: {state}',
    hint: 'compare with the other side: autonomous systems, both inside addresses, password, and whether it lets TCP port 179 from us in',
  },
  'path/bgp-silent': {
    message: 'BGP with {address} is established, and the other side tells no prefix',
    hint: 'have the other side announce its networks to us; FRR and others tell nothing where no policy permits it (RFC 8212)',
  },
  'path/bgp-refused': {
    message: 'none of the {received} prefixes that {address} tells is taken',
    hint: 'compare what it tells with accept and longestPrefix of the Connection; the default route and our own networks are never taken',
  },
  'path/drained': {
    message: 'this host is drained since {since}: others are to carry its packets',
    hint: 'that is wanted before it is stopped; "sallyport gateway undrain NAME" takes it back',
  },
  'path/drilled': {
    message: 'a drill has taken the tunnel out until {until}',
    hint: 'wait for its end: the agent brings it back by itself',
  },
  'path/forwarding-off': {
    message: 'this host does not pass on packets that come in through {interface}',
    hint: 'set {sysctl} to 1, and look for what switches it off',
  },
  'path/route-elsewhere': {
    message: 'packets for {prefix} go to {interface} instead of into the tunnel interface {wanted}',
    hint: 'remove {by}, or exempt {prefix} from it; rules of Sallyport have the priorities 8300 to 8320',
  },
  'path/not-learned': {
    message: 'nobody has told the way to {prefix} by BGP: {error}',
    hint: 'have the other side announce a prefix that holds {address}; "sallyport status" has all that was learned',
  },
  'path/route-missing': {
    message: 'there is no way to {prefix} into the tunnel: {error}',
    hint: 'see "ip rule" and "ip route get {address}": {by} comes before the route into the tunnel',
  },
  'path/firewall-drops': {
    message: 'a firewall of this host drops packets {packet}: {place}',
    hint: 'let the networks of the tunnel pass in this chain; "nft -a list ruleset" shows rules with their numbers',
  },
  'path/source-translated': {
    message:
      'address translation changes the source of {packet} before it enters the tunnel: {place}',
    hint: 'exempt the networks of the tunnel from translation: what has another source is not for the tunnel',
  },
  'path/outside-selectors': {
    message: 'packets were sent into {interface} that no SA takes',
    hint: 'compare their source and destination with the networks that were agreed: {selectors}; the gateway itself must send from an address inside them',
  },
  'path/unknown-spi': {
    message:
      'ESP arrives under an SPI that this host does not have: the other side uses an SA that is gone here',
    hint: 'have the other side delete its SA and negotiate anew; if it comes back, switch on dead peer detection there',
  },
  'path/template-mismatch': {
    message:
      'packets were decrypted and then refused, since they came under another SA than their policy asks for',
    hint: 'look for policies that are not ours with "ip xfrm policy", and compare mode and networks with the other side',
  },
  'path/no-inbound-policy': {
    message:
      'packets were decrypted that no policy allows: their addresses are outside the networks that were agreed',
    hint: 'compare the networks on both sides with {selectors}; the other side sends more than that into the tunnel',
  },
  'path/policy-blocks': {
    message: 'a policy of this host forbids packets outright',
    hint: 'look for policies with "action block" in "ip xfrm policy": they are not of Sallyport',
  },
  'path/no-outbound-state': {
    message: 'packets wait for an SA that is not there',
    hint: 'see why it does not come up; look for policies without an SA in "ip xfrm policy"',
  },
  'path/damaged': {
    message:
      'ESP arrives that cannot be authenticated: it was changed on the way, or keyed differently',
    hint: 'have the SA negotiated anew on both sides; if it goes on, look for a device on the path that changes packets',
  },
  'path/replayed': {
    message: 'ESP arrives twice, or too late for the replay window',
    hint: 'look for a path that doubles packets or changes their order, such as load sharing packet by packet',
  },
  'path/mtu-black-hole': {
    message:
      'packets of {small} bytes pass and those of {large} bytes, the MTU of the tunnel, do not: the path carries less than planned, and nobody says so',
    hint: 'set mtu of the Gateway to {fits} or less; better, let ICMP "fragmentation needed" (IPv6: "packet too big") pass between the gateways',
  },
  'path/mtu-smaller': {
    message:
      'the path to {peer} carries packets of {path} bytes: {fits} bytes fit into the tunnel, {large} are planned',
    hint: 'set mtu of the Gateway to {fits}; meanwhile connections depend on ICMP that reaches their ends',
  },
  'path/mtu-untold': {
    message:
      'packets of {large} bytes, one more than the MTU of the tunnel, get lost, and nobody says so: whoever sends them never learns what fits',
    hint: 'see that "ip route get" tells an MTU of {fits} for networks of the other side, and that no firewall drops ICMP "fragmentation needed" (IPv6: "packet too big")',
  },
  'path/nothing-comes-back': {
    message: 'we send into the tunnel and nothing comes back',
    hint: 'ask the other side whether its counter of incoming packets grows; if so, compare its routes and firewall for {local}, if not, look for ESP that is lost between {peer} and us',
  },
  'path/nothing-goes-out': {
    message: 'packets come out of the tunnel, and nothing is sent into it',
    hint: 'see whether the hosts in {local} send their answers to this gateway, and whether their own firewalls let {remote} in',
  },
  'path/not-sent': {
    message: 'packets for {target} do not enter the tunnel',
    hint: 'see "ip route get {target}", and what stops them on this host',
  },
  'path/target-silent': {
    message: 'the tunnel carries packets both ways, and {target} does not answer pings',
    hint: 'try another address behind the other side; see whether {target} is up, answers pings, and has a route back to {local}',
  },
};

export interface Found {
  readonly code: PathCode;
  /** What stands for `{name}` in the sentences. */
  readonly named?: Readonly<Record<string, string | number>>;
  readonly evidence?: readonly string[];
}

/** The cause in words. */
export function toFinding({ code, named = {}, evidence = [] }: Found): Finding {
  const fill = (text: string): string =>
    text.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => String(named[name] ?? whole));
  const { message, hint } = PATH_CAUSES[code];
  return { code, message: fill(message), hint: fill(hint), evidence };
}
