import { describe, expect, it } from 'vitest';
import type { Change, Impact } from '../drivers/driver.ts';
import { describeChanges } from './describe-changes.ts';

const change = (subject: string, impact: Impact): Change => ({
  driver: 'kernel',
  action: 'replace',
  subject,
  impact,
});

describe('describeChanges', () => {
  it('says what it means for traffic, in the first line and at each change', () => {
    const asked = [
      {
        object: { kind: 'Connection', namespace: 'default', name: 'a' },
        path: 'spec.crypto',
        before: 'default',
        after: 'cnsa',
        class: 'roll',
        effect: 'a new IKE SA',
      },
    ] as const;
    const changes = [change('one', 'nothing'), change('two', 'roll'), change('three', 'cut')];
    expect(describeChanges('gw1', asked, changes, true)).toBe(
      [
        'Connection default/a spec.crypto: default -> cnsa (roll: a new IKE SA)',
        'host gw1: 3 changes; 1 of them interrupts traffic, 1 of them replaces a tunnel without loss',
        '  replace one',
        '  replace two [rolled: the new SA comes up beside the old one]',
        '  replace three [interrupts traffic]',
        '',
      ].join('\n'),
    );
  });

  it('promises no more than the kernel can do', () => {
    expect(describeChanges('gw1', [], [change('one', 'roll')], false)).toContain(
      '1 of them replaces a tunnel and may lose the packets of a millisecond: this kernel has no ifb to hold them',
    );
  });

  it('says that nothing is lost, or that nothing is to do', () => {
    expect(describeChanges('gw1', [], [change('one', 'nothing')], true)).toBe(
      'host gw1: 1 change; no tunnel loses traffic\n  replace one\n',
    );
    expect(describeChanges('gw1', [], [], true)).toBe('host gw1: nothing to change\n');
  });
});
