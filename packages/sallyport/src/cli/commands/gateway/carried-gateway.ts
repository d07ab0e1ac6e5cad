/** The Gateway that a person names, as the agent of this host carries it. */
import { nameHint } from '../../../model/nearest-name.ts';
import type { HostReport } from '../../../status/host-report.ts';
import { ObjectStore } from '../../../store/object-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import { hostsOfGateway } from '../../carried-by.ts';
import { type Io, UsageError } from '../../io.ts';
import { askNow, nothingDone } from '../../last-report.ts';

export interface CarriedGateway {
  /** `namespace/name`. */
  readonly gateway: string;
  /** Of the agent. */
  readonly socket: string;
  /** As it finds the host now. */
  readonly report: HostReport;
}

/** Undefined where no agent tells, which is said then, and that this is `undone`. Throws {@link UsageError}. */
export async function findCarriedGateway(
  name: string,
  namespace: string,
  io: Io,
  undone: string,
): Promise<CarriedGateway | undefined> {
  const { controlSocket: socket, objects } = pathsOf(directoriesFrom(io.env));
  const told = await askNow(socket);
  if (told.report === undefined) {
    io.stderr(nothingDone(told.silence, undone));
    return undefined;
  }
  const { report } = told;
  const gateway = await keyOfCarried(name, namespace, report, new ObjectStore(objects));
  return { gateway, socket, report };
}

async function keyOfCarried(
  name: string,
  namespace: string,
  { host, objects }: HostReport,
  store: ObjectStore,
): Promise<string> {
  const key = name.includes('/') ? name : `${namespace}/${name}`;
  const carried = objects
    .filter(({ kind }) => kind === 'Gateway')
    .map((gateway) => `${gateway.namespace}/${gateway.name}`);
  if (carried.includes(key)) return key;
  const elsewhere = await hostsOfGateway(key, store);
  const hint =
    elsewhere.length === 0 ? nameHint(key, carried) : `call it on ${elsewhere.join(' or ')}`;
  throw new UsageError(
    `host ${host} carries no tunnel of Gateway ${key}${hint === undefined ? '' : `; ${hint}`}`,
  );
}

/** Of `drain` and `undrain`: neither leaves it otherwise. */
export const STAYS_DRAINED =
  'interrupted: the host stays drained; sallyport gateway undrain takes it back\n';
