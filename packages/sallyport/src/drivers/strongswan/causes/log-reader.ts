/**
 * Why a negotiation failed, read from the daemon's log lines: charon raises no event when an attempt
 * fails, and its replies carry no code. Texts are those of strongSwan 5.9 and 6.0. Every pattern is bound
 * to the beginning of its line, since what a peer sends stands further on.
 */
import type { CauseCode } from './cause-texts.ts';
import type { Diagnosis } from './diagnosis.ts';
import { LogMemory } from './log-memory.ts';

/** What a line tells: a failure, that one is over, or that an IKE SA (its unique id) is up. */
export type Told = Diagnosis | { readonly mends: CauseCode } | { readonly established: string };

/** Longest name taken out of a line, in UTF-16 units. */
const MAX_NAME = 400;

type Tells = (parts: readonly string[], memory: LogMemory, now: Date) => Told | undefined;

/** Reads log lines of one IKE SA in their order; keeps only what later lines need. */
export class LogReader {
  readonly #memory = new LogMemory();

  /** Address of the other side, where it began the IKE SA. */
  get caller(): string | undefined {
    return this.#memory.caller;
  }

  /** What the line tells; undefined for every line that tells of no failure. */
  read(line: string, now: Date): Told | undefined {
    this.#memory.take(line);
    for (const [pattern, tells] of PATTERNS) {
      const match = pattern.exec(line);
      if (match === null) continue;
      return tells(match.slice(1), this.#memory, now);
    }
    return undefined;
  }
}

function found(code: CauseCode, named: readonly string[], isSpecific = true): Diagnosis {
  return { code, named: named.map((name) => name.slice(0, MAX_NAME)), isSpecific };
}

/** `{1}`, `{2}`, ... are what the pattern has caught. */
function says(code: CauseCode, isSpecific = true): Tells {
  return (parts) => found(code, parts, isSpecific);
}

/** No proposal in common. Says more where the other side has sent its own: then both lists are known. */
function saysNoProposal(code: CauseCode, { proposals }: LogMemory): Diagnosis {
  const lists = proposals?.ours === undefined ? [] : [proposals.theirs, proposals.ours];
  return found(code, lists, lists.length > 0);
}

/** A fault of the certificate that was sent. Only the first one is: more are of others, kept from earlier. */
function saysOfCertificate(tells: Tells): Tells {
  return (parts, memory, now) => {
    if (memory.hasCertificateFault) return undefined;
    memory.hasCertificateFault = true;
    return memory.isOfOtherName
      ? found('ike/certificate-wrong-name', [memory.certificate ?? ''])
      : tells(parts, memory, now);
  };
}

const noCommonEsp: Tells = (_parts, memory) =>
  saysNoProposal(memory.isRekey ? 'child/rekey-refused' : 'child/no-common-proposal', memory);

/** The other side has fallen silent: how far did we get with it? */
const silence: Tells = (_parts, memory) => {
  if (memory.isEstablished) return { ...found('ike/no-answer', []), endsSa: true };
  if (memory.hasInit && memory.sentToPort === NAT_T_PORT) {
    return found('ike/nat-t-port-blocked', []);
  }
  if (memory.hasInit) return found('ike/silent-after-init', []);
  if (memory.asksCookie) return found('ike/peer-busy', []);
  const isTold = memory.packetsSent > 1;
  return found(
    'ike/no-answer',
    isTold ? [String(memory.packetsSent), String(memory.sentToPort)] : [],
  );
};

/** RFC 3948. */
const NAT_T_PORT = 4500;

/** In our order: the first one that fits is taken. */
const PATTERNS: readonly (readonly [line: RegExp, tells: Tells])[] = [
  [/^giving up after \d+ re(?:transmits|tries)$/, silence],
  [/^establishing IKE_SA failed, peer not responding$/, silence],
  [
    /^deleting half open IKE_SA with (\S+) after timeout$/,
    ([peer = ''], { hasNat }) => ({
      ...found(hasNat ? 'ike/nat-t-port-blocked' : 'ike/silent-after-init', []),
      peer,
    }),
  ],
  [/^error writing to socket: Operation not permitted$/, says('ike/output-blocked')],
  [/^error writing to socket: (.*)$/, says('ike/no-route')],
  [/^unable to resolve |^resolving '.*' failed: /, () => found('ike/name-not-resolved', [])],

  [
    /^received NO_PROPOSAL_CHOSEN notify error$|^received proposals unacceptable$/,
    (_parts, memory) => ({
      ...saysNoProposal('ike/no-common-proposal', memory),
      // We answer, and do not know yet for which connection.
      ...(memory.caller === undefined ? {} : { peer: memory.caller }),
    }),
  ],
  [/^received INVALID_MAJOR_VERSION notify error$/, says('ike/version-1')],
  [
    /^no IKE config found for \S+\.\.\.(\S+), sending /,
    ([peer = ''], { exchange }) =>
      // RFC 2409: Main Mode and Aggressive Mode.
      /^(?:ID_PROT|AGGRESSIVE)$/.test(exchange)
        ? { ...found('ike/version-1', []), peer }
        : undefined,
  ],

  [/^received AUTHENTICATION_FAILED notify error$/, says('ike/authentication-refused')],
  // Who began finds out last, when our side has taken the SA for established (RFC 7296 §2.21.2).
  [
    /^parsed INFORMATIONAL request \d+ \[ (?:.* )?N\(AUTH_FAILED\)/,
    says('ike/authentication-refused'),
  ],
  [/^tried \d+ shared keys? for '.*' - '(.*)', but MAC mismatched$/, says('ike/wrong-psk')],
  [/^no shared key found for '.*' - '(.*)'$/, says('ike/no-psk')],
  [/^no private key found for '(.*)'$/, says('ike/no-private-key')],
  [
    /^no matching peer config found$/,
    (_parts, { caller, callerId }) =>
      caller === undefined || callerId === undefined
        ? undefined
        : { ...found('ike/unknown-identity', [caller, callerId]), peer: caller },
  ],
  [
    /^constraint check failed: (?:EAP )?identity '(.*)' required/,
    ([wanted = ''], { authenticated = 'somebody else' }) =>
      found('ike/wrong-identity', [authenticated, wanted], false),
  ],
  [
    /^constraint check failed: peer not authenticated by CA/,
    saysOfCertificate((_parts, { authenticated = '', issuer }) =>
      found('ike/certificate-untrusted', [
        authenticated,
        ...(issuer === undefined ? [] : [issuer]),
      ]),
    ),
  ],
  [
    /^(subject|issuer|peer) certificate invalid \(valid from (.*) to (.*)\)$/,
    saysOfCertificate(([whose = '', from = '', to = ''], { certificate = '' }, now) => {
      const holder = whose === 'issuer' ? `the authority of ${certificate}` : certificate;
      // As charon prints times, in the time zone of the host: `Jan 01 00:00:00 2021`.
      return Date.parse(from) > now.getTime()
        ? found('ike/certificate-not-yet-valid', [holder, from, now.toISOString()])
        : found('ike/certificate-expired', [holder, to, now.toISOString()]);
    }),
  ],
  [
    /^certificate was revoked on (.*), reason: (.*)$/,
    saysOfCertificate(
      (
        [date = '', reason = ''],
        { certificate = '', checked = certificate, listOf = 'its authority' },
      ) => found('ike/certificate-revoked', [checked, date, reason, listOf]),
    ),
  ],
  [
    /^constraint check failed: RULE_(?:CRL|OCSP)_VALIDATION is /,
    saysOfCertificate((_parts, { certificate = '' }) =>
      found('ike/certificate-unchecked', [certificate]),
    ),
  ],
  [
    /^rejecting certificate without digitalSignature or nonRepudiation keyUsage flags$/,
    saysOfCertificate((_parts, { certificate = '' }) =>
      found('ike/certificate-key-usage', [certificate]),
    ),
  ],
  [
    /^no issuer certificate found for "(.*)"$/,
    saysOfCertificate((parts, memory) => {
      [memory.unissued] = parts;
      return found('ike/certificate-untrusted', parts);
    }),
  ],
  [
    /^ {2}issuer is "(.*)"$/,
    ([issuer = ''], memory) => {
      const { unissued } = memory;
      memory.unissued = undefined;
      return unissued === undefined
        ? undefined
        : found('ike/certificate-untrusted', [unissued, issuer]);
    },
  ],
  [
    /^ {2}self-signed certificate "(.*)" is not trusted$/,
    saysOfCertificate(says('ike/certificate-untrusted')),
  ],
  [
    /^signature validation failed, looking for another key$/,
    (_parts, { hasCertificateFault, isOfOtherName, certificate = '' }) =>
      hasCertificateFault || !isOfOtherName
        ? undefined
        : found('ike/certificate-wrong-name', [certificate]),
  ],
  [
    /^no trusted .* public key found for '(.*)'$/,
    ([id = ''], { certificate, hasCertificateFault }) =>
      certificate === undefined || hasCertificateFault
        ? found('ike/certificate-untrusted', [id], false)
        : found('ike/certificate-wrong-name', [certificate, id]),
  ],
  [
    /^generating (?:INFORMATIONAL request|IKE_AUTH response) \d+ \[ (?:.* )?N\(AUTH_FAILED\)/,
    () => found('ike/not-authenticated', [], false),
  ],

  [/^received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built$/, noCommonEsp],
  [/^no acceptable proposal found$/, noCommonEsp],
  [
    /^requested (?:DH group|key exchange method) \S+ not contained in any of our proposals$/,
    noCommonEsp,
  ],
  [
    /^received TS_UNACCEPTABLE notify, no CHILD_SA built$|^no acceptable traffic selectors found$/,
    () => found('child/selectors-refused', []),
  ],
  [/^traffic selectors (.*) === (.*) unacceptable$/, says('child/selectors-refused')],
  [/^(received \S+ notify, no CHILD_SA built)$/, says('child/failed')],
  [/^(unable to install .*IPsec (?:SA|policies).*)$/, says('child/failed')],
  [/^(failed to establish CHILD_SA.*)$/, says('child/failed', false)],
  [/^(closing IKE_SA due CHILD_SA setup failure)$/, says('child/failed', false)],
  [
    /^(?:inbound )?CHILD_SA .* established with SPIs /,
    (_parts, { isRekey }) => (isRekey ? { mends: 'child/rekey-refused' } : undefined),
  ],

  [/^IKE_SA .*\[(\d+)\] (?:established|rekeyed) between /, ([id = '']) => ({ established: id })],
  [/^received DELETE for IKE_SA /, () => ({ ...found('ike/peer-deleted', []), endsSa: true })],
];
