/** Whether packets pass both ways. */
import { isEstablished } from '../bgp-report.ts';
import type { Traffic } from '../host-report.ts';
import { type Condition, toVerdict, type Verdict } from './condition.ts';
import { listSome, type Share } from './judged.ts';

const ONE_WAY: Readonly<Partial<Record<Traffic, string>>> = {
  unanswered: 'packets go out, and none comes in',
  unreturned: 'packets come in, and none goes out',
};

/** `established`: the verdict of that name. */
export function judgeHealthy(
  shares: readonly Share[],
  established: Verdict,
  before: Condition | undefined,
): Verdict {
  const { reason, status, message } = established;
  if (reason === 'NotUsed' || reason === 'NotReported' || reason === 'StateUnknown')
    return toVerdict('Healthy', reason, message);
  const tunnels = shares
    .flatMap((share) => share.tunnels)
    .filter(({ state }) => state === 'up' || state === 'partial');
  if (tunnels.length === 0) {
    return status === 'False'
      ? toVerdict('Healthy', 'NotEstablished', 'no SA is up')
      : toVerdict('Healthy', 'NoTraffic', 'no SA is up, and none has to be');
  }
  if (shares.every(({ report }) => report?.drain !== undefined))
    return toVerdict('Healthy', 'Drained', 'packets are to go by other hosts');
  const silent = shares.flatMap(({ names, report }) =>
    (report?.bgp?.sessions ?? []).filter(
      (session) =>
        session.tunnel !== undefined && names.includes(session.tunnel) && !isEstablished(session),
    ),
  );
  if (silent.length > 0) {
    const words = silent.map(({ address, state }) => `${address} is ${state}`);
    return toVerdict('Healthy', 'BgpDown', listSome(words, '; '));
  }
  const oneWay = tunnels.flatMap(({ name, traffic }) => {
    const words = traffic === undefined ? undefined : ONE_WAY[traffic];
    return words === undefined ? [] : [`${name}: ${words}`];
  });
  if (oneWay.length > 0) return toVerdict('Healthy', 'OneWay', listSome(oneWay, '; '));
  if (tunnels.some(({ traffic }) => traffic === 'both-ways'))
    return toVerdict('Healthy', 'BothWays', 'packets have come in and gone out lately');
  // Too early to tell, as after a start of the agent: what was proven last stands for so long.
  const isEarly = tunnels.some(({ traffic }) => traffic === undefined);
  if (
    isEarly &&
    before !== undefined &&
    (before.reason === 'BothWays' || before.reason === 'OneWay')
  )
    return toVerdict('Healthy', before.reason, before.message);
  return toVerdict('Healthy', 'NoTraffic', 'no packets lately, or too few to tell');
}
