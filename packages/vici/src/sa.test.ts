import { describe, expect, test } from 'vitest';
import { buildMessage } from './message-build.ts';
import { parseChildSa, parseIkeSa } from './sa.ts';
import { parseSaEvent } from './sa-event.ts';

describe('the view of an SA', () => {
  test('reads hexadecimal ids and marks as numbers', () => {
    const section = buildMessage({
      'if-id-in': '0000002a',
      'if-id-out': 'ffffffff',
      'mark-in': '00000010',
      'mark-mask-in': '000000ff',
      'mark-out': 'zz',
    });
    expect(parseChildSa('net-1', section)).toMatchObject({
      ifIdIn: 42,
      ifIdOut: 0xffffffff,
      markIn: 16,
      markInMask: 255,
    });
    expect(parseChildSa('net-1', section)).not.toHaveProperty('markOut');
    expect(parseIkeSa('site', section)).toMatchObject({ ifIdIn: 42, ifIdOut: 0xffffffff });
  });

  test('keeps byte counters exact beyond what a number can hold', () => {
    const section = buildMessage({ 'bytes-in': '18446744073709551615', 'use-in': '7' });
    const child = parseChildSa('net-1', section);
    expect(child.bytesIn).toBe(18446744073709551615n);
    expect(child.idleInSeconds).toBe(7);
    expect(child.bytesOut).toBe(0n);
    expect(child).not.toHaveProperty('idleOutSeconds');
  });

  test('knows the additions of strongSwan 6', () => {
    const section = buildMessage({
      ake1: 'ML_KEM_768',
      ake2: 'FRODO_AES_L3',
      ppk: true,
      'per-cpu-sas': true,
      cpu: 3,
      mode: 'IPTFS',
    });
    const exchanges = ['ML_KEM_768', 'FRODO_AES_L3'];
    expect(parseIkeSa('site', section)).toMatchObject({
      additionalKeyExchanges: exchanges,
      postquantumPreshared: true,
    });
    expect(parseChildSa('net', section)).toMatchObject({
      additionalKeyExchanges: exchanges,
      perCpu: true,
      cpu: 3,
      mode: 'IPTFS',
    });
  });

  test('has negative times for what is overdue', () => {
    const sa = parseIkeSa('site', buildMessage({ 'rekey-time': '-5', 'reauth-time': '10' }));
    expect(sa).toMatchObject({ rekeySeconds: -5, reauthSeconds: 10 });
  });

  test('says UNKNOWN for a state it does not know, and keeps the raw one', () => {
    const sa = parseIkeSa('site', buildMessage({ state: 'NEW_STATE' }));
    expect(sa.state).toBe('UNKNOWN');
    expect(sa.raw.text('state')).toBe('NEW_STATE');
  });

  test('names a child by its name, or by its key where it has none', () => {
    const sa = parseIkeSa(
      'site',
      buildMessage({
        'child-sas': { 'net-1': { name: 'net' }, 'net-2': { name: 'net' }, lone: {} },
      }),
    );
    expect(sa.children.map(({ name }) => name)).toEqual(['net', 'net', 'lone']);
  });
});

describe('an event', () => {
  test('of a moved peer shows the new addresses beside the old', () => {
    const message = buildMessage({
      'local-host': '192.0.2.1',
      'local-port': '4500',
      'remote-host': '198.51.100.9',
      'remote-port': '4501',
      site: { uniqueid: '1', 'remote-host': '198.51.100.1' },
    });
    expect(parseSaEvent('ike-update', message)).toMatchObject({
      type: 'ike-update',
      localHost: '192.0.2.1',
      remoteHost: '198.51.100.9',
      remotePort: 4501,
      sa: { name: 'site', remoteHost: '198.51.100.1' },
    });
  });

  test('of an alert may have an SA or none', () => {
    const withSa = buildMessage({
      type: 'peer-auth-failed',
      'ike-sa': { site: { uniqueid: '4' } },
    });
    expect(parseSaEvent('alert', withSa)).toMatchObject({
      type: 'alert',
      alert: 'peer-auth-failed',
      sa: { name: 'site', uniqueId: '4' },
    });
    expect(parseSaEvent('alert', buildMessage({ type: 'invalid-ike-spi' }))).toEqual({
      type: 'alert',
      alert: 'invalid-ike-spi',
    });
  });

  test('of the log carries its SA under the key that is really sent', () => {
    const message = buildMessage({
      group: 'IKE',
      level: '1',
      'ikesa-name': 'site',
      'ikesa-uniqueid': '9',
      msg: 'hello',
    });
    expect(parseSaEvent('log', message)).toEqual({
      type: 'log',
      group: 'IKE',
      level: 1,
      ikeName: 'site',
      ikeUniqueId: '9',
      text: 'hello',
    });
    expect(parseSaEvent('control-log', buildMessage({ msg: 'x' }))).toEqual({
      type: 'control-log',
      group: '',
      level: 0,
      text: 'x',
    });
  });

  test('without its SA or of another kind is none', () => {
    for (const name of [
      'ike-updown',
      'child-updown',
      'ike-update',
      'ike-rekey',
      'child-rekey',
      'list-conn',
    ]) {
      expect(parseSaEvent(name, buildMessage({ up: true }))).toBeUndefined();
    }
    expect(parseSaEvent('ike-rekey', buildMessage({ site: { old: {} } }))).toBeUndefined();
    expect(
      parseSaEvent('child-rekey', buildMessage({ site: { 'child-sas': { net: { new: {} } } } })),
    ).toBeUndefined();
  });
});
