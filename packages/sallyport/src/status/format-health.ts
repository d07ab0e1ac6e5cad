/** What probes say, as lines: of one tunnel, below it, and of the other hosts. */
import type { HealthReport, ProbeReport } from './health-report.ts';

export function formatHealth(tunnel: string, health: HealthReport | undefined): string[] {
  if (health === undefined) return [];
  const usability = health.tunnels.find((each) => each.tunnel === tunnel);
  const verdict =
    usability === undefined || (usability.usable && !usability.degraded)
      ? []
      : [`  ${'health'.padEnd(10)} ${usability.usable ? '' : 'NOT USABLE: '}${usability.reason}`];
  const probes = health.probes.filter((probe) => probe.tunnel === tunnel);
  return [...verdict, ...probes.map((probe) => `  ${'probe'.padEnd(10)} ${formatProbe(probe)}`)];
}

/** A line for each host of ours that is asked. */
export function formatHosts(health: HealthReport | undefined): string[] {
  return (health?.probes ?? [])
    .filter(({ host }) => host !== undefined)
    .map((probe) => `host ${probe.host ?? ''}: ${formatProbe(probe)}`);
}

const STATES = {
  good: 'answers',
  failed: 'DOES NOT ANSWER',
  unknown: 'has not answered yet',
} as const;

function formatProbe({ target, state, lossy, reason, last100, roundTrip }: ProbeReport): string {
  const times =
    roundTrip === undefined
      ? ''
      : `, ${roundTrip.averageMilliseconds.toFixed(1)} ms (${roundTrip.minimumMilliseconds.toFixed(1)} to ${roundTrip.maximumMilliseconds.toFixed(1)})`;
  const words = state === 'good' ? (lossy ? 'answers, LOSSY' : STATES.good) : STATES[state];
  const why = state === 'failed' ? `: ${reason}` : '';
  return `${target} ${words}, ${last100.lost} of ${last100.sent} lost${times}${why}`;
}
