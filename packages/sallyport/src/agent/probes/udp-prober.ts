/** Asks other Sallyport gateways by UDP. Routes decide the way: the other end of each tunnel has one of its own. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { canonicalAddress } from '../../lib/canonical-address.ts';
import { keepBound } from './bound-socket.ts';
import { ECHO_PORT, makeQuestion, NONCE_BYTES, readAnswer } from './echo.ts';
import type { Asking, Prober, ProberListener, StartProber } from './prober.ts';

/** Questions that may still be answered. */
const REMEMBERED = 64;

export const startUdpProber: StartProber = (asking, listener) => new UdpProber(asking, listener);

class UdpProber implements Prober {
  readonly #asking: Asking;
  readonly #listener: ProberListener;
  #running: AbortController | undefined;

  constructor(asking: Asking, listener: ProberListener) {
    this.#asking = asking;
    this.#listener = listener;
  }

  ask(targets: readonly string[]): void {
    this.close();
    this.#running = new AbortController();
    let questions: Questions | undefined;
    void keepBound(
      { address: this.#asking.source, port: 0 },
      {
        onOpen: (socket) => {
          this.#listener.onStart();
          questions = new Questions(socket, targets, this.#asking, this.#listener);
        },
        onPacket: (packet, { address }) => {
          questions?.read(packet, address);
        },
        onClose: (reason) => {
          questions?.close();
          if (reason !== undefined) this.#listener.onEnd(reason, true);
        },
      },
      this.#running.signal,
    );
  }

  close(): void {
    this.#running?.abort();
  }
}

/** Those that are asked from one socket. */
class Questions {
  readonly #socket: Socket;
  readonly #targets: readonly string[];
  readonly #listener: ProberListener;
  readonly #nonce: Buffer = randomBytes(NONCE_BYTES);
  readonly #sentAt = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;
  #next = 0;

  constructor(
    socket: Socket,
    targets: readonly string[],
    { intervalMilliseconds }: Asking,
    listener: ProberListener,
  ) {
    this.#socket = socket;
    this.#targets = targets;
    this.#listener = listener;
    this.#timer = setInterval(() => {
      this.#send();
    }, intervalMilliseconds);
    this.#send();
  }

  read(packet: Buffer, from: string): void {
    const number = readAnswer(packet, this.#nonce);
    const target = canonicalAddress(from);
    const sentAt = number === undefined ? undefined : this.#sentAt.get(number);
    if (number === undefined || sentAt === undefined || !this.#targets.includes(target)) return;
    const roundTripMilliseconds = performance.now() - sentAt;
    this.#listener.onAnswer({ target, number, roundTripMilliseconds });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #send(): void {
    const number = this.#next;
    this.#next = (number + 1) % 2 ** 32;
    this.#sentAt.set(number, performance.now());
    this.#sentAt.delete(number - REMEMBERED);
    const question = makeQuestion(number, this.#nonce);
    for (const target of this.#targets)
      this.#socket.send(question, ECHO_PORT, target, (error) => {
        if (error !== null) this.#listener.onRefusal(target, error.message);
      });
  }
}
