/**
 * Compares each report with the one before, and keeps what happened in the journal. Never throws: an
 * event that cannot be kept is no reason to leave a tunnel alone.
 */
import { messageOf } from '../../lib/message-of.ts';
import type { Problem } from '../../lib/problem.ts';
import { eventsBetween, withLastKnown } from '../../status/events/events.ts';
import type { HostReport } from '../../status/host-report.ts';
import type { Journal } from '../../store/journal.ts';

export class EventRecorder {
  readonly #journal: Pick<Journal, 'append' | 'waiting'>;
  #last: HostReport | undefined;
  #fault: string | undefined;

  /** `last`: what an agent before reported; with a reboot in between there is none. */
  constructor(journal: Pick<Journal, 'append' | 'waiting'>, last?: HostReport) {
    this.#journal = journal;
    this.#last = last;
  }

  async record(report: HostReport): Promise<void> {
    const last = this.#last;
    this.#last = report;
    try {
      this.#last = withLastKnown(last, report);
      await this.#journal.append(eventsBetween(last, this.#last));
      this.#fault = undefined;
    } catch (error) {
      this.#fault = messageOf(error);
    }
  }

  /** For the next report: events that are only in memory. */
  get problems(): readonly Problem[] {
    if (this.#fault === undefined) return [];
    return [
      {
        code: 'agent/events-not-kept',
        severity: 'warning',
        message: `${this.#journal.waiting} events are not in the journal yet: ${this.#fault}`,
      },
    ];
  }
}
