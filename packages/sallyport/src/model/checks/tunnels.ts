/** Where tunnels end: hosts, addresses and their families, and tunnels a daemon cannot tell apart. */
import { familyOf } from '../../lib/prefix.ts';
import type { Problem } from '../../lib/problem.ts';
import { canonicalEndpoint } from '../addresses.ts';
import type { Connection } from '../connection.ts';
import { objectKey } from '../declared-objects.ts';
import { virtualAddresses } from '../gateway.ts';
import { outerAddresses } from '../host.ts';
import { isOnVirtualAddress } from '../hosts-of-tunnel.ts';
import { spellIdentity } from '../identity.ts';
import { nameHint } from '../nearest-name.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { Tunnel } from '../tunnel.ts';
import { endpointsOf } from './endpoints.ts';
import { gatewayOf, hostsOf, type World } from './world.ts';

export function checkTunnels(world: World): Problem[] {
  const problems = world.connections.flatMap((connection) =>
    connection.object.spec.tunnels.flatMap((tunnel, index) => {
      const place: TunnelPlace = { connection, tunnel, path: ['spec', 'tunnels', index] };
      return [
        ...checkHost(world, place),
        ...checkRemote(place),
        ...checkAddresses(world, place),
        ...checkIdentities(place),
      ];
    }),
  );
  return [...problems, ...checkPairs(world)];
}

interface TunnelPlace {
  readonly connection: ParsedObject<Connection>;
  readonly tunnel: Tunnel;
  readonly path: FieldPath;
}

function checkHost(world: World, { connection, tunnel, path }: TunnelPlace): Problem[] {
  const gateway = gatewayOf(world, connection.object);
  if (gateway === undefined) return [];
  const hosts = [...new Set(gateway.spec.placement.hosts)];
  if (tunnel.host === undefined) {
    if (hosts.length === 1 || isOnVirtualAddress(gateway, tunnel)) return [];
    const [virtual] = virtualAddresses(gateway);
    const held =
      virtual === undefined
        ? ''
        : `, or local: {address: ${virtual}} for a peer that has one tunnel`;
    return [
      problemAt(connection, [...path, 'host'], 'tunnel/missing-host', {
        message: `Gateway ${gateway.metadata.name} has ${String(hosts.length)} hosts and this tunnel names none`,
        hint: `add host: with one of ${hosts.join(', ')}${held}`,
      }),
    ];
  }
  if (hosts.includes(tunnel.host)) return [];
  return [
    problemAt(connection, [...path, 'host'], 'tunnel/unknown-host', {
      message: `Gateway ${gateway.metadata.name} is not placed on host "${tunnel.host}"`,
      value: tunnel.host,
      hint: nameHint(tunnel.host, hosts),
    }),
  ];
}

function checkIdentities({ connection, tunnel, path }: TunnelPlace): Problem[] {
  return (['local', 'remote'] as const).flatMap((side) => {
    const { id } = tunnel[side];
    const spelling = id === undefined ? undefined : spellIdentity(id);
    if (id === undefined || spelling === undefined || 'spelled' in spelling) return [];
    return [
      problemAt(connection, [...path, side, 'id'], 'tunnel/identity-notation', {
        message: spelling.fault,
        value: id,
        hint: 'use an alternative name of the certificate, or asn1dn:# and the DER of the name in hex',
      }),
    ];
  });
}

function checkRemote({ connection, tunnel, path }: TunnelPlace): Problem[] {
  const { start } = connection.object.spec;
  if (start === 'respond' || tunnel.remote.address !== undefined) return [];
  return [
    problemAt(connection, [...path, 'remote', 'address'], 'tunnel/missing-remote-address', {
      message: `is required with start: ${start}`,
      hint: 'add the address of the other side, or set start: respond',
    }),
  ];
}

function checkAddresses(world: World, { connection, tunnel, path }: TunnelPlace): Problem[] {
  const gateway = gatewayOf(world, connection.object);
  const hosts = hostsOf(world, connection.object, tunnel);
  const [host] = hosts;
  if (gateway === undefined || host === undefined) return [];
  const problems: Problem[] = [];
  const { address: local } = tunnel.local;
  const { address: remote } = tunnel.remote;
  const own = outerAddresses(host);
  const isVirtual = isOnVirtualAddress(gateway, tunnel);
  if (local !== undefined && !isVirtual && !own.some((address) => isSame(address, local))) {
    problems.push(
      problemAt(connection, [...path, 'local', 'address'], 'tunnel/foreign-local-address', {
        message: `Host ${host.metadata.name} does not have this address`,
        value: local,
        hint: `use one of: ${own.join(', ')}`,
      }),
    );
  }
  if (remote === undefined) return problems;
  const remotePath = [...path, 'remote', 'address'];
  const itself = hosts.find((each) =>
    outerAddresses(each).some((address) => isSame(address, remote)),
  );
  if (itself !== undefined) {
    problems.push(
      problemAt(connection, remotePath, 'tunnel/remote-is-local', {
        message: `this is an address of our own Host ${itself.metadata.name}`,
        value: remote,
        hint: 'write the address of the other side',
      }),
    );
  }
  const family = familyOf(remote);
  const candidates = local === undefined ? own : [local];
  if (family !== undefined && !candidates.some((address) => familyOf(address) === family)) {
    const subject =
      local === undefined ? `Host ${host.metadata.name} has no` : 'local.address is no';
    problems.push(
      problemAt(connection, remotePath, 'tunnel/family-mismatch', {
        message: `${subject} IPv${String(family)} address to reach this from`,
        value: remote,
        hint: `use addresses of one family on both sides, or add an IPv${String(family)} address to the host`,
      }),
    );
  }
  return problems;
}

/** Two tunnels with equal addresses and identities are one to an IKE daemon. */
function checkPairs(world: World): Problem[] {
  const first = new Map<string, string>();
  const problems: Problem[] = [];
  for (const connection of world.connections) {
    const { metadata, spec } = connection.object;
    if (spec.adminState === 'disabled') continue;
    for (const [index, tunnel] of spec.tunnels.entries()) {
      const [host] = hostsOf(world, connection.object, tunnel);
      if (host === undefined) continue;
      const key = JSON.stringify(endpointsOf(connection.object, tunnel, host));
      const name = `${objectKey(metadata.namespace, metadata.name)} tunnel ${tunnel.name}`;
      const earlier = first.get(key);
      if (earlier === undefined) {
        first.set(key, name);
        continue;
      }
      problems.push(
        problemAt(connection, ['spec', 'tunnels', index], 'tunnel/duplicate-pair', {
          message: `has the same addresses and identities as ${earlier}`,
          hint: 'give one of them another address or another local.id and remote.id',
        }),
      );
    }
  }
  return problems;
}

function isSame(a: string, b: string): boolean {
  return canonicalEndpoint(a) === canonicalEndpoint(b);
}
