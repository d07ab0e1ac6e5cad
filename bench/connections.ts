// The same connections for every subject: as objects for our client, as a swanctl.conf for its peer.

import type { ConnectionInput } from '@sallyport/vici';

export interface NamedConnection {
  readonly name: string;
  readonly connection: ConnectionInput;
}

/** Of `count` remote sites, each with a gateway of its own and one network behind it. */
export function makeConnections(count: number): readonly NamedConnection[] {
  return Array.from({ length: count }, (_, number) => {
    const [high, low] = [number >> 8, number & 255];
    return {
      name: `site-${number}`,
      connection: {
        version: 2,
        local_addrs: ['192.0.2.1'],
        remote_addrs: [`198.18.${high}.${low}`],
        proposals: ['aes256gcm16-prfsha384-ecp384', 'aes256-sha256-ecp256'],
        local: { auth: 'psk', id: 'gw.example' },
        remote: { auth: 'psk', id: `site-${number}.example` },
        children: {
          networks: {
            local_ts: ['10.0.0.0/16', '10.1.0.0/16'],
            remote_ts: [`10.${100 + high}.${low}.0/24`],
            esp_proposals: ['aes256gcm16-ecp384', 'aes256-sha256'],
          },
        },
      },
    };
  });
}

/** swanctl.conf(5). */
export function toSwanctlConf(connections: readonly NamedConnection[]): string {
  const sections = connections.map(({ name, connection }) => section(name, connection, '  '));
  return `connections {\n${sections.join('')}}\n`;
}

function section(name: string, content: object, indent: string): string {
  const lines = Object.entries(content).map(([key, value]: [string, unknown]) => {
    if (Array.isArray(value)) return `${indent}  ${key} = ${value.join(', ')}\n`;
    if (typeof value === 'object' && value !== null) return section(key, value, `${indent}  `);
    return `${indent}  ${key} = ${String(value)}\n`;
  });
  return `${indent}${name} {\n${lines.join('')}${indent}}\n`;
}
