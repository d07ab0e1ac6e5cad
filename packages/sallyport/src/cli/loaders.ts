/** The code of each command, loaded when it runs: help and a typing error need none of it. */
import type { Io } from './io.ts';

export interface CommandModule {
  /** Returns the exit code. */
  run(words: readonly string[], options: never, io: Io): Promise<number>;
}

export const LOADERS: ReadonlyMap<string, () => Promise<CommandModule>> = new Map<
  string,
  () => Promise<CommandModule>
>([
  ['validate', () => import('./commands/validate.ts')],
  ['plan', () => import('./commands/plan.ts')],
  ['apply', () => import('./commands/apply.ts')],
  ['get', () => import('./commands/get.ts')],
  ['describe', () => import('./commands/describe.ts')],
  ['delete', () => import('./commands/delete.ts')],
  ['status', () => import('./commands/status.ts')],
  ['events', () => import('./commands/events.ts')],
  ['why', () => import('./commands/why.ts')],
  ['gateway drain', () => import('./commands/gateway/drain.ts')],
  ['gateway undrain', () => import('./commands/gateway/undrain.ts')],
  ['failover test', () => import('./commands/failover/test.ts')],
  ['agent', () => import('./commands/agent.ts')],
  ['pki ca create', () => import('./commands/pki/create-authority.ts')],
  ['pki issue', () => import('./commands/pki/issue.ts')],
  ['pki renew', () => import('./commands/pki/renew.ts')],
  ['pki import', () => import('./commands/pki/import.ts')],
  ['pki rotate', () => import('./commands/pki/rotate.ts')],
  ['pki pack', () => import('./commands/pki/pack.ts')],
  ['pki sign', () => import('./commands/pki/sign.ts')],
  ['pki revoke', () => import('./commands/pki/revoke.ts')],
  ['pki crl', () => import('./commands/pki/crl.ts')],
  ['pki list', () => import('./commands/pki/list.ts')],
  ['pki export', () => import('./commands/pki/export.ts')],
  ['render frr-k8s', () => import('./commands/render/frr-k8s.ts')],
  ['completion', () => import('./commands/completion.ts')],
]);
