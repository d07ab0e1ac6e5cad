/**
 * Every code that parsing, validation and the reading of secrets can report, with its usual severity
 * and meaning. `docs/reference/problems.md` is generated from this table.
 */
import type { Severity } from '../lib/problem.ts';

export interface CodeEntry {
  readonly severity: Severity;
  /** One sentence for the reference: what is wrong and why it matters. */
  readonly meaning: string;
}

export type ProblemCode =
  | 'input/unreadable'
  | 'input/nothing'
  | 'yaml/syntax'
  | 'yaml/duplicate-key'
  | 'yaml/too-large'
  | 'yaml/too-many-aliases'
  | 'yaml/too-deep'
  | 'object/not-a-mapping'
  | 'object/unknown-kind'
  | 'object/unknown-api-version'
  | 'object/duplicate'
  | 'field/unknown'
  | 'field/missing'
  | 'field/wrong-type'
  | 'field/out-of-range'
  | 'field/not-allowed'
  | 'field/malformed'
  | 'prefix/malformed'
  | 'prefix/host-bits'
  | 'gateway/unknown-host'
  | 'gateway/duplicate-host'
  | 'gateway/availability'
  | 'gateway/virtual-address'
  | 'gateway/duplicate-router-id'
  | 'gateway/duplicate-virtual-address'
  | 'gateway/placed-on-node'
  | 'gateway/nodes-device'
  | 'gateway/nodes-differ'
  | 'gateway/nodes-family'
  | 'host/duplicate-shard'
  | 'host/duplicate-address'
  | 'host/role-differs'
  | 'host/shards-of-node'
  | 'host/networks-of-gateway'
  | 'host/weight-of-node'
  | 'host/node-without-gateway'
  | 'host/node-out-of-reach'
  | 'host/node-network'
  | 'host/node-beside-lan'
  | 'host/node-of-two-namespaces'
  | 'connection/unknown-gateway'
  | 'connection/unknown-secret'
  | 'connection/unknown-crypto-policy'
  | 'connection/auth-choice'
  | 'connection/routing-choice'
  | 'connection/secret-form'
  | 'secret/form-choice'
  | 'crypto-policy/reserved-name'
  | 'network/default-route'
  | 'network/overlaps-own'
  | 'network/overlaps-connection'
  | 'network/redundant'
  | 'network/contains-peer'
  | 'network/contains-host'
  | 'network/family-without-local'
  | 'tunnel/unknown-host'
  | 'tunnel/missing-host'
  | 'tunnel/duplicate-name'
  | 'tunnel/duplicate-pair'
  | 'tunnel/missing-remote-address'
  | 'tunnel/foreign-local-address'
  | 'tunnel/virtual-address'
  | 'tunnel/remote-is-local'
  | 'tunnel/family-mismatch'
  | 'tunnel/inside-pair'
  | 'tunnel/inside-overlap'
  | 'bgp/gateway-without-asn'
  | 'bgp/same-asn'
  | 'bgp/missing-inside'
  | 'bgp/inside-family'
  | 'bgp/advertises-foreign'
  | 'bgp/accepts-peer'
  | 'bgp/timers'
  | 'bgp/no-bfd'
  | 'bgp/gateway-loss-by-bfd'
  | 'tunnel/identity-notation'
  | 'proposal/unknown-keyword'
  | 'proposal/missing-encryption'
  | 'proposal/missing-integrity'
  | 'proposal/missing-prf'
  | 'proposal/missing-key-exchange'
  | 'proposal/mixed-ciphers'
  | 'proposal/misplaced-keyword'
  | 'proposal/not-in-daemon'
  | 'proposal/weak'
  | 'secret/file-missing'
  | 'secret/file-unreadable'
  | 'secret/file-empty'
  | 'secret/file-too-large'
  | 'secret/world-readable'
  | 'secret/trailing-newline'
  | 'secret/malformed'
  | 'secret/wrong-passphrase'
  | 'secret/too-many-iterations'
  | 'secret/no-certificate'
  | 'secret/no-key'
  | 'secret/encrypted-key'
  | 'secret/key-mismatch'
  | 'secret/list-untrusted'
  | 'secret/leaf-is-authority'
  | 'secret/several-leaves'
  | 'secret/chain-broken'
  | 'secret/weak-certificate'
  | 'secret/chain-loop'
  | 'secret/duplicate-serial'
  | 'secret/unusable-name'
  | 'secret/unknown-authority'
  | 'secret/authority-elsewhere'
  | 'authority/unknown-host'
  | 'authority/unknown-parent'
  | 'authority/parent-elsewhere'
  | 'authority/parent-loop'
  | 'authority/list-url'
  | 'certificate/renewed-too-late'
  | 'certificate/not-permitted'
  | 'certificate/expired'
  | 'certificate/not-yet-valid'
  | 'certificate/list-over'
  | 'certificate/identity-missing'
  | 'certificate/not-an-authority'
  | 'certificate/no-authority'
  | 'certificate/no-root'
  | 'certificate/key-usage'
  | 'certificate/extended-key-usage'
  | 'certificate/reserved-name'
  | 'certificate/policy';

