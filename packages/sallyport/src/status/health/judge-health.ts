/** From what was read of the tunnels and what probes have found to what the tunnels are to carry. */
import type { Withdrawn } from '../../plan/withdraw.ts';
import type { DrainState } from '../drain-report.ts';
import type { ProbeReport, Usability } from '../health-report.ts';
import type { TunnelReport } from '../host-report.ts';
import type { Lan } from './judge-lan.ts';
import { judgeUsability } from './usability.ts';

/** Of every tunnel that is not disabled; `drilled`: names of those that a drill has taken out. */
export function judgeTunnels(
  tunnels: readonly TunnelReport[],
  probes: readonly ProbeReport[],
  drilled: ReadonlySet<string>,
): Usability[] {
  const byTunnel = Map.groupBy(probes, ({ tunnel }) => tunnel);
  return judgeUsability(
    tunnels
      .filter(({ state }) => state !== 'disabled')
      .map(({ name, namespace, connection, state }) => ({
        tunnel: name,
        connection: `${namespace}/${connection}`,
        ...downBecause(state, drilled.has(name)),
        probes: byTunnel.get(name) ?? [],
      })),
  );
}

function downBecause(state: TunnelReport['state'], isDrilled: boolean): { readonly down?: string } {
  if (!mayCarry(state)) return { down: `the tunnel is ${state}` };
  return isDrilled ? { down: 'a drill has taken it out' } : {};
}

/** What could not be read is no fault of the tunnel: the kernel goes on with its SAs. */
function mayCarry(state: TunnelReport['state']): boolean {
  return state === 'up' || state === 'unknown';
}

/** What the plan cannot count on. */
export function withdrawnOf(
  tunnels: readonly TunnelReport[],
  usabilities: readonly Usability[],
  lan: Lan,
  drain?: DrainState,
): Withdrawn {
  const unusable = new Set(usabilities.flatMap(({ tunnel, usable }) => (usable ? [] : tunnel)));
  const names = (isUp: boolean): Set<string> =>
    new Set(
      tunnels.flatMap(({ name, state }) =>
        unusable.has(name) && mayCarry(state) === isUp ? name : [],
      ),
    );
  return {
    ...{ down: names(false), failed: names(true) },
    ...{ silent: new Set(lan.silent), isLanLost: lan.isLost },
    ...(drain === undefined ? {} : { drained: new Set(drain.resting) }),
  };
}
