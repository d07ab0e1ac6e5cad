/**
 * What a change of each declared field does to a running tunnel, and what proves that it took effect.
 * One row for each field of each kind: `change-classes.test.ts` fails for a field without one, and
 * `docs/reference/change-classes.md` is generated from here.
 */
import type { Kind } from './objects.ts';

/**
 * `hot`: takes effect without touching an SA. `roll`: needs a new SA, which is brought up beside the old
 * one and proven before the old one ends. `cut`: old and new cannot stand side by side.
 */
export type ChangeClass = 'hot' | 'roll' | 'cut';

export interface ChangeEffect {
  readonly class: ChangeClass;
  /** What is different in daemon and kernel. */
  readonly effect: string;
  /** What is read back to prove it. */
  readonly proof: string;
}

const NO_EFFECT = {
  class: 'hot',
  effect: 'nothing on the host',
  proof: 'nothing to prove',
} as const;
const NEW_IKE_SA = 'a new IKE SA with its Child SAs';
const NEW_CHILD_SA = 'new Child SAs in the same IKE SA';
const OWN_IDENTITY = {
  class: 'cut',
  effect: 'everything under the old name is removed, and made anew under the new one',
  proof: 'connection, interface and routes of the new name; none of the old',
} as const;
const CREDENTIAL = {
  class: 'roll',
  effect: `the credential in the daemon, and ${NEW_IKE_SA} authenticated with it`,
  proof:
    'identifier of the loaded key, which tells its content and owner; that every IKE SA was made after that, since the daemon shows no secret and the other side has checked it',
} as const;
const PASSPHRASE = {
  class: 'hot',
  effect: 'nothing, if the content that it opens is the same',
  proof: 'fingerprint of the content',
} as const;
const NEW_CERTIFICATE = {
  class: 'roll',
  effect: `a new certificate, and ${NEW_IKE_SA} authenticated with it`,
  proof: CREDENTIAL.proof,
} as const;
const NEXT_CERTIFICATE = {
  class: 'hot',
  effect: 'the next certificate that is made',
  proof: 'that certificate',
} as const;
const NEXT_AUTHORITY = {
  class: 'hot',
  effect: 'the next authority, at its time or by sallyport pki rotate --ca',
  proof: 'its certificate',
} as const;
const SCHEDULE = {
  class: 'hot',
  effect: 'when the next one is made',
  proof: 'the dates that sallyport pki rotate --dry-run tells',
} as const;
const IKE_PROPOSALS = {
  class: 'roll',
  effect: NEW_IKE_SA,
  proof: 'hash in the loaded connection; algorithms and key size of the IKE SA',
} as const;
const ESP_PROPOSALS = {
  class: 'roll',
  effect: NEW_CHILD_SA,
  proof:
    'mark of the loaded child; algorithms and key sizes of the Child SAs and of the kernel states',
} as const;
const IKE_LIFETIME = {
  class: 'roll',
  effect: `${NEW_IKE_SA}: an IKE SA keeps the lifetime it was made with, through every rekey`,
  proof: 'lifetime of the loaded connection; time to the next rekey of the IKE SA',
} as const;
const CHILD_LIFETIME = {
  class: 'roll',
  effect: `${NEW_CHILD_SA}: a Child SA keeps the lifetime it was made with, through every rekey`,
  proof:
    'lifetime of the loaded child; time to the next rekey of the Child SAs; bytes only in the limits of the kernel states',
} as const;

const POLICY = {
  class: 'hot',
  effect: 'what is taken and told in BGP; the session stays',
  proof: 'the running configuration of bgpd; the routes that it takes and tells',
} as const;
const NEW_SESSION = {
  class: 'cut',
  effect:
    'the BGP session ends, and a new one begins: networks that nobody else tells of are dropped meanwhile; no SA is touched',
  proof: 'the running configuration of bgpd; the session is established',
} as const;
const TIMERS = {
  class: 'hot',
  effect: 'the timers of the BGP session; no SA is touched',
  proof: NEW_SESSION.proof,
} as const;

const PROBES = {
  class: 'hot',
  effect: 'what is asked through the tunnels, and when packets count as lost',
  proof: 'the probes of the report',
} as const;
const VIRTUAL = {
  class: 'hot',
  effect: 'which addresses one of the hosts holds on the LAN',
  proof: 'addresses of the interface; configuration of keepalived',
} as const;

const NODES = {
  class: 'hot',
  effect: 'ways between gateways and nodes; no SA is touched',
  proof: 'routes and nexthop objects of these hosts, the running configuration of bgpd',
} as const;

const OTHER_DAEMON = {
  class: 'cut',
  effect: 'tunnels from these addresses end in one IKE daemon and begin in another',
  proof: 'connections of each daemon; namespace of each interface',
} as const;

