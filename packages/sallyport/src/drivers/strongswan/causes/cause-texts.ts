/** The causes of a failed negotiation in words. `docs/reference/causes.md` is made from this. */

export interface CauseText {
  /**
   * What happened. `{1}` to `{4}`: what the log line named. `{peer}`, `{local-address}`, `{local-id}`,
   * `{remote-id}`, `{ike}`, `{esp}`, `{selectors}`, `{authorities}`: the tunnel's own.
   */
  readonly message: string;
  /** In place of `message`, where the line named more. */
  readonly told?: string;
  /** What to do; stands with both. */
  readonly hint: string;
  /** What `{1}` to `{4}` are, for the reference. */
  readonly names?: readonly string[];
}

type Texts<Code extends string> = Readonly<Record<Code, CauseText>>;

type ReachingCode =
  | 'ike/no-answer'
  | 'ike/nat-t-port-blocked'
  | 'ike/silent-after-init'
  | 'ike/peer-busy'
  | 'ike/no-route'
  | 'ike/output-blocked'
  | 'ike/name-not-resolved';

const REACHING: Texts<ReachingCode> = {
  'ike/no-answer': {
    message: '{peer} did not answer',
    told: '{peer} did not answer: {1} packets left this host for its UDP port {2}, and nothing came back',
    hint: 'ask the other side whether its gateway is up, and whether UDP 500 and 4500 pass every firewall between {local-address} and {peer}',
    names: ['number', 'port'],
  },
  'ike/nat-t-port-blocked': {
    message: '{peer} answered on UDP port 500, and nothing came back from its port 4500',
    hint: 'let UDP 4500 pass in both directions between {local-address} and {peer}: behind NAT, and with forced encapsulation, IKE goes on there after its first two packets',
  },
  'ike/silent-after-init': {
    message: '{peer} took part in IKE_SA_INIT and then fell silent',
    hint: 'see whether the path between {local-address} and {peer} drops large or fragmented UDP packets, since IKE_AUTH with certificates is the first large one; the log of the other side tells whether IKE_AUTH arrived, and why it is not answered',
  },
  'ike/peer-busy': {
    message:
      '{peer} asked for a cookie and then did not answer: it limits how many new IKE SAs it takes',
    hint: 'have the other side raise its limits of half-open IKE SAs (in all, and for one address), or let fewer tunnels come up from {local-address} at once: --window of the agent',
  },
  'ike/no-route': {
    message: 'packets to {peer} could not be sent: {1}',
    hint: 'look at the routes of this host to {peer}, and whether the outer interface is up',
    names: ['error of the socket'],
  },
  'ike/output-blocked': {
    message: 'packets to {peer} did not leave this host: its own firewall drops them on output',
    hint: 'let UDP 500 and 4500 from {local-address} to {peer} pass in the output rules of this host (nft list ruleset), and see whether its connection tracking table is full (dmesg)',
  },
  'ike/name-not-resolved': {
    message: 'the name {peer} could not be resolved',
    hint: 'look it up from this host, or write the address in tunnels[].remote.address',
  },
};

type AgreeingCode = 'ike/no-common-proposal' | 'ike/version-1';

const AGREEING: Texts<AgreeingCode> = {
  'ike/no-common-proposal': {
    message: 'no IKE proposal in common: we offer {ike}',
    told: 'no IKE proposal in common: {peer} offers {1}, we accept {2}',
    hint: 'compare encryption, PRF or integrity, and the key exchange group of phase 1 with the other side; a gateway that has no connection for {local-address}, or only one of IKEv1, answers in the same way',
    names: ['its IKE proposals', 'our IKE proposals'],
  },
  'ike/version-1': {
    message: '{peer} speaks IKEv1, which is never accepted here',
    hint: 'have the other side set its connection for {local-address} to IKEv2',
  },
};

type ProvingCode =
  | 'ike/authentication-refused'
  | 'ike/not-authenticated'
  | 'ike/wrong-psk'
  | 'ike/no-psk'
  | 'ike/no-private-key'
  | 'ike/wrong-identity'
  | 'ike/unknown-identity'
  | 'ike/certificate-untrusted'
  | 'ike/certificate-wrong-name'
  | 'ike/certificate-expired'
  | 'ike/certificate-not-yet-valid'
  | 'ike/certificate-revoked'
  | 'ike/certificate-unchecked'
  | 'ike/certificate-key-usage';

