import { describe, expect, it } from 'vitest';
import type { Event } from '../../status/events/event.ts';
import { report } from '../../status/testing/reports.ts';
import { EventRecorder } from './event-recorder.ts';

class FakeJournal {
  readonly events: Event[] = [];
  waiting = 0;
  fault: Error | undefined;

  append(events: readonly Event[]): Promise<void> {
    this.waiting += events.length;
    if (this.fault !== undefined) return Promise.reject(this.fault);
    this.waiting = 0;
    this.events.push(...events);
    return Promise.resolve();
  }
}

const later = { ...report, wantedRevision: 'new', revisionInEffect: 'new' };

describe('EventRecorder', () => {
  it('keeps what has changed since the last report, also that of an agent before', async () => {
    const journal = new FakeJournal();
    const recorder = new EventRecorder(journal, report);
    await recorder.record(report);
    await recorder.record(later);
    await recorder.record(later);
    expect(journal.events.map(({ reason }) => reason)).toEqual(['PlanInEffect']);
    expect(recorder.problems).toEqual([]);
  });

  it('says that events are not kept, until they are', async () => {
    const journal = new FakeJournal();
    const recorder = new EventRecorder(journal, report);
    journal.fault = new Error('ENOSPC: no space left on device');
    await recorder.record(later);
    expect(recorder.problems).toMatchObject([
      {
        code: 'agent/events-not-kept',
        severity: 'warning',
        message: '1 events are not in the journal yet: ENOSPC: no space left on device',
      },
    ]);
    journal.fault = undefined;
    await recorder.record(later);
    expect(recorder.problems).toEqual([]);
  });

  it('outlives a last report that makes no sense', async () => {
    const journal = new FakeJournal();
    const recorder = new EventRecorder(journal, { ...report, tunnels: [null] as never });
    await recorder.record(report);
    await recorder.record(later);
    expect(journal.events.map(({ reason }) => reason)).toEqual(['PlanInEffect']);
  });
});
