import { describe, expect, it } from 'vitest';
import { conditions, NOW, report } from '../testing/reports.ts';
import { formatConditions, formatConditionTable } from './format-conditions.ts';

describe('conditions as text', () => {
  it('are a table of objects, with the reason of what is not true', () => {
    const secret = { kind: 'Secret', namespace: 'lab', name: 'k', generation: 12, conditions: [] };
    expect(formatConditionTable([...report.objects, secret])).toBe(
      [
        'KIND        NAME               GENERATION  ACCEPTED  PROGRAMMED  ESTABLISHED         HEALTHY',
        'Connection  default/partner-a  1           True      True        False (Connecting)  Unknown (NoTraffic)',
        'Secret      lab/k              12          -         -           -                   -',
        '',
      ].join('\n'),
    );
  });

  it('are all told of one object, with since when', () => {
    expect(formatConditions(conditions, NOW)).toBe(
      [
        'conditions',
        '  Accepted    True    Accepted, generation 1, for 1m: valid',
        '  Programmed  True    Programmed, generation 1, for 1m: in effect',
        '  Established False   Connecting, generation 1, for 1m: connecting',
        '  Healthy     Unknown NoTraffic, generation 1, for 1m: no packets',
        '',
      ].join('\n'),
    );
  });
});
