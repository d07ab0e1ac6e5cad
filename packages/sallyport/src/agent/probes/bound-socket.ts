/** A UDP socket on an address of ours, which may not be there yet. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { backoffMilliseconds } from '../../lib/backoff.ts';
import { familyOf } from '../../lib/prefix.ts';
import { pause } from '../../platform/pause.ts';

const RETRY = { baseMilliseconds: 100, maxMilliseconds: 5_000 };

export interface SocketListener {
  readonly onOpen: (socket: Socket) => void;
  readonly onPacket: (packet: Buffer, from: RemoteInfo, socket: Socket) => void;
  /** `reason`: an error, after which another one is opened; absent: the signal has fired. */
  readonly onClose: (reason?: string) => void;
}

/** Until the signal fires; never throws. `port`: 0 for any. */
export async function keepBound(
  { address, port }: { readonly address: string; readonly port: number },
  { onOpen, onPacket, onClose }: SocketListener,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const aborted = (): void => {
      resolve(undefined);
    };
    signal.addEventListener('abort', aborted);
    const socket = createSocket(
      familyOf(address) === 6 ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' },
    );
    socket.on('error', (error) => {
      resolve(error.message);
    });
    socket.on('message', (packet, from) => {
      onPacket(packet, from, socket);
    });
    socket.bind(port, address, () => {
      failures = 0;
      onOpen(socket);
    });
    const reason = await promise;
    signal.removeEventListener('abort', aborted);
    socket.close();
    onClose(reason);
    failures += 1;
    await pause(backoffMilliseconds(failures, Math.random(), RETRY), signal);
  }
}
