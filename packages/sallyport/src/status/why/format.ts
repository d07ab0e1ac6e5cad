/** An explanation as text for people: one block a tunnel. */
import { printable } from '../../lib/printable.ts';
import { age } from '../format.ts';
import type { TunnelState } from '../host-report.ts';
import type { Explanation, TunnelExplanation } from './explanation.ts';

const STATES: Readonly<Record<TunnelState, string>> = {
  up: 'is up',
  partial: 'is only partly up',
  connecting: 'is being negotiated',
  down: 'is DOWN',
  waiting: 'waits for the other side to call',
  trapped: 'comes up with the first packet',
  standby: 'is with the host that holds its address, and waits',
  disabled: 'is disabled',
  unknown: 'is in a state that is not known',
};

const WIDTH = 10;

export function formatExplanation({ tunnels, observedAt }: Explanation): string {
  const blocks = tunnels.map((tunnel) => formatTunnel(tunnel, observedAt).map(printable));
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function formatTunnel(tunnel: TunnelExplanation, now: string): string[] {
  const lines = [
    `${tunnel.namespace}/${tunnel.connection} ${tunnel.tunnel} ${STATES[tunnel.state]} for ${age(tunnel.since, now)}: ${verdict(tunnel)}`,
  ];
  const add = (label: string, texts: readonly string[]): void => {
    for (const [index, text] of texts.entries())
      lines.push(`  ${(index === 0 ? label : '').padEnd(WIDTH)} ${text}`);
  };
  add(
    'tried',
    tunnel.tried.map(({ at, text }) => `${clock(at)}  ${text}`),
  );
  for (const { code, message, evidence, hint } of tunnel.findings) {
    lines.push('');
    add('wrong', [`${message} [${code}]`]);
    add('seen', evidence);
    add('do', [hint]);
  }
  const rest: readonly (readonly [label: string, texts: readonly string[]])[] = [
    ['right', tunnel.proofs],
    ['not known', tunnel.unseen],
    ['they need', tunnel.expectedOfPeer],
  ];
  for (const [label, texts] of rest) {
    if (texts.length > 0) lines.push('');
    add(label, texts);
  }
  return lines;
}

function verdict({ findings, isWell, state }: TunnelExplanation): string {
  if (findings.length > 1) return `${findings.length} things are wrong, the worst first`;
  if (findings.length === 1) return 'one thing is wrong';
  if (!isWell) return 'no reason is known yet';
  return state === 'up' ? 'nothing is wrong with it' : 'nothing has to be done';
}

/** `09:00:00Z`: the day is today's. */
function clock(time: string): string {
  return time.replace(/^.*T/, '').replace(/\.\d+Z$/, 'Z');
}