export const PROBLEM_CODES: Readonly<Record<ProblemCode, CodeEntry>> = {
  'input/unreadable': error('A file or directory of declarations cannot be read'),
  'input/nothing': error('The input holds no declared object at all'),
  'yaml/syntax': error('The text is not valid YAML'),
  'yaml/duplicate-key': error('A key stands twice in one mapping, so that one value would be lost'),
  'yaml/too-large': error('A file of declarations is larger than the limit of 8 MiB'),
  'yaml/too-many-aliases': error('Aliases would unfold to far more than was written'),
  'yaml/too-deep': error('Values are nested deeper than any declaration needs'),
  'object/not-a-mapping': error(
    'A document is not a mapping with apiVersion, kind, metadata, spec',
  ),
  'object/unknown-kind': error('There is no kind of that name'),
  'object/unknown-api-version': error('The apiVersion is not one that this release reads'),
  'object/duplicate': error('Two objects of one kind have the same namespace and name'),
  'field/unknown': error('There is no field of that name at this place'),
  'field/missing': error('A field that has no default is absent'),
  'field/wrong-type': error('A value has another type than the field'),
  'field/out-of-range': error('A number, a length or a count lies outside its limits'),
  'field/not-allowed': error('A value is not among those that the field may have'),
  'field/malformed': error('A text does not have the form that the field demands'),
  'prefix/malformed': error('A text is not an address prefix such as 10.1.0.0/16 or 2001:db8::/32'),
  'prefix/host-bits': error('An address prefix has bits set behind its length'),
  'gateway/unknown-host': error('A gateway is placed on a host that is not declared'),
  'gateway/duplicate-host': error('A gateway names the same host twice'),
  'gateway/availability': error('The way of availability and the virtual addresses do not fit'),
  'gateway/virtual-address': error(
    'A virtual address does not lie on a LAN that every host of the gateway is on',
  ),
  'gateway/duplicate-router-id': error('Two gateways have one virtual router id on one interface'),
  'gateway/duplicate-virtual-address': error(
    'Two gateways have one virtual address, which two hosts would then hold',
  ),
  'gateway/placed-on-node': error('A gateway is placed on a node, which carries no tunnels'),
  'gateway/nodes-device': error('The encapsulation to the nodes and its device do not fit'),
  'gateway/nodes-differ': error(
    'Two gateways want their common nodes to reach them in different ways',
  ),
  'gateway/nodes-family': error(
    'Gateways and nodes have no addresses of one family, between which they could encapsulate',
  ),
  'host/duplicate-shard': error(
    'Two shards of a host are in one network namespace, which can have one IKE daemon',
  ),
  'host/duplicate-address': error(
    'An address belongs to two hosts of a cluster, or to two IKE daemons of a host, so that it is not clear which serves it',
  ),
  'host/role-differs': error('A host is a node for one namespace, and carries tunnels for another'),
  'host/shards-of-node': error('A node has shards, which are for hosts that carry tunnels'),
  'host/weight-of-node': error('A node has a weight, which is for hosts that carry tunnels'),
  'host/networks-of-gateway': error(
    'A host that is no node has networks: what lies behind gateways is a field of the Gateway',
  ),
  'host/node-without-gateway': error('A node has no gateway in its namespace'),
  'host/node-out-of-reach': error(
    'A node and a gateway have no addresses of one family, by which they could reach each other',
  ),
  'host/node-beside-lan': warning(
    'Gateways lie in their networks, and a node that they reach without encapsulation does not',
  ),
  'host/node-network': error(
    'A network of a node is not in the networks of its gateways, or lies behind another node, too',
  ),
  'host/node-of-two-namespaces': error(
    'A host leads to gateways or nodes of two namespaces, of which it can serve one',
  ),
  'connection/unknown-gateway': error('A connection names a gateway that is not declared'),
  'connection/unknown-secret': error('A connection names a secret that is not declared'),
  'connection/unknown-crypto-policy': error(
    'A connection names a crypto policy that is neither built in nor declared',
  ),
  'connection/auth-choice': error('A connection needs exactly one of psk and certificate'),
  'connection/routing-choice': error('A connection needs exactly one of static and bgp routing'),
  'connection/secret-form': error('A secret has another form than its use needs'),
  'secret/form-choice': error(
    'A secret needs exactly one of psk, pem, pkcs12, authority and issued',
  ),
  'crypto-policy/reserved-name': error('A declared crypto policy has the name of a built-in one'),
  'network/default-route': error(
    "A default route as remote network would draw all traffic, the tunnel's own too, into the tunnel",
  ),
  'network/overlaps-own': error('A remote network overlaps a network behind our own gateway'),
  'network/overlaps-connection': error(
    'Remote networks of two connections on one host overlap, so that packets would have two ways',
  ),
  'network/redundant': warning('A network lies inside another one of the same list'),
  'network/contains-peer': warning(
    'A remote network contains the outer address of its own peer: only IKE and ESP reach that address outside the tunnel',
  ),
  'network/contains-host': error(
    'A remote network contains an address of one of our hosts: what is sent there would go into the tunnel, or nowhere',
  ),
  'network/family-without-local': error(
    'A remote network is of an address family in which the gateway has no network',
  ),
  'tunnel/unknown-host': error('A tunnel names a host on which its gateway is not placed'),
  'tunnel/missing-host': error('The gateway has several hosts and the tunnel does not name one'),
  'tunnel/duplicate-name': error('Two tunnels of one connection have the same name'),
  'tunnel/duplicate-pair': error(
    'Two tunnels have the same outer addresses and identities, so that the daemon cannot tell them apart',
  ),
  'tunnel/missing-remote-address': error(
    'We are to begin, but the address of the other side is not known',
  ),
  'tunnel/foreign-local-address': error("A local address is not one of the host's"),
  'tunnel/virtual-address': error(
    'A tunnel on a virtual address is declared in a way that cannot go from host to host with it',
  ),
  'tunnel/remote-is-local': error('The remote address of a tunnel is an address of its own host'),
  'tunnel/family-mismatch': error(
    'The remote address is of a family in which there is no local address',
  ),
  'tunnel/inside-pair': error('The addresses inside a tunnel do not fit each other'),
  'tunnel/inside-overlap': error(
    'Two tunnels of one host have overlapping subnets or one other end inside, so that packets would have two ways',
  ),
  'bgp/gateway-without-asn': error(
    'A connection wants BGP, and its gateway has no number of an autonomous system',
  ),
  'bgp/same-asn': error(
    'The other side of a connection has the number of our own autonomous system',
  ),
  'bgp/missing-inside': error('A tunnel is to carry BGP and has no addresses inside'),
  'bgp/inside-family': error(
    'IPv6 networks are told over a tunnel that has no IPv6 address inside, which could be their next hop',
  ),
  'bgp/advertises-foreign': error(
    'A connection is to announce a network that does not lie behind its gateway',
  ),
  'bgp/accepts-peer': error(
    'The other side may announce a network that contains its own outer address',
  ),
  'bgp/timers': error('Timers of BGP that end the session by themselves'),
  'bgp/no-bfd': error('BFD with a provider that speaks none inside tunnels'),
  'bgp/gateway-loss-by-bfd': warning(
    'What is to happen when a gateway is lost has no effect where the other side notices by BFD',
  ),
  'tunnel/identity-notation': error(
    'An identity is a distinguished name that the IKE daemon cannot be told',
  ),
  'proposal/unknown-keyword': error('A proposal has a keyword that strongSwan does not know'),
  'proposal/missing-encryption': error('A proposal has no encryption algorithm'),
  'proposal/missing-integrity': error(
    'Encryption without authentication needs an integrity algorithm',
  ),
  'proposal/missing-prf': error('An IKE proposal with an AEAD algorithm needs a PRF of its own'),
  'proposal/missing-key-exchange': error('An IKE proposal needs a key exchange method'),
  'proposal/mixed-ciphers': error(
    'One proposal holds AEAD and other encryption algorithms (RFC 7296 §3.3 wants them apart)',
  ),
  'proposal/misplaced-keyword': error('A keyword has no meaning in this kind of proposal'),
  'proposal/not-in-daemon': error('The IKE daemon of a host does not offer an algorithm'),
  'proposal/weak': warning('An algorithm is too weak for new connections (RFC 8221, RFC 8247)'),
  'secret/file-missing': error(
    'A file of a secret does not exist; a warning where no tunnel of this host uses the secret',
  ),
  'secret/file-unreadable': error('A file of a secret cannot be read; a warning as above'),
  'secret/file-empty': error('A file of a secret has no content'),
  'secret/file-too-large': error('A file of a secret is larger than key material can be'),
  'secret/world-readable': warning('Everybody on the host can read a file with key material'),
  'secret/trailing-newline': warning(
    'The file of a pre-shared key ends with a newline, which is not taken as part of the key',
  ),
  'secret/malformed': error('The content of a file is not what the form of the secret demands'),
  'secret/wrong-passphrase': error('The passphrase does not open the file'),
  'secret/too-many-iterations': error(
    'An encrypted file asks for more work to derive its key than any honest one',
  ),
  'secret/no-certificate': error('There is no certificate where one is needed'),
  'secret/no-key': error('There is no private key beside the certificate'),
  'secret/encrypted-key': error('A file is encrypted, and there is no passphrase'),
  'secret/key-mismatch': error('The private key does not belong to the certificate'),
  'secret/list-untrusted': error('A revocation list is not signed by any authority of its secret'),
  'secret/leaf-is-authority': error(
    "What should be the gateway's certificate is that of an authority",
  ),
  'secret/several-leaves': error('A secret holds certificates of more than one gateway'),
  'secret/chain-broken': warning(
    'No authority in the secret has issued its certificate: a peer that has only the root cannot verify it',
  ),
  'secret/weak-certificate': warning(
    'A certificate has a key or a signature that strict peers refuse',
  ),
  'secret/chain-loop': error('Authorities of a chain have issued each other, and no root is there'),
  'secret/duplicate-serial': error(
    'Two certificates of one authority have the same serial number, so that nobody can tell them apart',
  ),
  'secret/unusable-name': error(
    "A gateway's certificate has names with quotes, control characters or letters outside ASCII",
  ),
  'secret/unknown-authority': error(
    'A secret is to be issued by a CertificateAuthority that does not exist',
  ),
  'secret/authority-elsewhere': error(
    'A certificate is used on another host than the one that keeps its authority',
  ),
  'authority/unknown-host': error('An authority is to be kept on a Host that does not exist'),
  'authority/unknown-parent': error('An authority names a parent that does not exist'),
  'authority/parent-elsewhere': error('An authority and its parent are kept on different hosts'),
  'authority/parent-loop': error('Authorities certify each other in a circle'),
  'authority/list-url': error(
    'The list of the authority that takes the place of this one would have the same URL',
  ),
  'certificate/not-permitted': error(
    'A name lies outside the domains that an authority may certify',
  ),
  'certificate/renewed-too-late': error(
    'A certificate would be made anew only when the old one has expired',
  ),
  'certificate/expired': error('A certificate is past its validity'),
  'certificate/not-yet-valid': {
    severity: 'waiting',
    meaning:
      'The validity of a certificate begins in the future, or the clock of the host is wrong',
  },
  'certificate/list-over': warning(
    'A revocation list is past the time at which the next one was due',
  ),
  'certificate/identity-missing': error(
    'Our identity is neither the subject nor a subject alternative name of our certificate',
  ),
  'certificate/not-an-authority': error("A certificate that must be a CA's is not one"),
  'certificate/no-authority': error(
    'Nothing says which CA must have issued the certificate of the other side',
  ),
  'certificate/no-root': error(
    'No root is known above the CA that must have issued the certificate of the other side, and the daemon trusts no chain without one',
  ),
  'certificate/key-usage': error(
    'A gateway signs with its key, and its certificate does not permit that (RFC 4945 §5.1.3.2)',
  ),
  'certificate/extended-key-usage': warning(
    'A certificate is limited to purposes of which none is IKE (RFC 4945 §5.1.3.12)',
  ),
  'certificate/reserved-name': warning(
    'A common name begins with `ovs_`, by which OVN knows its own certificates on OpenShift',
  ),
  'certificate/policy': error(
    'A key or a signature is not allowed by the crypto policy of the connection',
  ),
};

function error(meaning: string): CodeEntry {
  return { severity: 'error', meaning };
}

function warning(meaning: string): CodeEntry {
  return { severity: 'warning', meaning };
}

/** The table as a page of the reference. */
export function problemReference(): string {
  const rows = Object.entries(PROBLEM_CODES).map(
    ([code, { severity, meaning }]) => `| \`${code}\` | ${severity} | ${meaning} |`,
  );
  return [
    '# Problems',
    '',
    'What validation can say of a declaration. A code never changes its meaning. `error` refuses the',
    'whole input, `waiting` may come right by itself, `warning` is only said.',
    '',
    'This page is generated from `packages/sallyport/src/model/problem-codes.ts`.',
    '',
    '| code | severity | meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
