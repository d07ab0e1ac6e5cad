/** Whether the SAs that are wanted are up. */
import type { TunnelReport, TunnelState } from '../host-report.ts';
import { toVerdict, type Verdict } from './condition.ts';
import { listSome, type Share } from './judged.ts';

/** Not up although it should be, the worst first. */
const FAULTS = [
  ['down', 'Down'],
  ['partial', 'PartlyUp'],
  ['connecting', 'Connecting'],
] as const;

/** Rightly not up. */
const PATIENT = [
  ['waiting', 'Waiting', 'the other side begins, and has not yet'],
  ['standby', 'Standby', 'another host of the gateway holds its address, and has it'],
  ['trapped', 'Trapped', 'comes up with the first packet'],
  ['disabled', 'Disabled', 'declared to be down'],
] as const;

export function judgeEstablished(shares: readonly Share[]): Verdict {
  if (shares.length === 0) return toVerdict('Established', 'NotUsed', 'it has no tunnel');
  const unread = shares.find(({ report }) => report === undefined);
  if (unread !== undefined)
    return toVerdict('Established', 'NotReported', `${unread.host} has not reported yet`);
  const tunnels = shares.flatMap((share) => share.tunnels);
  return tunnels.length === 0
    ? toVerdict('Established', 'NotReported', 'no host has reported its tunnels yet')
    : judgeTunnels(tunnels);
}

function judgeTunnels(tunnels: readonly TunnelReport[]): Verdict {
  const byState = Map.groupBy(tunnels, ({ state }) => state);
  const of = (state: TunnelState): readonly TunnelReport[] => byState.get(state) ?? [];
  const unknown = of('unknown');
  const faults = FAULTS.flatMap(([state]) => of(state));
  const up = of('up');
  const [worst] = FAULTS.filter(([state]) => of(state).length > 0);
  if (worst !== undefined) {
    const isPartly = up.length > 0 || of('partial').length > 0;
    return toVerdict(
      'Established',
      isPartly ? 'PartlyUp' : worst[1],
      listSome(faults.map(explain), '; '),
    );
  }
  if (unknown.length > 0)
    return toVerdict('Established', 'StateUnknown', listSome(unknown.map(explain), '; '));
  if (up.length > 0) {
    const rest = tunnels.length - up.length;
    const others = rest === 0 ? '' : `; ${count(rest)} not wanted up now`;
    return toVerdict('Established', 'Established', `${count(up.length)} up${others}`);
  }
  const [[, reason, words]] = PATIENT.filter(([state]) => of(state).length > 0) as [
    (typeof PATIENT)[number],
  ];
  return toVerdict('Established', reason, words);
}

function count(number: number): string {
  return number === 1 ? '1 tunnel' : `${number} tunnels`;
}

function explain({ name, state, cause }: TunnelReport): string {
  const words = {
    down: 'down',
    partial: 'partly up',
    connecting: 'connecting',
    unknown: 'not known',
  };
  const word = words[state as keyof typeof words];
  return `${name} is ${word}${cause === undefined ? '' : `: ${cause.message} [${cause.code}]`}`;
}
