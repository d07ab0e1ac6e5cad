/** The Gateway that a person names, as this host carries it. */
import { nameHint } from '../../../model/nearest-name.ts';
import type { HostReport } from '../../../status/host-report.ts';
import type { ObjectStore } from '../../../store/object-store.ts';
import { hostsOfGateway } from '../../carried-by.ts';
import { UsageError } from '../../io.ts';

/** `namespace/name`. Throws {@link UsageError}. */
export async function carriedGateway(
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
