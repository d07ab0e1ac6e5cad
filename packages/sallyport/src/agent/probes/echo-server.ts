/**
 * Answers the questions of other Sallyport gateways: those that we ask ourselves, at the address that we ask from,
 * and no more often than anybody has reason to ask.
 */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import type { ProbePlan } from '../../plan/probe-plan.ts';
import type { Log } from '../log.ts';
import { keepBound } from './bound-socket.ts';
import { answerTo, ECHO_PORT } from './echo.ts';

/** The shortest interval is 100 ms, and a prober that begins anew asks at once. */
const ANSWERS_PER_SECOND = 20;

/** Who may ask at one of our addresses. */
interface Place {
  readonly end: AbortController;
  peers: ReadonlyMap<string, Peer>;
}

interface Peer {
  /** Of the steady clock, in seconds. */
  second: number;
  answers: number;
}

export class EchoServer {
  readonly #log: Log;
  readonly #places = new Map<string, Place>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Whom we ask may ask us. */
  follow(plan: readonly ProbePlan[]): void {
    const asked = Map.groupBy(
      plan.filter(({ method }) => method === 'udp'),
      ({ source }) => source,
    );
    for (const [address, { end }] of this.#places) {
      if (asked.has(address)) continue;
      end.abort();
      this.#places.delete(address);
    }
    for (const [address, probes] of asked) {
      const place = this.#places.get(address) ?? this.#open(address);
      const known = place.peers;
      place.peers = new Map(
        probes.map(({ target }) => [target, known.get(target) ?? { second: 0, answers: 0 }]),
      );
    }
  }

  #open(address: string): Place {
    const place: Place = { end: new AbortController(), peers: new Map() };
    this.#places.set(address, place);
    const log = this.#log;
    void keepBound(
      { address, port: ECHO_PORT },
      {
        onOpen: () => {
          log.debug({ address }, 'answering probes');
        },
        onPacket: (packet, { address: from, port }, socket) => {
          const peer = place.peers.get(canonicalAddress(from));
          const answer = answerTo(packet);
          if (peer === undefined || answer === undefined || !mayAnswer(peer)) return;
          // Whoever asks hears nothing, and knows that already.
          socket.send(answer, port, from, () => undefined);
        },
        onClose: (reason) => {
          if (reason !== undefined)
            log.debug({ address, error: reason }, 'cannot answer probes; trying again');
        },
      },
      place.end.signal,
    );
    return place;
  }
}

function mayAnswer(peer: Peer): boolean {
  const second = Math.floor(performance.now() / 1_000);
  if (peer.second !== second) Object.assign(peer, { second, answers: 0 });
  peer.answers += 1;
  return peer.answers <= ANSWERS_PER_SECOND;
}
