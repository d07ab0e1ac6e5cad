// A web server that has one file, whatever is asked for: for revocation lists.

import type { Host } from './host.ts';

const PORT = 8080;
const SERVER = `const { createServer } = require('node:http'); const { readFileSync } = require('node:fs');
createServer((request, response) => response.end(readFileSync(process.argv[1]))).listen(${String(PORT)});`;

/** Where `serveFile` of a host with this address serves. */
export function urlAt(address: string): string {
  return `http://${address}:${String(PORT)}/list.crl`;
}

/** Until the lab is closed. */
export function serveFile(host: Host, path: string): void {
  host.spawn(process.execPath, ['-e', SERVER, path]);
}
