import { describe, expect, it } from 'vitest';
import { strangersOf } from './guard.ts';
import { reportRouter, routerProblems, UNPROVEN } from './report.ts';
import type { ObservedInterface, ObservedRouter } from './state.ts';
import { interfaceWith, observedAll, observedRouter, V4, V6 } from './testing/routers.ts';

const READY = { usability: 'usable', reason: 'a tunnel carries packets' } as const;

function reportOf(
  found: Partial<ObservedRouter>,
  device: ObservedInterface = interfaceWith(),
  fitness: Parameters<typeof reportRouter>[2] = READY,
): ReturnType<typeof reportRouter> {
  const observed = {
    ...observedAll([V4], ''),
    routers: [observedRouter(V4, found)],
    interfaces: new Map([['eth0', device]]),
  };
  return reportRouter(V4, observed, fitness);
}

describe('a virtual router', () => {
  it('is told of with all that was found', () => {
    expect(reportOf({ state: 'master' }, interfaceWith('10.9.0.254'))).toEqual({
      name: 'sp-default-left-v4',
      family: 4,
      others: ['10.9.0.2'],
      interface: 'eth0',
      virtualRouterId: 51,
      state: 'master',
      since: '2026-11-21T23:00:00.000Z',
      addresses: ['10.9.0.254/24'],
      held: ['10.9.0.254'],
      why: 'a tunnel carries packets',
    });
  });

  it('that is held as a last resort says so, and that nobody else announces the addresses', () => {
    const { why } = reportOf({ state: 'master', heard: 0 }, interfaceWith('10.9.0.254'), UNPROVEN);
    expect(why).toBe(
      'as a last resort, no other gateway is better: no tunnel has been proven yet; nobody else announces them (were they held by 10.9.0.2 as well, a firewall would stop VRRP, IP protocol 112)',
    );
  });

  it('that lacks addresses says which, and a host that cannot speak says why', () => {
    expect(reportOf({ state: 'master' }).why).toBe('10.9.0.254 should be here and is not');
    const mute = { isUp: true, addresses: new Set(['10.9.0.254']) };
    expect(reportOf({ state: 'master' }, mute).why).toBe(
      'interface eth0 has no address 10.9.0.1, which speaks to the other gateways',
    );
  });

  it('of a backup says how fit the master is', () => {
    expect(reportOf({}).why).toBe(
      'another gateway holds the addresses; this one is ready: a tunnel carries packets',
    );
    const early = { usability: 'presumed', reason: 'its tunnels come up with them' } as const;
    expect(reportOf({ masterPriority: 190 }, interfaceWith(), early)).toMatchObject({
      ...{ masterHeard: true, heldInDoubt: true },
      why: 'another gateway holds the addresses, and its tunnels are coming up; this one is ready: its tunnels come up with them',
    });
    expect(reportOf({ state: 'master' }, interfaceWith('10.9.0.254'), early).why).toBe(
      'its tunnels come up with them',
    );
    expect(reportOf({ masterPriority: 100 }, interfaceWith(), UNPROVEN).why).toBe(
      'another gateway holds the addresses as a last resort; this one is not ready: no tunnel has been proven yet',
    );
    expect(reportOf({ state: 'init', masterPriority: 0 })).toMatchObject({
      state: 'backup',
      why: 'nobody holds the addresses yet',
    });
  });

  it('in fault says what is wrong with the interface, or else why the host is unusable', () => {
    const fitness = { usability: 'unusable', reason: 'its tunnels are down' } as const;
    expect(reportOf({ state: 'fault' }, interfaceWith(), fitness).why).toBe('its tunnels are down');
    const down = { ...interfaceWith(), isUp: false };
    expect(reportOf({ state: 'fault' }, down, fitness).why).toBe('interface eth0 is down');
    const { why } = reportRouter(
      { ...V4, interface: 'eth7' },
      { ...observedAll([], ''), routers: [observedRouter(V4, { state: 'fault' })] },
      fitness,
    );
    expect(why).toBe('interface eth7 is missing');
  });

  it('without keepalived is stopped, with what was left behind', () => {
    const { routers: _, ...stopped } = observedAll([V6], '');
    const left = { ...stopped, interfaces: new Map([['eth0', interfaceWith('fd09::fe')]]) };
    expect(reportRouter(V6, stopped, READY)).toMatchObject({
      state: 'stopped',
      why: 'keepalived does not run',
    });
    expect(reportRouter(V6, left, READY).why).toBe(
      'keepalived does not run, and has left fd09::fe behind',
    );
  });
});

const at = '2026-11-21T23:00:00.000Z';

function problemsOf(
  strangers: readonly string[],
  refusals: Parameters<typeof routerProblems>[2],
  milliseconds = 0,
): ReturnType<typeof routerProblems> {
  const guard = { marks: [], strangers: new Map([[strangersOf(V4), strangers]]) };
  const observed = { ...observedAll([V4, V6], ''), guard };
  return routerProblems([V4, V6], observed, refusals, Date.parse(at) + milliseconds);
}

describe('other routers of the LAN', () => {
  it('are no problem while none uses the id', () => {
    expect(problemsOf([], new Map())).toEqual([]);
    expect(routerProblems([V4], { ...observedAll([V4], '') }, new Map(), 0)).toEqual([]);
  });

  it('that use the id are named', () => {
    expect(problemsOf(['10.9.0.3', '10.9.0.4'], new Map())).toMatchObject([
      {
        code: 'vrrp/duplicate-id',
        message:
          'virtual router sp-default-left-v4, id 51 on eth0: 10.9.0.3 uses this id, too, and is not listened to',
        hint: 'only 10.9.0.2 may: give that router or this gateway another routerId',
      },
      { message: expect.stringContaining('10.9.0.4 uses this id') as string },
    ]);
  });

  it('that announce something else are told of for a minute', () => {
    const refusals = new Map([[V6.name, { at, words: 'expected 1 addresses but received 2' }]]);
    const codesAfter = (milliseconds: number): string[] =>
      problemsOf([], refusals, milliseconds).map(({ code }) => code);
    expect(codesAfter(59_000)).toEqual(['vrrp/differs']);
    expect(codesAfter(61_000)).toEqual([]);
  });
});
