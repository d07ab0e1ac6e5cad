/** From what was read of the tunnels and what probes have found to what the tunnels are to carry. */
import type { Withdrawn } from '../../plan/withdraw.ts';
import type { ProbeReport, Usability } from '../health-report.ts';
import type { TunnelReport } from '../host-report.ts';
import { judgeUsability } from './usability.ts';

/** Of every tunnel that is not disabled. */
export function judgeTunnels(
  tunnels: readonly TunnelReport[],
  probes: readonly ProbeReport[],
): Usability[] {
  const byTunnel = Map.groupBy(probes, ({ tunnel }) => tunnel);
  return judgeUsability(
    tunnels
      .filter(({ state }) => state !== 'disabled')
      .map(({ name, namespace, connection, state }) => ({
        tunnel: name,
        connection: `${namespace}/${connection}`,
        ...(mayCarry(state) ? {} : { down: `the tunnel is ${state}` }),
        probes: byTunnel.get(name) ?? [],
      })),
  );
}

/** What could not be read is no fault of the tunnel: the kernel goes on with its SAs. */
function mayCarry(state: TunnelReport['state']): boolean {
  return state === 'up' || state === 'unknown';
}

/** Those that are to carry nothing. */
export function withdrawnOf(
  tunnels: readonly TunnelReport[],
  usabilities: readonly Usability[],
): Withdrawn {
  const unusable = new Set(usabilities.flatMap(({ tunnel, usable }) => (usable ? [] : tunnel)));
  const names = (isUp: boolean): Set<string> =>
    new Set(
      tunnels.flatMap(({ name, state }) =>
        unusable.has(name) && mayCarry(state) === isUp ? name : [],
      ),
    );
  return { down: names(false), failed: names(true) };
}
