import { describe, expect, it } from 'vitest';
import { CONDITION_REASONS, conditionReference } from './condition-reasons.ts';

describe('reasons of conditions', () => {
  const reasons = Object.values(CONDITION_REASONS).flatMap((of) => Object.keys(of));

  it('are words that Kubernetes takes', () => {
    for (const reason of reasons) expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
  });

  it('are listed in the reference, a row for each', () => {
    const rows = conditionReference()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows).toHaveLength(reasons.length);
  });
});