/** By kind, then by field path; `[]` stands for each element of a list. */
export const CHANGE_CLASSES: Readonly<Record<Kind, Readonly<Record<string, ChangeEffect>>>> = {
  Gateway: {
    'metadata.name': {
      class: 'hot',
      effect: 'nothing, if its connections name the new one',
      proof: 'the plan',
    },
    'metadata.namespace': OWN_IDENTITY,
    'metadata.labels': NO_EFFECT,
    'spec.placement.hosts': {
      class: 'cut',
      effect: 'tunnels end on one host and begin on another',
      proof: 'connections and interfaces of each host',
    },
    'spec.engine': {
      class: 'cut',
      effect: 'another IKE daemon takes UDP 500 and 4500',
      proof: 'the daemon that answers',
    },
    'spec.networks': {
      class: 'roll',
      effect: `${NEW_CHILD_SA} with the new selectors`,
      proof: 'selectors of the Child SAs and of the kernel policies',
    },
    'spec.dataPlane': {
      class: 'cut',
      effect: 'interface, routes, and the interface id or mark of every SA',
      proof: 'kind of the interface, routes, id of the kernel states',
    },
    'spec.mtu': {
      class: 'hot',
      effect: 'MTU of the interface and the MSS ceiling',
      proof: 'MTU of the interface; clamps of the firewall',
    },
    'spec.leakGuard': {
      class: 'hot',
      effect: 'unreachable routes and the rules of the firewall',
      proof: 'routes of table 8320; rules of the firewall',
    },
    'spec.bgp.asn': {
      ...NEW_SESSION,
      effect:
        'all BGP sessions end, and begin anew: learned networks are dropped meanwhile; no SA is touched',
    },
    'spec.availability.mode': VIRTUAL,
    'spec.availability.virtual.addresses': VIRTUAL,
    'spec.availability.virtual.interface': VIRTUAL,
    'spec.availability.virtual.routerId': VIRTUAL,
    'spec.nodes.encapsulation': NODES,
    'spec.nodes.device.interface': NODES,
    'spec.nodes.device.identity': NODES,
    'spec.bgp.nodeRanges': {
      class: 'hot',
      effect: 'which hosts of the cluster may speak BGP with their gateways',
      proof: 'the running configuration of bgpd',
    },
  },
  Connection: {
    'metadata.name': OWN_IDENTITY,
    'metadata.namespace': OWN_IDENTITY,
    'metadata.labels': NO_EFFECT,
    'spec.gateway': {
      class: 'cut',
      effect: 'networks, host and data plane of another gateway',
      proof: 'connection, interface and routes on the hosts of the new gateway',
    },
    'spec.probes.targets': PROBES,
    'spec.probes.intervalMilliseconds': PROBES,
    'spec.probes.failAfter': PROBES,
    'spec.probes.recoverAfter': PROBES,
    'spec.provider': {
      class: 'hot',
      effect: 'timers of BGP and BFD that are not declared',
      proof: 'the running configuration of bgpd and bfdd; timers of the session',
    },
    'spec.tunnels[].name': OWN_IDENTITY,
    'spec.tunnels[].host': {
      class: 'cut',
      effect: 'the tunnel ends on one host and begins on another',
      proof: 'connections and interfaces of each host',
    },
    'spec.tunnels[].local.address': {
      class: 'roll',
      effect: `${NEW_IKE_SA}; for an address of another shard of the host, with a gap`,
      proof: 'our address of the IKE SA',
    },
    'spec.tunnels[].local.id': {
      class: 'roll',
      effect: NEW_IKE_SA,
      proof: 'our identity of the IKE SA',
    },
    'spec.tunnels[].remote.address': {
      class: 'roll',
      effect: NEW_IKE_SA,
      proof: 'address of the other side in the IKE SA',
    },
    'spec.tunnels[].remote.id': {
      class: 'roll',
      effect: NEW_IKE_SA,
      proof: 'identity of the other side in the IKE SA',
    },
    'spec.tunnels[].inside[].local': {
      class: 'hot',
      effect: 'our address inside the tunnel, and a new BGP session from it',
      proof: 'addresses of the interface; the session',
    },
    'spec.tunnels[].inside[].remote': NEW_SESSION,
    'spec.tunnels[].priority': {
      class: 'hot',
      effect: 'which of several tunnels carries a network',
      proof: 'the routes',
    },
    'spec.auth.psk.secret': CREDENTIAL,
    'spec.auth.certificate.secret': CREDENTIAL,
    'spec.auth.certificate.peerAuthority': {
      class: 'roll',
      effect: `the authority that the other side must have, and ${NEW_IKE_SA} checked against it`,
      proof:
        'subjects of the authorities of the loaded connection, and the hash in it; every IKE SA was made after the change',
    },
    'spec.auth.certificate.revocation': {
      class: 'roll',
      effect: `whether a revocation list is demanded, and ${NEW_IKE_SA} checked so`,
      proof: 'hash in the loaded connection; every IKE SA was made after the change',
    },
    'spec.crypto': {
      class: 'roll',
      effect: `${NEW_IKE_SA}, or ${NEW_CHILD_SA} where only ESP differs`,
      proof: 'algorithms and lifetimes of the SAs',
    },
    'spec.crypto.ike.proposals': IKE_PROPOSALS,
    'spec.crypto.ike.rekeySeconds': IKE_LIFETIME,
    'spec.crypto.esp.proposals': ESP_PROPOSALS,
    'spec.crypto.esp.rekeySeconds': CHILD_LIFETIME,
    'spec.crypto.esp.rekeyBytes': CHILD_LIFETIME,
    'spec.mode': { class: 'cut', effect: 'mode of every Child SA', proof: 'mode of the Child SAs' },
    'spec.start': {
      class: 'roll',
      effect: 'who begins; to and from trap, the policies that wait for the first packet',
      proof: 'the loaded connection; trap policies',
    },
    'spec.liveness.delaySeconds': {
      class: 'roll',
      effect: `${NEW_IKE_SA}: an IKE SA keeps the delay it was made with`,
      proof:
        'delay of the loaded connection; of an IKE SA the daemon does not show it: that every one was made after the change',
    },
    'spec.encapsulation': {
      class: 'roll',
      effect: NEW_IKE_SA,
      proof: 'ports and encapsulation of the SAs',
    },
    'spec.selectors': {
      class: 'roll',
      effect: NEW_CHILD_SA,
      proof: 'names and selectors of the Child SAs',
    },
    'spec.routing.static.networks': {
      class: 'roll',
      effect: `routes, leak guard, and ${NEW_CHILD_SA} with the new selectors`,
      proof: 'selectors of the Child SAs, routes, firewall',
    },
    'spec.routing.bgp.asn': NEW_SESSION,
    'spec.routing.bgp.accept': {
      ...POLICY,
      effect: `${POLICY.effect}; the leak guard and TCP MSS of these networks`,
    },
    'spec.routing.bgp.longestPrefix.ipv4': POLICY,
    'spec.routing.bgp.longestPrefix.ipv6': POLICY,
    'spec.routing.bgp.advertise': POLICY,
    'spec.routing.bgp.transit': POLICY,
    'spec.routing.bgp.maximumPrefixes': POLICY,
    'spec.routing.bgp.timers.keepaliveSeconds': TIMERS,
    'spec.routing.bgp.timers.holdSeconds': TIMERS,
    'spec.routing.bgp.bfd': {
      class: 'hot',
      effect: 'how fast a dead neighbour is noticed; the session stays',
      proof: 'the BFD session with its intervals',
    },
    'spec.routing.bgp.bfd.intervalMilliseconds': {
      class: 'hot',
      effect: 'how fast a dead neighbour is noticed; the session stays',
      proof: 'the intervals of the BFD session',
    },
    'spec.routing.bgp.bfd.multiplier': {
      class: 'hot',
      effect: 'how fast a dead neighbour is noticed; the session stays',
      proof: 'the multiplier of the BFD session',
    },
    'spec.routing.bgp.ttlSecurity': NEW_SESSION,
    'spec.routing.bgp.password': NEW_SESSION,
    'spec.routing.bgp.onGatewayLoss': {
      class: 'hot',
      effect: 'nothing until a gateway is lost',
      proof: 'the plan, and what neighbours are told after that',
    },
    'spec.adminState': {
      class: 'cut',
      effect: 'the tunnel is taken down or brought up; its networks stay guarded',
      proof: 'no SA, or all of them',
    },
  },
  CryptoPolicy: {
    'metadata.name': {
      class: 'hot',
      effect: 'nothing, if its connections name the new one',
      proof: 'the plan',
    },
    'metadata.namespace': OWN_IDENTITY,
    'metadata.labels': NO_EFFECT,
    'spec.ike.proposals': IKE_PROPOSALS,
    'spec.ike.rekeySeconds': IKE_LIFETIME,
    'spec.esp.proposals': ESP_PROPOSALS,
    'spec.esp.rekeySeconds': CHILD_LIFETIME,
    'spec.esp.rekeyBytes': CHILD_LIFETIME,
  },
  Secret: {
    'metadata.name': CREDENTIAL,
    'metadata.namespace': OWN_IDENTITY,
    'metadata.labels': NO_EFFECT,
    'spec.psk.file': CREDENTIAL,
    'spec.pem.certificate': CREDENTIAL,
    'spec.pem.key': CREDENTIAL,
    'spec.pem.passphraseFile': PASSPHRASE,
    'spec.pem.authorities': CREDENTIAL,
    'spec.pkcs12.file': CREDENTIAL,
    'spec.pkcs12.passphraseFile': PASSPHRASE,
    'spec.authority.files': CREDENTIAL,
    'spec.authority.revocationLists': {
      class: 'roll',
      effect: `the lists in the daemon; where other certificates than before are revoked, ${NEW_IKE_SA}, and the end of the old one if the certificate of the other side is among them`,
      proof:
        'the lists that the daemon holds; every IKE SA was made after they revoke what they do',
    },
    'spec.issued.authority': NEW_CERTIFICATE,
    'spec.issued.subject': NEW_CERTIFICATE,
    'spec.issued.altNames': NEW_CERTIFICATE,
    'spec.issued.keyType': NEW_CERTIFICATE,
    'spec.issued.days': NEXT_CERTIFICATE,
    'spec.issued.renewAfterDays': SCHEDULE,
  },
  CertificateAuthority: {
    'metadata.name': {
      class: 'roll',
      effect: 'another authority is made, and certifies what names it',
      proof: 'as of a new certificate',
    },
    'metadata.namespace': OWN_IDENTITY,
    'metadata.labels': NO_EFFECT,
    'spec.host': {
      class: 'roll',
      effect: 'the new host makes an authority of its own',
      proof: 'the authorities of each host',
    },
    'spec.subject': NEXT_AUTHORITY,
    'spec.passphraseFile': {
      class: 'hot',
      effect: 'nothing, if the passphrase in it is the same',
      proof: 'the key of the authority can be opened',
    },
    'spec.parent': NEXT_AUTHORITY,
    'spec.keyType': NEXT_AUTHORITY,
    'spec.days': NEXT_AUTHORITY,
    'spec.renewAfterDays': SCHEDULE,
    'spec.crossOverDays': SCHEDULE,
    'spec.pathLength': NEXT_AUTHORITY,
    'spec.permittedDomains': NEXT_AUTHORITY,
    'spec.revocationList.urls': NEXT_CERTIFICATE,
    'spec.revocationList.days': {
      class: 'hot',
      effect: 'the next revocation list',
      proof: 'the list',
    },
  },
  Host: {
    'metadata.name': {
      class: 'cut',
      effect: 'tunnels end on one host and begin on another',
      proof: 'connections and interfaces of each host',
    },
    'metadata.namespace': OWN_IDENTITY,
    'metadata.labels': NO_EFFECT,
    'spec.addresses': {
      class: 'roll',
      effect: `${NEW_IKE_SA} from the new address, for tunnels without one of their own`,
      proof: 'our address of the IKE SA',
    },
    'spec.internalAddresses': NEW_SESSION,
    'spec.role': NODES,
    'spec.networks': NODES,
    'spec.weight': {
      class: 'hot',
      effect: 'how many flows of nodes go by this gateway, as they begin or pause',
      proof: 'groups of nexthop objects on the nodes',
    },
    'spec.shards[].name': OTHER_DAEMON,
    'spec.shards[].addresses': OTHER_DAEMON,
    'spec.capabilities.dataPlanes': {
      class: 'hot',
      effect: 'nothing on the host, which knows by itself what it can do',
      proof: 'the plan made elsewhere',
    },
    'spec.capabilities.underlayMtuBytes': {
      class: 'hot',
      effect: 'nothing on the host, which measures by itself',
      proof: 'the plan made elsewhere',
    },
    'spec.driftPolicy': {
      class: 'hot',
      effect: 'what the agent does about drift that comes after it; drift that stands is put right',
      proof: 'the condition Drifted',
    },
  },
};

export function changeClassReference(): string {
  const tables = Object.entries(CHANGE_CLASSES).flatMap(([kind, fields]) => [
    `## ${kind}`,
    '',
    '| field | class | what it changes | what proves it |',
    '|---|---|---|---|',
    ...Object.entries(fields).map(
      ([field, row]) => `| \`${field}\` | ${row.class} | ${row.effect} | ${row.proof} |`,
    ),
    '',
  ]);
  return [
    '# Change classes',
    '',
    'What a change of each field does to a running tunnel. `hot`: it takes effect without touching an SA.',
    '`roll`: it needs a new SA, which is brought up beside the old one and proven before the old one ends.',
    '`cut`: old and new cannot stand side by side, so there is a gap.',
    '',
    'What each change has cost in a lab: [changes-measured.md](changes-measured.md).',
    '',
    'This page is generated from `packages/sallyport/src/model/change-classes.ts`.',
    '',
    ...tables,
  ].join('\n');
}
