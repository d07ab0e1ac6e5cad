/** Whether what is declared is in effect on every host that runs it. */
import { daemonOf, describeScoped } from '../scope.ts';
import { type ObjectGeneration, toVerdict, type Verdict } from './condition.ts';
import { listSome, type Share } from './judged.ts';

export function judgeProgrammed(object: ObjectGeneration, shares: readonly Share[]): Verdict {
  if (shares.length === 0)
    return toVerdict('Programmed', 'NotUsed', 'no tunnel of any host needs it');
  const verdicts = shares.map((share) => judgeShare(object, share));
  return (
    verdicts.find(({ status }) => status === 'False') ??
    verdicts.find(({ status }) => status === 'Unknown') ??
    toVerdict(
      'Programmed',
      'Programmed',
      `in effect on ${listSome(shares.map(({ host }) => host))}, read back from daemon and kernel`,
    )
  );
}

function judgeShare({ generation }: ObjectGeneration, share: Share): Verdict {
  const { host, report, differences } = share;
  if (report === undefined)
    return toVerdict('Programmed', 'NotReported', `${host} has not reported yet`);
  if (!share.isCurrent || share.generation !== generation) {
    const present = share.isCurrent ? `generation ${share.generation}` : 'another plan';
    return toVerdict(
      'Programmed',
      'Pending',
      `${host} still runs ${present}, not generation ${generation}`,
    );
  }
  const failure = share.problems.find(({ severity }) => severity === 'error');
  if (failure !== undefined) {
    const engine = report.engines.find((one) => daemonOf(one) === failure.shard);
    const reason = engine?.state === 'stopped' ? 'EngineNotRunning' : 'StateUnknown';
    const text = describeScoped(failure.message, failure);
    return toVerdict('Programmed', reason, `${host}: ${text}`);
  }
  if (differences.length === 0) return toVerdict('Programmed', 'Programmed', host);
  const texts = [...new Set(differences.map((one) => describeScoped(one.text, one)))];
  const reason = differences.every(({ drifted }) => drifted === true) ? 'Drifted' : 'Differs';
  return toVerdict('Programmed', reason, `${host}: ${listSome(texts, '; ')}`);
}
