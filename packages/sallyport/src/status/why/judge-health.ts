/** Whether anything comes back out of a tunnel that is up, as probes have found out. */
import { type Judgement, NOTHING, type Subject } from './judgement.ts';
import { toFinding } from './path-causes.ts';

export function judgeHealth({ after, usability }: Subject): Judgement {
  if (after.state !== 'up' || usability?.usable !== false) return NOTHING;
  const { reason } = usability;
  return { ...NOTHING, findings: [toFinding({ code: 'path/unanswered', named: { reason } })] };
}
