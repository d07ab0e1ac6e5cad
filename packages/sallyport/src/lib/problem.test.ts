import { describe, expect, it } from 'vitest';
import { formatProblem, isBlocking, type Problem } from './problem.ts';

const full: Problem = {
  code: 'prefix/host-bits',
  severity: 'error',
  message: 'has host bits set',
  hint: 'write 10.1.0.0/16',
  object: { kind: 'Gateway', namespace: 'default', name: 'edge' },
  path: 'spec.networks[0]',
  value: '10.1.2.3/16',
  source: { file: 'edge.yaml', line: 7, column: 5 },
};

describe('formatProblem', () => {
  it('writes everything known on one line', () => {
    expect(formatProblem(full)).toBe(
      'edge.yaml:7:5: error: Gateway default/edge spec.networks[0]: has host bits set (10.1.2.3/16); write 10.1.0.0/16 [prefix/host-bits]',
    );
  });

  it('leaves out what is not known', () => {
    expect(formatProblem({ code: 'a/b', severity: 'warning', message: 'is odd' })).toBe(
      'warning: is odd [a/b]',
    );
    expect(
      formatProblem({ code: 'a/b', severity: 'waiting', message: 'is not there', path: 'spec' }),
    ).toBe('waiting: spec: is not there [a/b]');
  });
});

describe('isBlocking', () => {
  it('is true of errors only', () => {
    expect(isBlocking(full)).toBe(true);
    expect(isBlocking({ ...full, severity: 'waiting' })).toBe(false);
    expect(isBlocking({ ...full, severity: 'warning' })).toBe(false);
  });
});
