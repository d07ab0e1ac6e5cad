import { expect, it } from 'vitest';
import { subject } from '../testing/subjects.ts';
import { judgeHealth } from './judge-health.ts';

const usability = {
  ...{ tunnel: subject.tunnel.name, usable: false, degraded: false },
  reason: '169.254.10.1 has not answered for 8s',
};

it('tells of a tunnel that is up and through which nothing comes back', () => {
  const [finding] = judgeHealth({ ...subject, usability }).findings;
  expect(finding?.code).toBe('path/unanswered');
  expect(finding?.message).toContain('169.254.10.1 has not answered for 8s');
});

it('has nothing to say of a tunnel that answers, is down, or is not asked', () => {
  const down = { ...subject.after, state: 'down' } as const;
  for (const one of [
    subject,
    { ...subject, usability: { ...usability, usable: true } },
    { ...subject, usability, after: down },
  ])
    expect(judgeHealth(one).findings).toEqual([]);
});
