// Where the daemon listens, in the notation of charon.plugins.vici.socket.

import type { NetConnectOpts } from 'node:net';
import { ViciInvalidInput } from './errors.ts';

/** Accepts `/path`, `unix:///path` and `tcp://host:port` (IPv6 in brackets). */
export function parseAddress(text: string): NetConnectOpts {
  if (text.startsWith('/')) return { path: text };
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length);
    if (path !== '') return { path };
  }
  const tcp = /^tcp:\/\/(?:\[(?<six>[^\]]+)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const host = tcp?.groups?.['six'] ?? tcp?.groups?.['host'];
  const port = Number(tcp?.groups?.['port']);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new ViciInvalidInput(
    `VICI address "${text}": expected a path, unix:///path or tcp://host:port`,
  );
}
