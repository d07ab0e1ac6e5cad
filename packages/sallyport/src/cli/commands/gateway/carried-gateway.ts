/** The Gateway that a person names, as this host carries it. */
import { nameHint } from '../../../model/nearest-name.ts';
import type { HostReport } from '../../../status/host-report.ts';
import { UsageError } from '../../io.ts';

/** `namespace/name`. Throws {@link UsageError}. */
export function carriedGateway(
  name: string,
  namespace: string,
  { host, objects }: HostReport,
): string {
  const key = name.includes('/') ? name : `${namespace}/${name}`;
  const carried = objects
    .filter(({ kind }) => kind === 'Gateway')
    .map((gateway) => `${gateway.namespace}/${gateway.name}`);
  if (carried.includes(key)) return key;
  const hint = nameHint(key, carried);
  throw new UsageError(
    `host ${host} carries no tunnel of Gateway ${key}${hint === undefined ? '' : `; ${hint}`}`,
  );
}
