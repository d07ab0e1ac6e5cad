import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProbePlan } from '../../plan/probe-plan.ts';
import type { ProbeReport } from '../../status/health-report.ts';
import { rememberingLog } from '../testing/quiet-log.ts';
import type { Asking, ProberListener, StartProber } from './prober.ts';
import { Probes } from './probes.ts';

const INSIDE: ProbePlan = {
  ...{ tunnel: 'sp.a.b.one', kind: 'inside', method: 'icmp', target: '169.254.1.1' },
  ...{ source: '169.254.1.2', interface: 'spone' },
  ...{ intervalMilliseconds: 100, failAfter: 3, recoverAfter: 5 },
};
const BEHIND: ProbePlan = { ...INSIDE, kind: 'target', target: '10.2.0.9' };
const OTHER: ProbePlan = {
  ...INSIDE,
  ...{ tunnel: 'sp.a.b.two', interface: 'sptwo', source: '169.254.2.2', target: '169.254.2.1' },
};

/** A prober that answers what it is told to, at the pace it is asked for. */
class FakeProber {
  readonly asking: Asking;
  readonly asked: (readonly string[])[] = [];
  readonly listener: ProberListener;
  answering = true;
  isClosed = false;
  #number = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(asking: Asking, listener: ProberListener) {
    this.asking = asking;
    this.listener = listener;
  }

  ask(targets: readonly string[]): void {
    this.asked.push(targets);
    this.#number = 0;
    clearInterval(this.#timer);
    this.listener.onStart();
    this.#timer = setInterval(() => {
      const number = this.#number++;
      if (!this.answering) return;
      for (const target of targets)
        this.listener.onAnswer({ target, number, roundTripMilliseconds: 2 });
    }, this.asking.intervalMilliseconds);
  }

  close(): void {
    clearInterval(this.#timer);
    this.isClosed = true;
  }
}

let probers: FakeProber[];
let told: ProbeReport[];
let probes: Probes;

const startProber: StartProber = (asking, listener) => {
  const prober = new FakeProber(asking, listener);
  probers.push(prober);
  return prober;
};
const states = (): string[] => told.map(({ target, state }) => `${target} ${state}`);
const prober = (index: number): FakeProber => probers[index] ?? expect.fail('no such prober');

beforeEach(() => {
  vi.useFakeTimers({
    toFake: [
      ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const),
      ...(['setImmediate', 'clearImmediate', 'performance', 'Date'] as const),
    ],
  });
  probers = [];
  told = [];
  const onChange = (report: ProbeReport): void => {
    told.push(report);
  };
  probes = new Probes({ log: rememberingLog().log, onChange, startProber });
});
afterEach(() => {
  probes.close();
  vi.useRealTimers();
});

