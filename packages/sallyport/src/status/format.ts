/** Status of tunnels as text: one block a tunnel, the worst first. */
import { formatBytes, formatDuration } from '../lib/format.ts';
import { printable } from '../lib/printable.ts';
import { formatProblem } from '../lib/problem.ts';
import type { CertificateSummary } from '../model/facts.ts';
import { formatBgp } from './format-bgp.ts';
import { describeCertificate } from './format-certificate.ts';
import { formatHealth, formatHosts } from './format-health.ts';
import { formatPlannedWork } from './format-planned-work.ts';
import { formatHolder, formatVrrp } from './format-vrrp.ts';
import {
  type Algorithms,
  type ChildReport,
  type Counters,
  type Difference,
  type EngineReport,
  type HostReport,
  isOff,
  type TunnelReport,
} from './host-report.ts';
import { describeScoped } from './scope.ts';

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
  standby: 'waits',
  unknown: 'UNKNOWN',
  disabled: 'disabled',
} as const;

/** `now`: RFC 3339. `isOver`: nobody looks any more, and the report is the last there was. */
export function formatStatus(report: HostReport, now: string, isOver = false): string {
  const revision =
    report.wantedRevision === undefined
      ? 'no plan'
      : report.revisionInEffect === report.wantedRevision
        ? `revision ${report.wantedRevision.slice(0, 12)} in effect`
        : `revision ${report.wantedRevision.slice(0, 12)} NOT in effect`;
  const lines = [
    `host ${report.host}${isOver ? ', as it was last reported' : ''}: ${revision}; ${report.engines.map((engine) => formatEngine(engine, report)).join(', ')}; kernel ${report.kernel}; looked ${age(report.observedAt, now)} ago`,
    ...report.problems.map((problem) => `  ${describeScoped(formatProblem(problem), problem)}`),
    ...new Set(report.differences.map(formatDifference)),
    ...formatPlannedWork(report, now),
    ...formatDrift(report.drift, now),
  ];
  if (report.vrrp !== undefined) lines.push('', ...formatVrrp(report.vrrp, now));
  if (report.bgp !== undefined) lines.push('', ...formatBgp(report.bgp, now));
  const hosts = formatHosts(report.health);
  if (hosts.length > 0) lines.push('', ...hosts);
  const worstFirst = report.tunnels.toSorted((a, b) => rank(a) - rank(b));
  for (const tunnel of worstFirst)
    lines.push(
      ...['', ...formatTunnel(tunnel, report.vrrp, now)],
      ...(isOff(tunnel.state) ? [] : formatHealth(tunnel.name, report.health)),
    );
  return `${lines.map(printable).join('\n')}\n`;
}

function formatDifference(difference: Difference): string {
  const text = describeScoped(difference.text, difference);
  return difference.drifted === true ? `  drifted, not repaired: ${text}` : `  differs: ${text}`;
}

/** What somebody else has changed, and was put right, leaves no other trace. */
function formatDrift({ count, last }: HostReport['drift'], now: string): string[] {
  const newest = last.at(-1);
  if (newest === undefined) return [];
  const times = count === 1 ? '1 change' : `${count} changes`;
  const outcome = newest.repaired ? 'repaired' : 'only reported';
  return [
    `  drift: ${times} by somebody else, the last ${age(newest.at, now)} ago, ${outcome}: ${describeScoped(newest.text, newest)}`,
  ];
}

function formatEngine(
  { shard, state, version, external }: EngineReport,
  { tunnels, wantedRevision }: HostReport,
): string {
  const place = shard === undefined ? '' : ` in shard ${shard}`;
  // On a node, and wherever nothing is to be carried.
  if (state === 'stopped' && wantedRevision !== undefined && tunnels.length === 0)
    return `no IKE daemon needed${place}`;
  if (state !== 'running')
    return `IKE daemon${place} ${state === 'silent' ? 'does not answer' : 'not running'}`;
  return `strongSwan${version === undefined ? '' : ` ${version}`}${place}${external ? ' (not ours)' : ''}`;
}

const RANKS = ['down', 'unknown', 'partial', 'connecting'];

/** Tunnels that need a person come first; the others keep their order. */
function rank({ state }: TunnelReport): number {
  const index = RANKS.indexOf(state);
  return index < 0 ? RANKS.length : index;
}

