import { buildMessage, type ViciEvent, ViciUnknownEvent } from '@sallyport/vici';
import { describe, expect, it } from 'vitest';
import { rememberingLog } from '../testing/quiet-log.ts';
import { type DaemonEventsOptions, followDaemonEvents } from './daemon-events.ts';

type Message = Parameters<typeof buildMessage>[0];

function event(name: string, message: Message): ViciEvent {
  return { type: 'event', name, message: buildMessage(message), generation: 1 };
}

/** What the agent hears of a daemon that has these events, and then ends. */
async function heard(
  sas: readonly (ViciEvent | Error)[],
  alerts: readonly (ViciEvent | Error)[],
): Promise<{ told: string[]; messages: string[] }> {
  const told: string[] = [];
  const { log, entries } = rememberingLog();
  const subscribe: DaemonEventsOptions['client']['subscribe'] = async function* (names) {
    for (const item of names.includes('alert') ? alerts : sas) {
      await Promise.resolve();
      if (item instanceof Error) throw item;
      yield item;
    }
  };
  const options: DaemonEventsOptions = {
    ...{ client: { subscribe }, log },
    onChange: (isNew) => told.push(isNew ? 'new life' : 'change'),
    onDeaf: () => told.push('deaf'),
    onSa: ({ type }) => told.push(type),
    onLog: ({ text, ikeName }) => told.push(`${ikeName ?? 'nobody'} logs: ${text}`),
    onAlert: (alert, ikeName) => told.push(`${ikeName} alerts: ${alert}`),
  };
  await followDaemonEvents(options, new AbortController().signal);
  return { told, messages: entries.map(({ msg }) => msg) };
}

const reset: ViciEvent = { type: 'reset', generation: 1 };

describe('followDaemonEvents', () => {
  it('tells of changes, log lines and alerts apart', async () => {
    const line = { group: 'IKE', level: '1', 'ikesa-name': 'sp.a.b.c', msg: 'hello' };
    const sa = { 'sp.a.b.c': { uniqueid: '1', version: '2', state: 'CONNECTING' } };
    const { told } = await heard(
      [
        ...[reset, event('log', line), event('ike-updown', sa), event('child-updown', {})],
        { type: 'lost', count: 3, generation: 1 },
      ],
      [reset, event('alert', { type: 'cert-revoked', 'ike-sa': sa })],
    );
    expect(told.toSorted()).toEqual([
      'change',
      'change',
      'ike-updown',
      'new life',
      'sp.a.b.c alerts: cert-revoked',
      'sp.a.b.c logs: hello',
    ]);
  });

  it('goes on without alerts where the daemon has none, or they are about no SA', async () => {
    const { told, messages } = await heard([reset], [new ViciUnknownEvent('alert')]);
    expect(told).toEqual(['new life']);
    expect(messages).toEqual(['no alerts from the daemon; its log tells of failures']);
    expect((await heard([], [reset, event('alert', { type: 'shutdown-signal' })])).told).toEqual(
      [],
    );
  });

  it('says that it hears nothing more', async () => {
    const { told, messages } = await heard([new Error('gone')], []);
    expect(told).toEqual(['deaf']);
    expect(messages).toEqual(['events ended; going on by timer']);
  });

  it('takes an event that it does not understand for any change', async () => {
    const broken = event('ike-updown', { up: 'yes', 'sp.a.b.c': ['not', 'a', 'section'] });
    expect((await heard([broken], [])).told).toEqual(['change']);
  });
});
