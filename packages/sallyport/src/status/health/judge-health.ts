/** From what was read of the tunnels and what probes have found to what the tunnels are to carry. */
import type { Withdrawn } from '../../plan/withdraw.ts';
import type { DrainState } from '../drain-report.ts';
import type { ProbeReport, Usability } from '../health-report.ts';
import type { TunnelReport } from '../host-report.ts';
import { judgeLan } from './judge-lan.ts';
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
  if (state === 'standby') return { down: 'another host holds its address' };
  if (!mayCarry(state)) return { down: `the tunnel is ${state}` };
  return isDrilled ? { down: 'a drill has taken it out' } : {};
}

/** What could not be read is no fault of the tunnel: the kernel goes on with its SAs. */
function mayCarry(state: TunnelReport['state']): boolean {
  return state === 'up' || state === 'unknown';
}

/** What is known of a host. */
export interface Situation {
  readonly tunnels: readonly TunnelReport[];
  /** What probes have found out. */
  readonly probes: readonly ProbeReport[];
  /** Names of the tunnels that a drill has taken out. */
  readonly drilled: ReadonlySet<string>;
  /** Names of gateways that tell this node nothing any more. */
  readonly quiet: ReadonlySet<string>;
  readonly drain: DrainState | undefined;
}

/** What the plan cannot count on. */
export function withdrawnOf({ tunnels, probes, drilled, quiet, drain }: Situation): Withdrawn {
  const usabilities = judgeTunnels(tunnels, probes, drilled);
  const lan = judgeLan(probes);
  const doubtful = new Set(
    usabilities.flatMap(({ tunnel, usable, degraded }) => (usable && degraded ? tunnel : [])),
  );
  const unusable = new Set(usabilities.flatMap(({ tunnel, usable }) => (usable ? [] : tunnel)));
  const names = (isUp: boolean): Set<string> =>
    new Set(
      tunnels.flatMap(({ name, state }) =>
        unusable.has(name) && mayCarry(state) === isUp ? name : [],
      ),
    );
  return {
    ...{ down: names(false), failed: names(true), doubtful },
    ...{ silent: new Set(lan.silent), quiet, isLanLost: lan.isLost },
    ...(drain === undefined ? {} : { drained: new Set(drain.resting) }),
  };
}
