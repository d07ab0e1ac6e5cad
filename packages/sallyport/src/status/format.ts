/** Status of tunnels as text: one block a tunnel, the worst first. */
import { formatBytes, formatDuration } from '../lib/format.ts';
import type { Algorithms, HostReport, TunnelReport } from './host-report.ts';

const DATA_PLANES = {
  'xfrm-interface': 'kernel ESP, XFRM interface',
  vti: 'kernel ESP, VTI',
  policy: 'kernel ESP, by policy',
  userspace: 'ESP in user space',
} as const;

const STATES = {
  up: 'up',
  partial: 'partly up',
  connecting: 'connecting',
  down: 'DOWN',
  waiting: 'waiting for the other side',
  trapped: 'ready for the first packet',
  disabled: 'disabled',
} as const;

/** `now`: RFC 3339. */
export function formatStatus(report: HostReport, now: string): string {
  const engine = report.engine.running
    ? `strongSwan ${report.engine.version ?? ''}${report.engine.external ? ' (not ours)' : ''}`
    : 'IKE daemon not running';
  const revision =
    report.wantedRevision === undefined
      ? 'no plan'
      : report.revisionInEffect === report.wantedRevision
        ? `revision ${report.wantedRevision.slice(0, 12)} in effect`
        : `revision ${report.wantedRevision.slice(0, 12)} NOT in effect`;
  const lines = [
    `host ${report.host}: ${revision}; ${engine}; kernel ${report.kernel}; looked ${age(report.observedAt, now)} ago`,
    ...report.problems.map(
      (problem) =>
        `  ${problem.severity}: ${problem.message}${problem.hint === undefined ? '' : `; ${problem.hint}`} [${problem.code}]`,
    ),
    ...report.differences.map((difference) => `  differs: ${difference}`),
  ];
  const worstFirst = report.tunnels.toSorted((a, b) => rank(a) - rank(b));
  for (const tunnel of worstFirst) lines.push('', ...formatTunnel(tunnel, now));
  return `${lines.join('\n')}\n`;
}

const RANKS = ['down', 'partial', 'connecting'];

/** Tunnels that need a person come first; the others keep their order. */
function rank({ state }: TunnelReport): number {
  const index = RANKS.indexOf(state);
  return index < 0 ? RANKS.length : index;
}

function formatTunnel(tunnel: TunnelReport, now: string): string[] {
  const lines = [
    `${tunnel.namespace}/${tunnel.connection} ${tunnel.tunnel}: ${STATES[tunnel.state]} since ${age(tunnel.since, now)}`,
  ];
  const add = (label: string, text: string): void => {
    lines.push(`  ${label.padEnd(10)} ${text}`);
  };
  if (tunnel.cause !== undefined) {
    add('cause', `${tunnel.cause.message} [${tunnel.cause.code}]`);
    add('do', tunnel.cause.hint);
  }
  add(
    'outer',
    `${end(tunnel.localAddress ?? 'any of ours', tunnel.localId)} <-> ${end(tunnel.remoteAddress ?? 'any', tunnel.remoteId)}`,
  );
  add(
    'data plane',
    `${DATA_PLANES[tunnel.dataPlane]}${tunnel.interface === undefined ? '' : ` ${tunnel.interface}`}, MTU ${tunnel.mtuBytes}`,
  );
  const { ike } = tunnel;
  if (ike !== undefined) {
    const nat = ike.natDetected ? ', NAT on the path' : '';
    add(
      'IKE',
      `${formatAlgorithms(ike.algorithms)}, ${ike.initiator ? 'we initiated' : 'they initiated'}${nat}${rekey(ike.rekeyInSeconds)}`,
    );
  }
  for (const child of tunnel.children) {
    add(
      `ESP ${child.name}`,
      `${child.localSelectors.join(', ')} <-> ${child.remoteSelectors.join(', ')}`,
    );
    add(
      '',
      `${formatAlgorithms(child.algorithms)}${child.encapsulated ? ' in UDP' : ''}, in ${formatBytes(child.bytesIn)} (${child.packetsIn} packets), out ${formatBytes(child.bytesOut)} (${child.packetsOut} packets)${rekey(child.rekeyInSeconds)}`,
    );
  }
  return lines;
}

function end(address: string, id: string | undefined): string {
  return id === undefined ? address : `${address} [${id}]`;
}

function formatAlgorithms({
  encryption,
  keyBits,
  integrity,
  prf,
  keyExchange,
}: Algorithms): string {
  return [`${encryption}${keyBits === undefined ? '' : `-${keyBits}`}`, integrity, prf, keyExchange]
    .filter((part) => part !== undefined)
    .join('/');
}

function rekey(seconds: number | undefined): string {
  return seconds === undefined ? '' : `, rekey in ${formatDuration(seconds)}`;
}

function age(from: string, now: string): string {
  return formatDuration((Date.parse(now) - Date.parse(from)) / 1000);
}