const PROVING: Texts<ProvingCode> = {
  'ike/authentication-refused': {
    message: '{peer} refused to authenticate us as {local-id}',
    hint: 'compare with the other side: the pre-shared key or certificate (which must be valid by its clock), our identity {local-id} as it must expect it, and its own identity {remote-id}; its log says which of them differs',
  },
  'ike/not-authenticated': {
    message: '{peer} did not prove to be {remote-id}',
    hint: 'look at the log of the daemon on this host; compare the pre-shared key or certificate and the identity {remote-id} with the other side',
  },
  'ike/wrong-psk': {
    message: 'the pre-shared key of {1} differs from ours',
    hint: 'put the same key on both sides; look for a trailing blank or line break, and for another key that matches the same identity',
    names: ['its identity'],
  },
  'ike/no-psk': {
    message: 'no pre-shared key of ours belongs to {1}; we expect {remote-id}',
    hint: 'if these two differ, set tunnels[].remote.id to {1} or correct the identity on the other side; else the log of the agent tells why the Secret was not loaded',
    names: ['identity that it sent'],
  },
  'ike/no-private-key': {
    message: 'no private key is loaded for our identity {1}',
    hint: 'see whether {1} is among the names in our certificate; else the log of the agent tells why its Secret was not loaded',
    names: ['our identity'],
  },
  'ike/wrong-identity': {
    message: 'the other side is {1}, we expect {2}',
    hint: 'if that is the right gateway, set tunnels[].remote.id to the identity that it sends; else correct its identity there, or tunnels[].remote.address here',
    names: ['identity that it proved', 'identity in the declaration'],
  },
  'ike/unknown-identity': {
    message: '{1} calls and introduces itself as {2}, which no connection of ours expects',
    hint: 'set tunnels[].remote.id to {2} if that is right, or correct the identity on the other side; ours is {local-id}',
    names: ['address of the caller', 'identity that it sent'],
  },
  'ike/certificate-untrusted': {
    message:
      'the certificate of {1} does not come from what this connection accepts: {authorities}',
    told: 'the certificate of {1} comes from {2}, and this connection accepts {authorities}',
    hint: 'compare the issuer of its certificate with the Secret in auth.certificate.peerAuthority, and have the other side send its intermediate certificates; of an authority that is no root, add the root above it to that Secret',
    names: ['subject', 'issuer'],
  },
  'ike/certificate-wrong-name': {
    message: 'the certificate {1} does not hold the identity {remote-id} of the other side',
    told: 'the certificate {1} does not hold the identity {2} of the other side',
    hint: 'have the certificate issued with that identity among its subject alternative names, or set the identity there and tunnels[].remote.id here to a name that it holds',
    names: ['subject', 'identity that it sent'],
  },
  'ike/certificate-expired': {
    message: 'the certificate of the other side has expired',
    told: 'the certificate of {1} expired on {2}; the clock of this host shows {3}',
    hint: 'have the certificate renewed, or set the clock of this host if that is wrong',
    names: ['subject', 'time', 'time here'],
  },
  'ike/certificate-not-yet-valid': {
    message: 'the certificate of {1} is valid only from {2}; the clock of this host shows {3}',
    hint: 'compare the clocks of this host and of the authority that issued the certificate; set up NTP on both',
    names: ['subject', 'time', 'time here'],
  },
  'ike/certificate-revoked': {
    message: 'the certificate of the other side was revoked',
    told: 'the certificate of {1} was revoked on {2} by {4}: {3}',
    hint: 'have the other side use a new certificate; one that was revoked by mistake must be issued anew, too',
    names: ['subject', 'time', 'reason', 'authority of the list'],
  },
  'ike/certificate-unchecked': {
    message:
      'no revocation list that is not over says that the certificate of the other side is good',
    told: 'no revocation list that is not over says that {1} is good, as this connection demands',
    hint: 'get the present list of each of its authorities, and put it into revocationLists of the Secret in auth.certificate.peerAuthority; or set revocation: relaxed in auth.certificate',
    names: ['subject'],
  },
  'ike/certificate-key-usage': {
    message:
      'the certificate of {1} does not permit its key to sign, which is how a gateway proves itself',
    hint: 'have it issued again with key usage digitalSignature, or without that extension (RFC 4945 §5.1.3.2)',
    names: ['subject'],
  },
};

