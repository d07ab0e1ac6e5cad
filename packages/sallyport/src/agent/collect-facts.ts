/** What this host can do and what its secrets hold, for validation and plan. Reads only. */
import { ViciClient } from '@sallyport/vici';
import type { Facts, HostFacts } from '../model/facts.ts';
import type { HostSpec } from '../model/host.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import { detectCapabilities, detectUnderlayMtu } from '../platform/linux/capabilities.ts';
import { systemCommands } from '../platform/linux/command.ts';
import { commandsIn, hasNamespace } from '../platform/linux/network-namespace.ts';
import { canSignTcp } from '../platform/linux/tcp-md5.ts';
import { collectSecretFacts } from '../platform/secret-facts.ts';
import { passingSalt, readSalt } from '../store/salt.ts';
import { type Directories, pathsOf } from '../store/state-directory.ts';
import { engineInUse } from './shard/engine-in-use.ts';

const DEFAULT_UNDERLAY_MTU = 1500;

/** Facts for work away from the host: secrets are looked at, and nothing of them is kept. */
export async function collectOfflineFacts(
  objects: readonly ParsedObject[],
  salt: Buffer = passingSalt(),
): Promise<Facts> {
  return {
    hosts: [],
    secrets: await collectSecretFacts(objects, salt),
    now: new Date().toISOString(),
  };
}

/** Facts for planning on the host itself. What is issued there has to be resolved to its files. */
export async function collectHostFacts(
  objects: readonly ParsedObject[],
  host: string,
  directories: Directories,
  signal: AbortSignal,
): Promise<Facts> {
  const paths = pathsOf(directories);
  const salt = await readSalt(paths.salt);
  const [ofHost, secrets] = await Promise.all([
    hostFacts(objects, host, directories, signal),
    collectSecretFacts(objects, salt),
  ]);
  return { hosts: [ofHost], secrets, now: new Date().toISOString(), here: host };
}

/** What this machine can do, as the declared Host that it is. */
export async function hostFacts(
  objects: readonly ParsedObject[],
  host: string,
  directories: Directories,
  signal: AbortSignal,
): Promise<HostFacts> {
  const declared = objects.flatMap(({ object }) =>
    object.kind === 'Host' && object.metadata.name === host ? [object.spec] : [],
  );
  const [{ available, canHoldPackets }, mtu, algorithms, signs] = await Promise.all([
    detectCapabilities(systemCommands, signal),
    smallestUnderlayMtu(declared, signal),
    daemonAlgorithms(directories, signal),
    objects.some(wantsSignedTcp) ? canSignTcp() : undefined,
  ]);
  return {
    host,
    dataPlanes: available,
    underlayMtuBytes: mtu ?? DEFAULT_UNDERLAY_MTU,
    canHoldPackets,
    ...(signs === undefined ? {} : { canSignTcp: signs }),
    ...(algorithms === undefined ? {} : { algorithms }),
  };
}

function wantsSignedTcp({ object }: ParsedObject): boolean {
  return object.kind === 'Connection' && object.spec.routing.bgp?.password !== undefined;
}

/** Towards the other sites, from the host and from its shards; undefined where none has its addresses. */
async function smallestUnderlayMtu(
  hosts: readonly HostSpec[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const own = hosts.flatMap(({ addresses }) => addresses);
  const sizes = [await detectUnderlayMtu(systemCommands, own, signal)];
  for (const { name, addresses } of hosts.flatMap(({ shards }) => shards ?? [])) {
    // A namespace that is not there yet is reported when its daemon is to start.
    if (await hasNamespace(name))
      sizes.push(await detectUnderlayMtu(commandsIn(name, systemCommands), addresses, signal));
  }
  const known = sizes.filter((size) => size !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Names of everything the running daemon can do; undefined where none runs yet. */
async function daemonAlgorithms(
  directories: Directories,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const engine = await engineInUse(directories);
  if (!(await engine.answers(signal))) return undefined;
  const client = new ViciClient({ socket: engine.socket });
  try {
    return Object.values(await client.getAlgorithms({ signal })).flatMap((section) =>
      Object.keys(section),
    );
  } finally {
    await client.close();
  }
}
