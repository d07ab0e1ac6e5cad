/** Neighbours that are about to tell more prefixes than are taken from them. */
import type { Problem } from '../lib/problem.ts';
import { WARNING_PERCENT } from '../plan/bgp-plan.ts';
import type { BgpReport } from './bgp-report.ts';

/** Without the number of now: each other one would be another problem. */
export function limitProblems(bgp: BgpReport | undefined): Problem[] {
  return (bgp?.sessions ?? []).flatMap(({ address, description, tunnel, families }) =>
    families
      .filter(
        ({ received, limit = Number.POSITIVE_INFINITY }) =>
          received * 100 > limit * WARNING_PERCENT,
      )
      .map(({ family, limit }): Problem => {
        const who = description === undefined ? address : `${address} (${description})`;
        return {
          ...{ code: 'routing/limit-near', severity: 'warning' },
          message: `${who} tells more than ${WARNING_PERCENT} percent of the ${limit} prefixes of IPv${family} at which its session ends`,
          hint: `let it tell fewer and shorter ones${tunnel === undefined ? '' : ', or raise maximumPrefixes of the Connection'}`,
        };
      }),
  );
}
