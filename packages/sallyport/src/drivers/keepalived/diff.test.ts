import { describe, expect, it } from 'vitest';
import { formatChange } from '../driver.ts';
import { diffKeepalived } from './diff.ts';
import type { KeepalivedDesired, ObservedKeepalived } from './state.ts';
import { observedAll, observedRouter, V4, V6 } from './testing/routers.ts';

const CONFIG = 'as rendered';

function changesOf(observed: ObservedKeepalived, desired: KeepalivedDesired): string[] {
  const changes = diffKeepalived(observed, desired, CONFIG);
  for (const change of changes) expect(change.desired).toBe(desired);
  return changes.map((change) => `${formatChange(change)}: ${change.impact}`);
}

const { routers: _routers, guard: _guard, ...STOPPED } = observedAll([], '');

const GUARD = 'table inet sallyport_vrrp';

describe('a keepalived that was told nothing', () => {
  it('is told each virtual router', () => {
    expect(changesOf(STOPPED, [V4, V6])).toEqual([
      'add virtual router sp-default-left-v4, id 51 on eth0: 10.9.0.254/24: nothing',
      'add virtual router sp-default-left-v6, id 51 on eth0: fd09::fe/64: nothing',
      `add ${GUARD}: nothing`,
    ]);
  });

  it('is left alone without virtual routers', () => {
    expect(changesOf(STOPPED, [])).toEqual([]);
  });

  it('is ended where it runs for nothing', () => {
    expect(changesOf(observedAll([], ''), [])).toEqual([
      'remove keepalived: cut',
      `remove ${GUARD}: nothing`,
    ]);
  });
});

describe('a keepalived that has what it should', () => {
  it('needs no change', () => {
    expect(changesOf(observedAll([V4, V6], CONFIG), [V4, V6])).toEqual([]);
  });

  it('does not know which tunnels the addresses follow', () => {
    expect(changesOf(observedAll([V4], CONFIG), [{ ...V4, tunnels: [] }])).toEqual([]);
  });

  it('is told again what is rendered in another way, or was never seen to be taken', () => {
    expect(changesOf(observedAll([V4], ''), [V4])).toEqual(['replace keepalived.conf: nothing']);
  });

  it('is guarded again where somebody has flushed all rules', () => {
    const { guard: _, ...observed } = observedAll([V4], CONFIG);
    expect(changesOf(observed, [V4])).toEqual([`add ${GUARD}: nothing`]);
  });

  it('is started where it has ended', () => {
    const { routers: _, ...observed } = observedAll([V4], CONFIG);
    expect(changesOf(observed, [V4])).toEqual(['add keepalived (it does not run): nothing']);
  });

  it('gives up what is not wanted any more', () => {
    const gone = 'remove virtual router sp-default-left-v6, id 51 on eth0: fd09::fe/64: cut';
    expect(changesOf(observedAll([V4, V6], CONFIG), [V4])).toEqual([
      gone,
      `replace ${GUARD}: nothing`,
    ]);
    expect(changesOf(observedAll([V6], CONFIG), [])).toEqual([gone, `remove ${GUARD}: nothing`]);
  });
});

describe('a virtual router', () => {
  it.each([
    [{ peers: ['10.9.0.7'] }, 'peers', 'nothing'],
    [{ localAddress: '10.9.0.3' }, 'localAddress', 'nothing'],
    [{ advertisementMilliseconds: 200 }, 'advertisementMilliseconds', 'nothing'],
    [{ virtualRouterId: 52 }, 'virtualRouterId', 'cut'],
    [{ interface: 'eth1' }, 'interface', 'cut'],
    [{ virtualAddresses: ['10.9.0.253/24'] }, 'virtualAddresses', 'cut'],
  ])('with %j is replaced', (fields, word, impact) => {
    const [change, ...more] = changesOf(observedAll([V4], CONFIG), [{ ...V4, ...fields }]);
    expect(change).toMatch(new RegExp(`^replace virtual router .* \\(${word}\\): ${impact}$`));
    expect(more.filter((line) => !line.includes(GUARD))).toEqual([]);
  });

  it.each([
    [{ name: 'theirs' }, 'name'],
    [{ virtualRouterId: 9 }, 'virtualRouterId'],
    [{ addresses: ['10.9.0.1'] }, 'virtualAddresses'],
  ])('that keepalived has with %j is told again', (fields, word) => {
    const observed = { ...observedAll([V4], CONFIG), routers: [observedRouter(V4, fields)] };
    expect(changesOf(observed, [V4])[0]).toContain(`(${word})`);
  });
});
