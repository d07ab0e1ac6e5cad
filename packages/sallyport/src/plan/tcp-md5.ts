/** Passwords of BGP that the kernel of a host cannot use: FRR would have no session then, and not one without. */
import type { Facts } from '../model/facts.ts';
import { refOf } from '../model/objects.ts';
import type { PlacedConnection } from './placed.ts';
import type { PlanProblem } from './problems.ts';

/** Once for each connection; none where nobody knows what the kernel can do. */
export function unsignedTcp(
  tunnels: readonly PlacedConnection[],
  hostName: string,
  { hosts }: Facts,
): PlanProblem[] {
  if (hosts.find(({ host }) => host === hostName)?.canSignTcp !== false) return [];
  const connections = new Set(
    tunnels.filter(({ tunnel }) => tunnel.enabled).map(({ connection }) => connection),
  );
  return [...connections].flatMap((connection) => {
    const { password } = connection.spec.routing.bgp ?? {};
    if (password === undefined) return [];
    return {
      code: 'plan/no-tcp-md5',
      severity: 'error',
      object: refOf(connection),
      path: 'spec.routing.bgp.password',
      value: password,
      message: `the kernel of host ${hostName} cannot sign TCP with MD5, so that no BGP session of this connection would begin there`,
      hint: 'use a kernel with CONFIG_TCP_MD5SIG, or leave the password out on both sides: IPsec protects the session as well',
    };
  });
}
