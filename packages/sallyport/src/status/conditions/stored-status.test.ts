import { describe, expect, it } from 'vitest';
import { conditions, report } from '../testing/reports.ts';
import type { ObjectStatus } from './condition.ts';
import { storedStatus } from './stored-status.ts';

const stored = { kind: 'Connection', namespace: 'default', name: 'partner-a', generation: 1 };

function words({ conditions: of }: ObjectStatus): string[] {
  return of.map(
    ({ status, reason, observedGeneration }) => `${status} ${reason} ${observedGeneration}`,
  );
}

describe('the status of stored objects', () => {
  it('is what the agent has judged of this generation', () => {
    expect(storedStatus([stored], report)).toEqual([{ ...stored, conditions }]);
  });

  it('is pending where the agent runs an older generation, and tells of the SAs that it has', () => {
    const [status] = storedStatus([{ ...stored, generation: 3 }], report);
    expect(status && words(status)).toEqual([
      ...['True Accepted 3', 'False Pending 3', 'False Connecting 1', 'Unknown NoTraffic 1'],
    ]);
    const times = status?.conditions.map(({ lastTransitionTime }) => lastTransitionTime);
    expect(times?.slice(0, 2)).toEqual(['2026-06-01T11:59:00Z', '2026-06-01T11:59:58Z']);
  });

  it('says of what no tunnel needs that it is not used', () => {
    const [status] = storedStatus([{ ...stored, kind: 'Secret', name: 'spare' }], report);
    expect(status && words(status)).toEqual(['True Accepted 1', 'Unknown NotUsed 1']);
  });
});
