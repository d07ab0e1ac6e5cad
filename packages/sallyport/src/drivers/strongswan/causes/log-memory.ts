/** What earlier lines of one IKE SA said, as far as it changes what a later line means. */
import { MESSAGE, PACKET } from './log-lines.ts';

/** `looking for peer configs matching 192.0.2.1[us]...192.0.2.2[them]`, before "no matching peer config". */
const LOOKING = /^looking for peer configs matching .*\.\.\.\S+\[(.*)\]$/;

/** Before the configuration of the caller is looked for. */
const CALLER = /^(\S+) is initiating an? (?:\S+ Mode )?IKE_SA$/;

/** Not of `authentication of 'us' (myself) with ...`. */
const AUTHENTICATED = /^authentication of '(.*)' with .* successful$/;

const CERTIFICATE = /^received end entity cert "(.*)"$/;
const USED = /^ {2}using certificate "(.*)"$/;
/** Of a root, of an authority below one, and of one that the other side has sent. */
const ISSUED_BY =
  /^ {2}using (?:trusted (?:intermediate )?ca|untrusted intermediate) certificate "(.*)"$/;
const CHECKED = /^checking certificate status of "(.*)"$/;
const LIST_OF = /^ {2}crl correctly signed by "(.*)"$/;
const RECEIVED = /^received proposals: (.*)$/;
const CONFIGURED = /^configured proposals: (.*)$/;
const NAT = /^(?:local|remote) host is behind NAT|^faking NAT situation/;
const ESTABLISHED = /^IKE_SA .* established between /;

export class LogMemory {
  /** Address of the other side, where it began the IKE SA. */
  caller: string | undefined;
  /** Identity that the caller has sent. */
  callerId: string | undefined;
  /** Identity that the other side has proven. */
  authenticated: string | undefined;
  /** Subject of the certificate that the other side has sent. */
  certificate: string | undefined;
  /**
   * Subject of the certificate that was tried first: what was sent, if it holds the identity; others that
   * hold it, and are kept from earlier, come after.
   */
  tried: string | undefined;
  /** Subject of the authority that has issued it. */
  issuer: string | undefined;
  /** Subject of the one that was looked for in lists last: what was sent, or an authority above it. */
  checked: string | undefined;
  /** Subject of the authority of the list that it was looked for in. */
  listOf: string | undefined;
  /** Of the certificate that was sent a fault is known; later ones are of those that are kept. */
  hasCertificateFault = false;
  /** Subject of a certificate whose issuer nobody knows; the next line names that. */
  unissued: string | undefined;
  /** Proposals as charon prints them: theirs and ours. */
  proposals: { readonly theirs: string; readonly ours?: string } | undefined;
  /** Of the last message: `IKE_SA_INIT`, `ID_PROT`, ... */
  exchange = '';
  /** The last request of either side was to rekey a Child SA. */
  isRekey = false;
  packetsSent = 0;
  sentToPort = 0;
  hasNat = false;
  /** The other side has answered IKE_SA_INIT with its half of the keys. */
  hasInit = false;
  /** It has answered IKE_SA_INIT with a cookie only (RFC 7296 §2.6). */
  asksCookie = false;
  isEstablished = false;

  /** What was sent does not hold the identity: another one was tried at once. */
  get isOfOtherName(): boolean {
    const { certificate, tried } = this;
    return certificate !== undefined && tried !== undefined && tried !== certificate;
  }

  /** Takes in a line, whatever it says. */
  take(line: string): void {
    const packet = PACKET.exec(line);
    if (packet !== null) {
      if (line.startsWith('sending')) {
        this.packetsSent += 1;
        this.sentToPort = Number(packet[4]);
      }
      return;
    }
    const message = MESSAGE.exec(line);
    if (message !== null) {
      const [, , exchange = '', direction = '', payloads = ''] = message;
      this.#takeMessage(exchange, direction, payloads.split(' '));
      return;
    }
    this.#takeNames(line);
    const theirs = RECEIVED.exec(line)?.[1];
    if (theirs !== undefined) this.proposals = { theirs };
    const ours = CONFIGURED.exec(line)?.[1];
    if (ours !== undefined && this.proposals !== undefined) {
      this.proposals = { ...this.proposals, ours };
    }
    this.hasNat ||= NAT.test(line);
    this.isEstablished ||= ESTABLISHED.test(line);
  }

  #takeMessage(exchange: string, direction: string, payloads: readonly string[]): void {
    this.exchange = exchange;
    if (direction === 'request') this.isRekey = payloads.includes('N(REKEY_SA)');
    if (exchange !== 'IKE_SA_INIT' || direction !== 'response') return;
    this.hasInit ||= payloads.includes('SA');
    this.asksCookie ||= payloads.includes('N(COOKIE)');
  }

  #takeNames(line: string): void {
    this.caller = CALLER.exec(line)?.[1] ?? this.caller;
    this.callerId = LOOKING.exec(line)?.[1] ?? this.callerId;
    this.authenticated = AUTHENTICATED.exec(line)?.[1] ?? this.authenticated;
    this.certificate = CERTIFICATE.exec(line)?.[1] ?? this.certificate;
    this.checked = CHECKED.exec(line)?.[1] ?? this.checked;
    this.listOf = LIST_OF.exec(line)?.[1] ?? this.listOf;
    this.tried ??= USED.exec(line)?.[1];
    this.issuer ??= ISSUED_BY.exec(line)?.[1];
  }
}
