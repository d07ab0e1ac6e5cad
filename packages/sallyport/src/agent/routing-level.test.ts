import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FrrError } from '../drivers/frr/engine-error.ts';
import type { FrrChange } from '../drivers/frr/state.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { bgp, established } from '../status/testing/reports.ts';
import { DriftWatch } from './drift-watch.ts';
import { RoutingLevel, type RoutingLevelOptions } from './routing-level.ts';
import { rememberingLog } from './testing/quiet-log.ts';

const { plan } = planWorld(
  WORLDS['BGP with a data centre and a cloud, another gateway, and nodes'] ?? { text: '' },
);
const { bgp: _, ...silent } = plan;
const { signal } = new AbortController();
const change: FrrChange = {
  ...{ driver: 'frr', action: 'add', subject: 'BGP neighbor 169.254.10.1', impact: 'nothing' },
  step: { daemon: 'bgpd', lines: [] },
};
const ensure = vi.fn<() => Promise<'running' | 'started'>>();
const isRunning = vi.fn<() => Promise<boolean>>();
const cleanUp = vi.fn(() => Promise.resolve());
/** What differs, look by look. */
let differing: FrrChange[][];
let level: RoutingLevel;

beforeEach(() => {
  vi.clearAllMocks();
  ensure.mockResolvedValue('running');
  isRunning.mockResolvedValue(false);
  differing = [];
  const { log } = rememberingLog();
  const driver = {
    name: 'frr',
    check: () => [],
    observe: () => Promise.resolve({ version: '8.4.4' }),
    diff: () => differing.shift() ?? [],
    apply: (changes: readonly FrrChange[]) => Promise.resolve({ done: changes, failed: [] }),
    cleanUp,
  };
  const frr = { ensure, isRunning, report: () => Promise.resolve(bgp), driver };
  level = new RoutingLevel({
    frr: frr as unknown as RoutingLevelOptions['frr'],
    drift: new DriftWatch({ log, life: 'first', now: () => new Date(0) }),
    log,
  });
});

describe('RoutingLevel', () => {
  it('tells what is there, with the tunnels that sessions run in', async () => {
    differing = [[change], []];
    const result = await level.round(plan, signal);
    expect(result.differences).toEqual([]);
    expect(result.bgp?.sessions).toEqual([{ ...established, tunnel: 'sp.default.dc.one' }]);
  });

  it('tells what differs still', async () => {
    differing = [[change], [change]];
    expect((await level.round(plan, signal)).differences).toEqual([
      { text: 'frr: add BGP neighbor 169.254.10.1' },
    ]);
  });

  it('says why FRR cannot be driven, and goes on', async () => {
    ensure.mockRejectedValueOnce(new FrrError('routing/foreign-frr', 'somebody else runs zebra'));
    ensure.mockRejectedValueOnce(new Error('torn'));
    for (const code of ['routing/foreign-frr', 'frr/failed']) {
      const { differences, problems } = await level.round(plan, signal);
      expect(differences).toEqual([{ text: 'frr: state unknown' }]);
      expect(problems.map((problem) => problem.code)).toEqual([code]);
    }
  });

  it('brings back what a new daemon does not know, which is no drift', async () => {
    await level.round(plan, signal);
    ensure.mockResolvedValue('started');
    differing = [[change], []];
    expect((await level.round(plan, signal)).differences).toEqual([]);
  });

  it('ends daemons that nothing needs, and looks for them once', async () => {
    isRunning.mockResolvedValue(true);
    await level.round(silent, signal);
    await level.round(silent, signal);
    expect(cleanUp).toHaveBeenCalledTimes(1);
    expect(isRunning).toHaveBeenCalledTimes(1);
    await level.round(plan, signal);
    await level.round(silent, signal);
    expect(cleanUp).toHaveBeenCalledTimes(2);
  });
});
