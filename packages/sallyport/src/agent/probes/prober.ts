/** What sends probes. */
import type { ProbePlan } from '../../plan/probe-plan.ts';
import type { Log } from '../log.ts';

/** What one prober asks for, of how many targets ever. */
export type Asking = Pick<ProbePlan, 'method' | 'interface' | 'source' | 'intervalMilliseconds'>;

export interface Answer {
  readonly target: string;
  /** Counts the probes to this target from 0 on. */
  readonly number: number;
  readonly roundTripMilliseconds: number;
}

export interface ProberListener {
  readonly onStart: () => void;
  readonly onAnswer: (answer: Answer) => void;
  /** Something was said of a target instead of an answer. */
  readonly onRefusal: (target: string, remark: string) => void;
  /** It ended by itself, is started again, and says why. `canAsk`: false where it cannot run on this host. */
  readonly onEnd: (reason: string, canAsk: boolean) => void;
}

export interface Prober {
  /** Other targets, or the same ones anew. */
  ask(targets: readonly string[]): void;
  close(): void;
}

export type StartProber = (asking: Asking, listener: ProberListener, log: Log) => Prober;
