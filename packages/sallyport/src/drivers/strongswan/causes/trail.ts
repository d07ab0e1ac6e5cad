/**
 * What was tried and what came back, step by step, in plain words: from the lines that charon logs of one
 * IKE SA, and from what we did ourselves. Names of exchanges and notifies are those of RFC 7296.
 */
import type { TrailStep } from '../../../status/why/explanation.ts';
import { MESSAGE, PACKET } from './log-lines.ts';

/** Steps of one tunnel that are kept. */
const MAX_STEPS = 30;
/** Longest text of a step, in UTF-16 units: log lines hold what a peer sent. */
const MAX_TEXT = 300;

/** The last steps of one tunnel, oldest first. A step that comes again takes the place of the one before. */
export class Trail {
  readonly #steps = new Map<string, string>();

  /** `at`: RFC 3339. */
  add(text: string, at: string): void {
    const clean = text.slice(0, MAX_TEXT).replaceAll(/\p{Cc}/gu, '?');
    this.#steps.delete(clean);
    this.#steps.set(clean, at);
    const [oldest] = this.#steps.keys();
    if (this.#steps.size > MAX_STEPS && oldest !== undefined) this.#steps.delete(oldest);
  }

  get steps(): TrailStep[] {
    return [...this.#steps].map(([text, at]) => ({ at, text }));
  }
}

/** Notifies that a message is about, as charon shortens them. */
const NOTIFIES: ReadonlyMap<string, string> = new Map([
  ['COOKIE', 'COOKIE'],
  ['NO_PROP', 'NO_PROPOSAL_CHOSEN'],
  ['INVAL_KE', 'INVALID_KE_PAYLOAD'],
  ['AUTH_FAILED', 'AUTHENTICATION_FAILED'],
  ['TS_UNACCEPT', 'TS_UNACCEPTABLE'],
  ['SINGLE_PAIR', 'SINGLE_PAIR_REQUIRED'],
  ['NO_ADD_SAS', 'NO_ADDITIONAL_SAS'],
  ['TEMP_FAIL', 'TEMPORARY_FAILURE'],
  ['NO_CHILD_SA', 'CHILD_SA_NOT_FOUND'],
  ['FAIL_CP_REQ', 'FAILED_CP_REQUIRED'],
  ['INT_ADDR_FAIL', 'INTERNAL_ADDRESS_FAILURE'],
  ['INVAL_SYN', 'INVALID_SYNTAX'],
  ['INVAL_MAJOR', 'INVALID_MAJOR_VERSION'],
  ['INVAL_SEL', 'INVALID_SELECTORS'],
  ['INVAL_SPI', 'INVALID_SPI'],
  ['INVAL_IKE_SPI', 'INVALID_IKE_SPI'],
]);

/** Lines that say in other words what a person reads, by what stands in them. */
const STEPS: readonly (readonly [line: RegExp, text: string])[] = [
  [/^retransmit (\d+) of request with message ID (\d+)$/, 'retransmit $1 of request $2'],
  [/^giving up after (\d+) retransmits$/, 'gave up after $1 retransmits'],
  [/^error writing to socket: (.*)$/, 'the packet could not be sent: $1'],
  [/^(?:establishing IKE_SA|rekeying IKE_SA) failed, peer not responding$/, 'no answer'],
  [/^local host is behind NAT/, 'our address is translated on the way (NAT)'],
  [/^remote host is behind NAT/, 'the address of the other side is translated on the way (NAT)'],
  [/^authentication of '(.*)' \(myself\) with (.*)$/, 'we authenticate as $1 with $2'],
  [/^authentication of '(.*)' with (.*) successful$/, '$1 has authenticated with $2'],
  [/^(?:IKE_SA .*\[\d+\]) established between /, 'IKE SA established'],
  [/^(?:IKE_SA .*\[\d+\]) rekeyed between /, 'IKE SA rekeyed'],
  [
    /^(?:inbound )?CHILD_SA (.*)\{\d+\} established with SPIs \S+ \S+ and TS (.*) === (.*)$/,
    'Child SA $1 established: $2 <-> $3',
  ],
  [/^CHILD_SA rekeying failed, trying again in \d+ seconds$/, 'rekeying of the Child SA failed'],
  [/^IKE_SA rekeying failed, trying again in \d+ seconds$/, 'rekeying of the IKE SA failed'],
  [/^received DELETE for IKE_SA /, 'DELETE for the IKE SA received'],
  [/^received DELETE for \S+ CHILD_SA /, 'DELETE for a Child SA received'],
  [/^sending DELETE for IKE_SA /, 'DELETE for the IKE SA sent'],
  [/^sending DELETE for \S+ CHILD_SA /, 'DELETE for a Child SA sent'],
  [/^received proposals: (.*)$/, 'proposals received: $1'],
  [/^configured proposals: (.*)$/, 'proposals of ours: $1'],
  [/^selected proposal: (.*)$/, 'proposal selected: $1'],
];

/** Reads the log lines of one IKE SA in their order; keeps only what the next lines need. */
export class TrailReader {
  /** A message that is made and not sent yet. */
  #made: { readonly kind: string; readonly about: string } | undefined;
  #from = '';

  /** The step that the line stands for; undefined for lines that are no step of their own. */
  read(line: string): string | undefined {
    const message = MESSAGE.exec(line);
    if (message !== null) {
      const [, verb = '', exchange = '', direction = '', payloads = ''] = message;
      return this.#readMessage(verb, { exchange, direction, payloads });
    }
    const packet = PACKET.exec(line);
    if (packet !== null) {
      const [, from = '', fromPort = '', to = '', toPort = ''] = packet;
      if (line.startsWith('received')) this.#from = `${from}:${fromPort}`;
      else return this.#sent(`${to}:${toPort}`);
    }
    for (const [pattern, text] of STEPS) {
      const match = pattern.exec(line);
      // As a function: what a peer sent may hold `$`.
      if (match !== null) return text.replaceAll(/\$(\d)/g, (_whole, n: string) => match[+n] ?? '');
    }
    return undefined;
  }

  #readMessage(verb: string, message: MessageLine): string | undefined {
    const kind = kindOf(message);
    if (kind === undefined) return undefined;
    const about = aboutOf(message.payloads);
    if (verb === 'parsed') return `${kind} received from ${this.#from}${about}`;
    this.#made = { kind, about };
    return undefined;
  }

  #sent(to: string): string | undefined {
    const made = this.#made;
    this.#made = undefined;
    return made === undefined ? undefined : `${made.kind} sent to ${to}${made.about}`;
  }
}

interface MessageLine {
  readonly exchange: string;
  readonly direction: string;
  readonly payloads: string;
}

function kindOf({ exchange, direction, payloads }: MessageLine): string | undefined {
  const parts = payloads.split(' ');
  // A fragment tells nothing (RFC 7383).
  if (parts.some((part) => part.startsWith('EF('))) return undefined;
  // A check whether the other side is alive, and lines of its own tell of the others (RFC 7296 §1.4).
  if (exchange === 'INFORMATIONAL' && parts.every((part) => !part.startsWith('N('))) {
    return undefined;
  }
  const name = payloads.includes('N(REKEY_SA)') ? `${exchange} (rekey)` : exchange;
  return direction === 'response' ? `answer to ${name}` : name;
}

function aboutOf(payloads: string): string {
  const told = [...payloads.matchAll(/N\(([A-Z_]+)\)/g)].flatMap(
    ([, short = '']) => NOTIFIES.get(short) ?? [],
  );
  return told.length === 0 ? '' : `: ${told.join(', ')}`;
}