describe('Probes', () => {
  it('asks all targets behind one interface with one prober', () => {
    probes.follow([BEHIND, INSIDE, OTHER]);
    expect(probers.map(({ asking, asked }) => [asking.interface, asked])).toEqual([
      ['spone', [['10.2.0.9', '169.254.1.1']]],
      ['sptwo', [['169.254.2.1']]],
    ]);
  });

  it('tells at once what answers and what has failed', () => {
    probes.follow([INSIDE, OTHER]);
    expect(probes.view.map(({ state }) => state)).toEqual(['unknown', 'unknown']);
    vi.advanceTimersByTime(1_000);
    prober(0).answering = false;
    vi.advanceTimersByTime(340);
    expect(states()).toEqual(['169.254.1.1 good', '169.254.2.1 good']);
    vi.advanceTimersByTime(20);
    expect(states().slice(2)).toEqual(['169.254.1.1 failed']);
    expect(told.at(-1)).toMatchObject({ tunnel: 'sp.a.b.one', kind: 'inside' });
    expect(Date.now() - Date.parse(told.at(-1)?.since ?? '')).toBeLessThan(20);
    prober(0).answering = true;
    vi.advanceTimersByTime(700);
    expect(states().slice(3)).toEqual(['169.254.1.1 failed', '169.254.1.1 good']);
    expect(told.slice(-3).map(({ silentSeconds }) => silentSeconds !== undefined)).toEqual([
      ...[true, false, false],
    ]);
  });

  it('tells of a probe that loses packets without a change of its state', () => {
    probes.follow([INSIDE]);
    vi.advanceTimersByTime(10_000);
    for (let round = 0; round < 100; round += 1) {
      prober(0).answering = round % 3 > 0;
      vi.advanceTimersByTime(100);
    }
    expect(told.map(({ state, lossy }) => [state, lossy])).toEqual([
      ['good', false],
      ['good', true],
    ]);
  });

  it('leaves alone what stays, adds what is new and forgets what is gone', () => {
    probes.follow([INSIDE, OTHER]);
    vi.advanceTimersByTime(1_000);
    probes.follow([{ ...INSIDE }, BEHIND]);
    expect(prober(1).isClosed).toBe(true);
    expect(prober(0).asked.length).toBe(2);
    expect(probes.view.map(({ state }) => state)).toEqual(['good', 'unknown']);
    vi.advanceTimersByTime(1_000);
    expect(states()).toEqual(['169.254.1.1 good', '169.254.2.1 good', '10.2.0.9 good']);
    expect(probes.view[0]?.last100).toEqual({ sent: 20, lost: 0 });
    probes.follow([BEHIND, { ...INSIDE }]);
    expect(prober(0).asked.length).toBe(2);
  });

  it('judges anew where what is asked for has changed', () => {
    probes.follow([INSIDE]);
    vi.advanceTimersByTime(1_000);
    probes.follow([{ ...INSIDE, failAfter: 10 }]);
    expect(probes.view.map(({ state }) => state)).toEqual(['unknown']);
    expect(prober(0).asked.length).toBe(1);
    vi.advanceTimersByTime(200);
    prober(0).answering = false;
    vi.advanceTimersByTime(900);
    expect(states()).toEqual(['169.254.1.1 good', '169.254.1.1 good']);
  });

  it('goes on with what an agent before has found out, until something else is found', () => {
    probes.follow([INSIDE, OTHER]);
    vi.advanceTimersByTime(1_000);
    prober(0).answering = false;
    vi.advanceTimersByTime(1_000);
    const last = probes.view;
    probes.close();
    probers = [];
    const { log } = rememberingLog();
    probes = new Probes({ log, last, onChange: (report) => told.push(report), startProber });
    // The first round begins before anything is asked.
    expect(probes.view).toEqual(last);
    probes.follow([INSIDE, BEHIND, OTHER]);
    expect(probes.view.map(({ state, hasAnswered }) => [state, hasAnswered])).toEqual([
      ['failed', true],
      ['unknown', false],
      ['unknown', true],
    ]);
    expect(probes.view[0]?.since).toBe(last[0]?.since);
    vi.advanceTimersByTime(1_000);
    expect(probes.view.map(({ state }) => state)).toEqual(['good', 'good', 'good']);
    probes.follow([]);
    probes.follow([INSIDE]);
    expect(probes.view.map(({ state }) => state)).toEqual(['unknown']);
  });

  it('says why nothing answers, and does not blame the path where nothing can be asked', () => {
    probes.follow([INSIDE, OTHER]);
    prober(0).answering = false;
    prober(1).answering = false;
    prober(0).listener.onEnd('no such device', true);
    prober(1).listener.onEnd('fping: not found', false);
    vi.advanceTimersByTime(2_000);
    expect(probes.view.map(({ state, reason }) => [state, reason])).toEqual([
      ['failed', 'has never answered: no such device'],
      ['unknown', 'fping: not found'],
    ]);
    prober(0).listener.onRefusal('169.254.1.1', 'ICMP Unreachable from 192.0.2.1');
    expect(probes.view[0]?.reason).toBe('has never answered: ICMP Unreachable from 192.0.2.1');
  });

  it('fails nothing when the machine stood still', () => {
    probes.follow([INSIDE]);
    vi.advanceTimersByTime(950);
    prober(0).answering = false;
    vi.advanceTimersByTime(50);
    // Nothing runs for two seconds.
    const now = performance.now.bind(performance);
    const today = Date.now.bind(Date);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 2_000);
    vi.spyOn(Date, 'now').mockImplementation(() => today() + 2_000);
    vi.advanceTimersByTime(240);
    expect(states()).toEqual(['169.254.1.1 good']);
    vi.advanceTimersByTime(20);
    expect(states().slice(1)).toEqual(['169.254.1.1 failed']);
    vi.restoreAllMocks();
  });

  it('begins anew when somebody sets the clock', () => {
    probes.follow([INSIDE]);
    vi.advanceTimersByTime(1_000);
    const before = Date.now();
    const since = performance.now();
    vi.spyOn(Date, 'now').mockImplementation(
      () => before + 3_600_000 + (performance.now() - since),
    );
    vi.advanceTimersByTime(1_000);
    expect(prober(0).asked.length).toBe(2);
    expect(states()).toEqual(['169.254.1.1 good']);
    vi.restoreAllMocks();
  });

  it('is silent when it is closed', () => {
    probes.follow([INSIDE]);
    vi.advanceTimersByTime(1_000);
    probes.close();
    expect(prober(0).isClosed).toBe(true);
    expect(probes.view).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