type ChildCode =
  | 'child/no-common-proposal'
  | 'child/rekey-refused'
  | 'child/selectors-refused'
  | 'child/selectors-narrowed'
  | 'child/failed';

const CHILDREN: Texts<ChildCode> = {
  'child/no-common-proposal': {
    message: 'no ESP proposal in common: we offer {esp}',
    told: 'no ESP proposal in common: {peer} offers {1}, we accept {2}',
    hint: 'compare encryption, integrity and the PFS group of phase 2 with the other side',
    names: ['its ESP proposals', 'our ESP proposals'],
  },
  'child/rekey-refused': {
    message: 'the Child SA works and cannot be rekeyed: no proposal in common, we offer {esp}',
    told: 'the Child SA works and cannot be rekeyed: {peer} offers {1}, we accept {2}',
    hint: 'compare the PFS group (the key exchange group of phase 2) with the other side: the first Child SA takes its keys from the IKE SA and needs none; packets are lost when its lifetime ends',
    names: ['its ESP proposals', 'our ESP proposals'],
  },
  'child/selectors-refused': {
    message: 'the other side does not accept the networks we propose (ours <-> its): {selectors}',
    told: 'the other side proposes the networks (ours <-> its) {1} <-> {2}, we have {selectors}',
    hint: 'compare the networks on both sides, mirrored and with the same prefix lengths; try selectors: per-pair for a device that keeps one pair to an SA',
    names: ['our networks as it sees them', 'its networks'],
  },
  'child/selectors-narrowed': {
    message: 'the other side has left out {1}: it accepts {2} only',
    hint: 'have the other side add what it leaves out, with the same prefix lengths; try selectors: per-pair for a device that keeps one pair to an SA, or take the networks out of this connection',
    names: ['networks that are missing', 'networks that it accepts'],
  },
  'child/failed': {
    message: 'the Child SA could not be made: {1}',
    hint: 'look at the log of the daemon on both sides',
    names: ['line of the log'],
  },
};

type StayingCode = 'ike/peer-deleted' | 'ike/flapping' | 'engine/not-running' | 'engine/no-answer';

const STAYING: Texts<StayingCode> = {
  'ike/peer-deleted': {
    message: '{peer} closed the tunnel',
    hint: 'the log of the other side tells why; a tunnel that we initiate is tried again by itself',
  },
  'ike/flapping': {
    message:
      '{peer} closed the tunnel or fell silent {1} times within ten minutes, each time after it had come up',
    hint: 'look for another gateway that connects to {peer} with our identity {local-id}: a device that keeps one tunnel to an identity ends the older one, with or without a word (unique IDs, INITIAL_CONTACT), so each gateway needs an identity of its own; else the log of the other side tells why it closes, or the path loses packets',
    names: ['number'],
  },
  'engine/not-running': {
    message: 'the IKE daemon does not run',
    hint: 'see the log of the agent; it starts the daemon again by itself',
  },
  'engine/no-answer': {
    message: 'the IKE daemon runs and does not answer: what the tunnel does is not known',
    hint: 'packets go on with the SAs that the kernel has until these expire; if the daemon stays silent, end it with SIGKILL: the agent starts it again',
  },
};

export type CauseCode = ReachingCode | AgreeingCode | ProvingCode | ChildCode | StayingCode;

export const CAUSES: Texts<CauseCode> = {
  ...REACHING,
  ...AGREEING,
  ...PROVING,
  ...CHILDREN,
  ...STAYING,
};

/** In the order in which a negotiation meets them. */
export const CAUSE_TOPICS: readonly { readonly title: string; readonly causes: Texts<string> }[] = [
  { title: 'Reaching the other side', causes: REACHING },
  { title: 'Agreeing on IKE', causes: AGREEING },
  { title: 'Proving who is who', causes: PROVING },
  { title: 'Making Child SAs', causes: CHILDREN },
  { title: 'Staying up', causes: STAYING },
];
