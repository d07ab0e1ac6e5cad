/**
 * Why a tunnel is not up, read from the daemon's log lines: charon raises no event when an attempt
 * fails, and its replies carry no code. Texts are those of strongSwan 5.9 and 6.0.
 */

import type { TunnelPlan } from '../../plan/host-plan.ts';
import type { Cause } from '../../status/host-report.ts';

export type CauseCode =
  | 'ike/no-answer'
  | 'ike/no-route'
  | 'ike/name-not-resolved'
  | 'ike/no-common-proposal'
  | 'ike/authentication-refused'
  | 'ike/wrong-psk'
  | 'ike/no-psk'
  | 'ike/no-private-key'
  | 'ike/wrong-identity'
  | 'ike/unknown-identity'
  | 'ike/certificate-untrusted'
  | 'ike/certificate-expired'
  | 'ike/peer-deleted'
  | 'child/no-common-proposal'
  | 'child/selectors-refused'
  | 'child/failed'
  | 'engine/not-running'
  | 'engine/no-answer';

export interface CauseText {
  /** `{1}`, `{2}`: what the log line named. `{peer}`, `{local}`, `{remote}`: the tunnel's own. */
  readonly message: string;
  readonly hint: string;
}

/** One sentence for what happened, one for what to do. `docs/reference/causes.md` is made from this. */
export const CAUSES: Readonly<Record<CauseCode, CauseText>> = {
  'ike/no-answer': {
    message: '{peer} did not answer',
    hint: 'ask the other side whether its gateway is up, and whether UDP 500 and 4500 pass every firewall between {local-address} and {peer}',
  },
  'ike/no-route': {
    message: 'packets to {peer} could not be sent: {1}',
    hint: 'look at the routes of this host to {peer}, and whether the outer interface is up',
  },
  'ike/name-not-resolved': {
    message: 'the name {peer} could not be resolved',
    hint: 'look it up from this host, or write the address in tunnels[].remote.address',
  },
  'ike/no-common-proposal': {
    message: 'no IKE proposal in common: we offer {ike}',
    hint: 'compare encryption, PRF or integrity, and the key exchange group of phase 1 with the other side',
  },
  'ike/authentication-refused': {
    message: '{peer} refused to authenticate us as {local-id}',
    hint: 'compare with the other side: the pre-shared key or certificate, our identity {local-id} as it must expect it, and its own identity {remote-id}; its log says which of them differs',
  },
  'ike/wrong-psk': {
    message: 'the pre-shared key of {1} differs from ours',
    hint: 'put the same key on both sides; look for a trailing blank or line break, and for another key that matches the same identity',
  },
  'ike/no-psk': {
    message: 'no pre-shared key of ours belongs to {1}; we expect {remote-id}',
    hint: 'if {1} is another one, set tunnels[].remote.id to it or correct the identity on the other side; else the log of the agent tells why the Secret was not loaded',
  },
  'ike/no-private-key': {
    message: 'no private key is loaded for our identity {1}',
    hint: 'see whether {1} is among the names in our certificate; else the log of the agent tells why its Secret was not loaded',
  },
  'ike/wrong-identity': {
    message: 'the other side is {1}, we expect {2}',
    hint: 'set tunnels[].remote.id to what the other side sends, or correct its identity',
  },
  'ike/unknown-identity': {
    message: '{1} calls and introduces itself as {2}, which no connection of ours expects',
    hint: 'set tunnels[].remote.id to {2} if that is right, or correct the identity on the other side; ours is {local-id}',
  },
  'ike/certificate-untrusted': {
    message: 'the certificate of {1} does not come from the authority that this connection accepts',
    hint: 'compare the issuer of its certificate with the Secret in auth.certificate.peerAuthority, and have the other side send its intermediate certificates',
  },
  'ike/certificate-expired': {
    message: 'a certificate is outside its lifetime: {1}',
    hint: 'renew it, and compare the clocks of both gateways',
  },
  'ike/peer-deleted': {
    message: '{peer} closed the tunnel',
    hint: 'ask the other side why; Sallyport tries again',
  },
  'child/no-common-proposal': {
    message: 'no ESP proposal in common: we offer {esp}',
    hint: 'compare encryption, integrity and the PFS group of phase 2 with the other side',
  },
  'child/selectors-refused': {
    message: 'the other side does not accept the networks we propose: {selectors}',
    hint: 'compare the networks on both sides, mirrored and with the same prefix lengths; try selectors: per-pair for a device that keeps one pair to an SA',
  },
  'child/failed': {
    message: 'the Child SA could not be made: {1}',
    hint: 'look at the log of the daemon on both sides',
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

export interface Finding {
  readonly code: CauseCode;
  /** What `{1}` and `{2}` stand for. */
  readonly named: readonly string[];
  /** Address of the other side, where the line names one and not the connection. */
  readonly peer?: string;
  /** Says more than a general failure that follows it. */
  readonly isSpecific: boolean;
}

interface Pattern {
  readonly code: CauseCode;
  readonly line: RegExp;
  readonly isSpecific?: boolean;
  /** `{1}` is who has proven to be somebody just before; the line does not say it. */
  readonly isOfAuthenticated?: boolean;
  /** We answer, and do not know yet for which connection. */
  readonly isOfCaller?: boolean;
}

const PATTERNS: readonly Pattern[] = [
  { code: 'ike/wrong-psk', line: /tried \d+ shared keys? for '.*' - '(.*)', but MAC mismatched/ },
  { code: 'ike/no-psk', line: /no shared key found for '.*' - '(.*)'/ },
  { code: 'ike/no-private-key', line: /no private key found for '(.*)'/ },
  {
    code: 'ike/wrong-identity',
    line: /constraint check failed: identity '(.*)' required/,
    isSpecific: false,
    isOfAuthenticated: true,
  },
  { code: 'ike/certificate-expired', line: /((?:subject|issuer) certificate invalid \(.*\))/ },
  {
    code: 'ike/certificate-untrusted',
    line: /constraint check failed: peer not authenticated by CA/,
    isOfAuthenticated: true,
  },
  { code: 'ike/certificate-untrusted', line: /no issuer certificate found for "(.*)"/ },
  {
    code: 'ike/certificate-untrusted',
    line: /no trusted \S+ public key found for '(.*)'/,
    isSpecific: false,
  },
  {
    code: 'child/no-common-proposal',
    line: /received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built|no acceptable proposal found/,
  },
  { code: 'ike/no-common-proposal', line: /received NO_PROPOSAL_CHOSEN notify error/ },
  { code: 'ike/no-common-proposal', line: /received proposals unacceptable/, isOfCaller: true },
  {
    code: 'child/selectors-refused',
    line: /received TS_UNACCEPTABLE notify, no CHILD_SA built|traffic selectors .* unacceptable/,
  },
  { code: 'child/failed', line: /(received \S+ notify, no CHILD_SA built)/ },
  { code: 'child/failed', line: /(unable to install .*IPsec (?:SA|policies).*)/ },
  { code: 'child/failed', line: /(failed to establish CHILD_SA.*)/, isSpecific: false },
  { code: 'ike/authentication-refused', line: /received AUTHENTICATION_FAILED notify error/ },
  { code: 'ike/name-not-resolved', line: /unable to resolve|resolving .* failed/ },
  { code: 'ike/no-route', line: /error writing to socket: (.*)/ },
  { code: 'ike/no-answer', line: /giving up after \d+ retransmits|peer not responding/ },
  { code: 'ike/peer-deleted', line: /received DELETE for IKE_SA/ },
];

/** `looking for peer configs matching 192.0.2.1[us]...192.0.2.2[them]`, before "no matching peer config". */
const LOOKING = /looking for peer configs matching \S+?\[.*\]\.\.\.(\S+?)\[(.*)\]/;

/** Before the configuration of the caller is looked for. */
const CALLER = /(\S+) is initiating an IKE_SA/;

/** Not of `authentication of 'us' (myself) with ...`. */
const AUTHENTICATED = /authentication of '(.*)' with .* successful/;

/** Reads log lines of one IKE SA in their order; keeps only what later lines need. */
export class LogReader {
  #lookingFor: { readonly peer: string; readonly id: string } | undefined;
  #caller: string | undefined;
  #authenticated: string | undefined;

  /** Address of the other side, where it began the IKE SA. */
  get caller(): string | undefined {
    return this.#caller;
  }

  /** What the line tells of a failure; undefined for every other line. */
  read(text: string): Finding | undefined {
    if (this.#remember(text)) return undefined;
    if (text.includes('no matching peer config found') && this.#lookingFor !== undefined) {
      const { peer, id } = this.#lookingFor;
      return { code: 'ike/unknown-identity', named: [peer, id], peer, isSpecific: true };
    }
    for (const pattern of PATTERNS) {
      const match = pattern.line.exec(text);
      if (match !== null) return this.#toFinding(pattern, match.slice(1));
    }
    return undefined;
  }

  #remember(text: string): boolean {
    const [, peer, id] = LOOKING.exec(text) ?? [];
    if (peer !== undefined && id !== undefined) this.#lookingFor = { peer, id };
    const [, caller] = CALLER.exec(text) ?? [];
    this.#caller = caller ?? this.#caller;
    const [, authenticated] = AUTHENTICATED.exec(text) ?? [];
    this.#authenticated = authenticated ?? this.#authenticated;
    return [peer, caller, authenticated].some((part) => part !== undefined);
  }

  #toFinding(pattern: Pattern, parts: readonly string[]): Finding {
    const { code, isSpecific = true, isOfAuthenticated = false, isOfCaller = false } = pattern;
    return {
      code,
      named: isOfAuthenticated ? [this.#authenticated ?? '', ...parts] : parts,
      ...(isOfCaller && this.#caller !== undefined ? { peer: this.#caller } : {}),
      isSpecific,
    };
  }
}

/**
 * What a finding is worth beside another one of about the same time. Silence says least. What follows
 * from a failure comes after the other side's verdict. What we have seen ourselves says most: it is the
 * reason, which the other side's verdict on us does not tell.
 */
const WORTH: Readonly<Record<CauseCode, number>> = {
  'engine/not-running': 0,
  'engine/no-answer': 0,
  'ike/no-answer': 0,
  'ike/peer-deleted': 0,
  'child/failed': 1,
  'ike/no-route': 2,
  'ike/name-not-resolved': 2,
  'ike/no-common-proposal': 2,
  'ike/authentication-refused': 2,
  'child/no-common-proposal': 2,
  'child/selectors-refused': 2,
  'ike/wrong-psk': 3,
  'ike/no-psk': 3,
  'ike/no-private-key': 3,
  'ike/wrong-identity': 3,
  'ike/unknown-identity': 3,
  'ike/certificate-untrusted': 3,
  'ike/certificate-expired': 3,
};

/** Whether a finding says more than one that was made shortly before it; of equals, the later one does. */
export function outranks(later: Finding, earlier: Finding): boolean {
  const [worth, before] = [WORTH[later.code], WORTH[earlier.code]];
  return worth > before || (worth === before && (later.isSpecific || !earlier.isSpecific));
}

/** The cause in words. `at` is an RFC 3339 time. */
export function toCause(
  finding: Pick<Finding, 'code' | 'named'>,
  tunnel: TunnelPlan,
  at: string,
): Cause {
  const { message, hint } = CAUSES[finding.code];
  const fill = (text: string): string =>
    text.replaceAll(/\{([a-z0-9-]+)\}/g, (_whole, name: string) =>
      nameOf(name, finding.named, tunnel),
    );
  return { code: finding.code, message: fill(message), hint: fill(hint), at };
}

function nameOf(name: string, named: readonly string[], tunnel: TunnelPlan): string {
  switch (name) {
    case 'peer':
      return tunnel.remoteAddress ?? 'the other side';
    case 'local-address':
      return tunnel.localAddress ?? 'this host';
    case 'local-id':
      return tunnel.localId;
    case 'remote-id':
      return tunnel.remoteId;
    case 'ike':
      return tunnel.ikeProposals.join(', ');
    case 'esp':
      return tunnel.espProposals.join(', ');
    case 'selectors':
      return tunnel.children
        .map(
          (child) => `${child.localSelectors.join(', ')} <-> ${child.remoteSelectors.join(', ')}`,
        )
        .join('; ');
    default:
      return named[Number(name) - 1] || 'somebody else';
  }
}