function formatTunnel(tunnel: TunnelReport, vrrp: HostReport['vrrp'], now: string): string[] {
  const lines = [
    `${tunnel.namespace}/${tunnel.connection} ${tunnel.tunnel}: ${STATES[tunnel.state]} since ${clock(tunnel.since)} (${age(tunnel.since, now)})`,
  ];
  const add = (label: string, text: string): void => {
    lines.push(`  ${label.padEnd(10)} ${text}`);
  };
  if (tunnel.state === 'standby')
    add('waits', formatHolder(tunnel.localAddress ?? 'its address', vrrp));
  // A tunnel that shall be down needs nobody to do anything.
  if (tunnel.cause !== undefined && !isOff(tunnel.state)) {
    const { message, code, at } = tunnel.cause;
    add('cause', `${message}, ${age(at, now)} ago [${code}]`);
    add('do', tunnel.cause.hint);
  }
  add(
    'outer',
    `${end(tunnel.localAddress ?? 'any of ours', tunnel.localId)} <-> ${end(tunnel.remoteAddress ?? 'any', tunnel.remoteId)}`,
  );
  add(
    'data plane',
    `${DATA_PLANES[tunnel.dataPlane]}${tunnel.interface === undefined ? '' : ` ${tunnel.interface}`}${tunnel.shard === undefined ? '' : ` of shard ${tunnel.shard}`}, MTU ${tunnel.mtuBytes}${tunnel.dataPlane === 'userspace' ? ' for TCP' : ''}`,
  );
  const { ike } = tunnel;
  if (ike !== undefined) {
    // User-space ESP makes its daemons believe in a NAT, so that ESP goes in UDP.
    const nat = ike.natDetected && tunnel.dataPlane !== 'userspace' ? ', NAT on the path' : '';
    add(
      'IKE',
      `${formatAlgorithms(ike.algorithms)}, ${ike.initiator ? 'we initiated' : 'they initiated'}${nat}${rekey(ike.rekeyInSeconds)}`,
    );
  }
  const { local, remote } = tunnel.certificates ?? {};
  if (local !== undefined) add('our cert', formatCertificate(local, now));
  if (remote !== undefined) add('their cert', formatCertificate(remote, now));
  add('history', formatPast(tunnel, now));
  for (const child of tunnel.children) {
    add(
      `ESP ${child.name}`,
      `${formatChildState(child)}${prefixes(child.localSelectors)} <-> ${prefixes(child.remoteSelectors)}`,
    );
    add(
      '',
      `${formatAlgorithms(child.algorithms)}${child.encapsulated ? ' in UDP' : ''}, ${formatCounters(child)}${rekey(child.rekeyInSeconds)}`,
    );
  }
  return lines;
}

function formatCertificate(certificate: CertificateSummary, now: string): string {
  const left = (Date.parse(certificate.notAfter) - Date.parse(now)) / 1000;
  const end = left > 0 ? `for ${formatDuration(left)} more` : 'EXPIRED';
  return `${describeCertificate(certificate)}, ${end}`;
}

/** One line over all SAs. The error of a tunnel that has failed already stands as its cause. */
function formatPast({ history, cause }: TunnelReport, now: string): string {
  const { firstSeen, upSeconds, flaps, rekeys, lastError } = history;
  const seconds = Math.max(1, (Date.parse(now) - Date.parse(firstSeen)) / 1000);
  // Rounded down: 100 % is for tunnels that were never down.
  const share = Math.floor(Math.min(1, upSeconds / seconds) * 10_000) / 100;
  const parts = [
    `up ${share} % of ${age(firstSeen, now)}`,
    `${flaps} ${flaps === 1 ? 'flap' : 'flaps'}`,
    `${rekeys} ${rekeys === 1 ? 'rekeying' : 'rekeyings'}`,
    formatCounters(history),
  ];
  if (lastError !== undefined && cause === undefined)
    parts.push(`last error ${age(lastError.at, now)} ago [${lastError.code}]`);
  return parts.join(', ');
}

function formatCounters({ bytesIn, bytesOut, packetsIn, packetsOut }: Counters): string {
  return `in ${formatBytes(bytesIn)} (${packetsIn} packets), out ${formatBytes(bytesOut)} (${packetsOut} packets)`;
}

/** A Child SA under negotiation has none yet. */
function prefixes(selectors: readonly string[]): string {
  return selectors.length === 0 ? 'none' : selectors.join(', ');
}

/** Only what is not as usual: charon's word, such as `rekeying`. */
function formatChildState({ state }: ChildReport): string {
  return state === 'INSTALLED' ? '' : `${state.toLowerCase()}: `;
}

function end(address: string, id: string | undefined): string {
  return id === undefined ? address : `${address} [${id}]`;
}

export function formatAlgorithms({
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

/** `2026-05-28 09:00:00Z`: RFC 3339 §5.6 allows the blank, and fractions of a second say nothing here. */
export function clock(time: string): string {
  return time.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** Time from one RFC 3339 moment to another, in words. */
export function age(from: string, now: string): string {
  return formatDuration((Date.parse(now) - Date.parse(from)) / 1000);
}
