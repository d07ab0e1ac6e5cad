/** Puts together what serves one IKE daemon: all of it looks into that daemon's network namespace. */
import { rm } from 'node:fs/promises';
import { ViciClient } from '@sallyport/vici';
import { InboundHold } from '../../drivers/kernel/inbound-hold.ts';
import { observeIpsec } from '../../drivers/kernel/sas/ipsec.ts';
import { StrongswanDriver } from '../../drivers/strongswan/driver.ts';
import { Engine } from '../../drivers/strongswan/engine.ts';
import { MemoryFile } from '../../drivers/strongswan/memory-file.ts';
import { systemCommands } from '../../platform/linux/command.ts';
import {
  commandsIn,
  hasNamespace,
  identifyNamespace,
} from '../../platform/linux/network-namespace.ts';
import { type Directories, directoriesOf, pathsOf } from '../../store/state-directory.ts';
import type { DriftWatch } from '../drift-watch.ts';
import { watchIpsec } from '../kernel-monitor.ts';
import type { Log } from '../log.ts';
import type { TunnelHistory } from '../record/tunnel-history.ts';
import { StoredSecrets } from '../secret-source.ts';
import { EngineLevel } from './engine-level.ts';
import { Failures } from './failures.ts';
import { Leftovers } from './leftovers.ts';
import { NamespaceWatch } from './namespace-watch.ts';
import { RollGuard } from './roll-guard.ts';
import { SaNews } from './sa-news.ts';
import { Shard, type ShardParts } from './shard.ts';
import { TunnelKeeper } from './tunnel-keeper.ts';

export interface ShardSettings {
  readonly directories: Directories;
  /** VICI address of a daemon that the host's own tunnels shall use. */
  readonly externalSocket?: string;
  readonly log: Log;
  /** Initiations under way at once, in each daemon. */
  readonly window: number;
  readonly drift: DriftWatch;
  readonly history: TunnelHistory;
}

/** `name`: of the network namespace; absent: the host's own daemon. */
export function makeShard(settings: ShardSettings, name: string | undefined): Shard {
  const { log, window, drift, history } = settings;
  const place = name === undefined ? {} : { shard: name };
  const directories = directoriesOf(settings.directories, name);
  const paths = pathsOf(directories);
  const commands = commandsIn(name, systemCommands);
  const engine = engineOf(directories.run, name, settings.externalSocket);
  const client = new ViciClient({ socket: engine.socket });
  const strongswan = new StrongswanDriver({
    client,
    secrets: new StoredSecrets(paths),
    memory: new MemoryFile(paths.memory),
  });
  const failures = new Failures();
  const rollGuard = new RollGuard({ hold: new InboundHold(commands), log });
  const news = new SaNews();
  const keeper = new TunnelKeeper({
    client,
    failures,
    log,
    news,
    rollGuard,
    window,
    now: () => performance.now(),
    random: Math.random,
  });
  const leftovers = new Leftovers({ commands, log, now: () => performance.now() });
  const level = new EngineLevel({
    engine,
    strongswan,
    observeIpsec: (signal) => observeIpsec(commands, signal),
    leftovers,
    keeper,
    news,
    drift,
    ...place,
    failures,
    history,
    log,
  });
  const isThere = async (): Promise<boolean> => name === undefined || hasNamespace(name);
  const watch = new NamespaceWatch({
    identify: async () => (name === undefined ? 'own' : identifyNamespace(name)),
    watch: (listener, signal) => {
      watchIpsec(name, listener, log, signal);
    },
  });
  const cleanAfter: ShardParts['cleanAfter'] = async (signal) => {
    if (await isThere()) await leftovers.removeAll(!engine.isExternal, signal);
    if (name !== undefined) await rm(directories.run, { recursive: true, force: true });
  };
  return new Shard({
    ...(name === undefined ? {} : { name }),
    ...{ engine, client, strongswan, level, keeper, failures, history, news, rollGuard },
    ...{ watch, isThere, cleanAfter, log },
  });
}

/** Only the host's own daemon can be somebody else's. */
function engineOf(
  runDirectory: string,
  name: string | undefined,
  externalSocket: string | undefined,
): Engine {
  const options = { runDirectory, commands: systemCommands };
  if (name !== undefined) return new Engine({ ...options, networkNamespace: name });
  return new Engine({ ...options, ...(externalSocket === undefined ? {} : { externalSocket }) });
}
