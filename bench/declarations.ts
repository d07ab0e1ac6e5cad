// A gateway with many remote sites, as a person would declare it: one file for each connection.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const HOST = 'gw1';
export const HOST_ADDRESS = '192.0.2.1';

/** Sites by pre-shared key, each with a key file and two networks of its own; we answer only. */
export async function writeDeclarations(directory: string, count: number): Promise<void> {
  await mkdir(join(directory, 'secrets'), { recursive: true });
  await writeFile(join(directory, 'gateway.yaml'), GATEWAY);
  for (let number = 0; number < count; number += 1) {
    const name = `site-${String(number).padStart(4, '0')}`;
    await writeFile(join(directory, 'secrets', `${name}.psk`), `the key of ${name}, long enough`, {
      mode: 0o600,
    });
    await writeFile(join(directory, `${name}.yaml`), siteDocuments(name, number));
  }
}

const GATEWAY = `apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata:
  name: ${HOST}
spec:
  addresses: [${HOST_ADDRESS}]
---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata:
  name: edge
spec:
  placement:
    hosts: [${HOST}]
  networks:
    - 172.16.0.0/16
    - fd16::/48
`;

function siteDocuments(name: string, number: number): string {
  const [high, low] = [number >> 8, number & 255];
  return `apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata:
  name: ${name}
spec:
  gateway: edge
  tunnels:
    - remote:
        address: 198.18.${high}.${low}
        id: ${name}.example
  auth:
    psk:
      secret: ${name}-psk
  start: respond
  routing:
    static:
      networks:
        - 10.${high}.${low}.0/24
        - fd10:${number.toString(16)}::/48
---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata:
  name: ${name}-psk
spec:
  psk:
    file: secrets/${name}.psk
`;
}
