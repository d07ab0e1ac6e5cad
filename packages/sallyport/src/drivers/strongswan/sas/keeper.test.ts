import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childHash, peerHash } from '../render.ts';
import { type FakeChild, type FakeSa, fakeSa } from '../testing/sas.ts';
import { pskTunnel } from '../testing/tunnels.ts';
import {
  ATTEMPT_MILLISECONDS,
  failAttempt,
  type KeeperAction,
  type KeeperInput,
  nextActions,
  startAttempt,
  wantingTunnels,
} from './keeper.ts';

const { name } = pskTunnel;
const both: readonly FakeChild[] = [
  { name: 'v4', uniqueId: '7' },
  { name: 'v6', uniqueId: '8' },
];

interface Situation extends Partial<Omit<KeeperInput, 'sas'>> {
  readonly sas?: readonly FakeSa[];
  /** Unique ids of SAs that were made with an older configuration. */
  readonly older?: readonly string[];
}

function decide({ sas = [], older = [], ...change }: Situation): KeeperAction[] {
  const origins = {
    ike: new Map(older.map((id) => [id, 'older'])),
    children: new Map(older.map((id) => [id, { hash: 'older', ike: '1', name: 'v4' }])),
  };
  return nextActions({
    tunnels: [pskTunnel],
    sas: sas.map(fakeSa),
    origins,
    lost: new Set(),
    attempts: new Map(),
    rekeyed: new Set(),
    revoked: new Set(),
    now: 0,
    window: 10,
    ...change,
  });
}

const initiate = (child: string, replaces = false): KeeperAction => ({
  type: 'initiate',
  tunnel: name,
  child,
  replaces,
});

describe('nextActions', () => {
  it('ends what was made before the certificate of the other side was revoked, and only that', () => {
    const old: FakeSa = { name, uniqueId: '1', children: both };
    const attempt = failAttempt(startAttempt(undefined, 'v4', 0), 0, 0);
    const failed = { attempts: new Map([[name, attempt]]), sas: [old] };
    const revoked = new Set([name]);
    expect(decide({ ...failed, older: ['1'] })).toEqual([]);
    expect(decide({ ...failed, older: ['1'], revoked })).toEqual([
      {
        ...{ type: 'terminate-ike', tunnel: name, uniqueId: '1' },
        reason: 'the certificate of the other side is revoked',
      },
    ]);
    expect(decide({ ...failed, revoked })).toEqual([]);
  });

  it('initiates the first missing child, and the next one when that stands', () => {
    expect(decide({})).toEqual([initiate('v4')]);
    const sas = [{ name, uniqueId: '1', children: both.slice(0, 1) }];
    expect(decide({ sas })).toEqual([initiate('v6')]);
  });

  it('does nothing for a tunnel that is as wanted', () => {
    expect(decide({ sas: [{ name, uniqueId: '1', children: both }] })).toEqual([]);
  });

  it.each([
    ['disabled', { ...pskTunnel, enabled: false }],
    ['that only answers', { ...pskTunnel, start: 'respond' as const }],
    ['that the first packet starts', { ...pskTunnel, start: 'trap' as const }],
  ])('initiates nothing for a tunnel %s', (_what, tunnel) => {
    expect(decide({ tunnels: [tunnel] })).toEqual([]);
  });

  it('waits while an IKE SA is under way, whoever began it', () => {
    expect(decide({ sas: [{ name, uniqueId: '1', state: 'CONNECTING' }] })).toEqual([]);
  });

  it('counts what is under way against the window', () => {
    const tunnels = ['a', 'b', 'c'].map((letter) => ({ ...pskTunnel, name: `sp.${letter}` }));
    const attempts = new Map([['sp.a', startAttempt(undefined, 'v4', 0)]]);
    expect(decide({ tunnels, attempts, window: 2 })).toEqual([
      { type: 'initiate', tunnel: 'sp.b', child: 'v4', replaces: false },
    ]);
  });

  it('tries again after the wait of a failed attempt, and not before', () => {
    const failed = failAttempt(startAttempt(undefined, 'v4', 0), 1_000, 0);
    const attempts = new Map([[name, failed]]);
    expect(decide({ attempts, now: failed.nextAt - 1 })).toEqual([]);
    expect(decide({ attempts, now: failed.nextAt })).toEqual([initiate('v4')]);
  });

  it('goes on with the next child as soon as the one that was tried stands', () => {
    const attempts = new Map([[name, startAttempt(undefined, 'v4', 0)]]);
    const sas = [{ name, uniqueId: '1', children: both.slice(0, 1) }];
    expect(decide({ attempts, sas, now: 1, window: 1 })).toEqual([initiate('v6')]);
    const second = new Map([[name, startAttempt(undefined, 'v6', 0)]]);
    expect(decide({ attempts: second, sas, now: 1 })).toEqual([]);
  });

  it('gives an attempt up of which nothing was heard', () => {
    const attempts = new Map([[name, startAttempt(undefined, 'v4', 0)]]);
    expect(decide({ attempts, now: ATTEMPT_MILLISECONDS })).toEqual([]);
    expect(decide({ attempts, now: ATTEMPT_MILLISECONDS + 1 })).toEqual([initiate('v4')]);
  });
});

describe('an SA of an older configuration', () => {
  const old: FakeSa = { name, uniqueId: '1', children: both };

  it('stays until the new one carries every child', () => {
    expect(decide({ sas: [old], older: ['1'] })).toEqual([initiate('v4', true)]);
    const half: FakeSa = { name, uniqueId: '2', children: [{ name: 'v4', uniqueId: '9' }] };
    expect(decide({ sas: [old, half], older: ['1'] })).toEqual([initiate('v6', true)]);
  });

  it('is ended by its unique id when the new one carries everything', () => {
    const fresh: FakeSa = {
      name,
      uniqueId: '2',
      establishedSeconds: 0,
      children: [
        { name: 'v4', uniqueId: '9' },
        { name: 'v6', uniqueId: '10' },
      ],
    };
    expect(decide({ sas: [old, fresh], older: ['1'] })).toEqual([
      {
        type: 'terminate-ike',
        tunnel: name,
        uniqueId: '1',
        reason: 'made with an older configuration',
      },
    ]);
  });

  describe('that the other side has rekeyed meanwhile', () => {
    const fresh = (state: string): FakeSa => ({
      name,
      uniqueId: '2',
      establishedSeconds: 0,
      children: [
        { name: 'v4', uniqueId: '9', state },
        { name: 'v6', uniqueId: '10' },
      ],
    });
    // The kernel sends by the newest: by this one.
    const renewed: FakeSa = { ...old, children: [...both, { name: 'v4', uniqueId: '11' }] };
    const types = (state: string, rekeyed: readonly string[] = []): unknown[] =>
      decide({ sas: [renewed, fresh(state)], older: ['1'], rekeyed: new Set(rekeyed) }).map(
        ({ type, ...action }) => [type, 'uniqueId' in action ? action.uniqueId : undefined],
      );

    it('ends after its successor is the newer one again', () => {
      expect(types('INSTALLED')).toEqual([['rekey-child', '9']]);
      expect(types('REKEYING', ['9'])).toEqual([]);
      const newest: FakeSa = {
        ...fresh('REKEYED'),
        children: [...(fresh('REKEYED').children ?? []), { name: 'v4', uniqueId: '12' }],
      };
      const actions = decide({ sas: [renewed, newest], older: ['1'], rekeyed: new Set(['9']) });
      expect(actions.map(({ type }) => type)).toEqual(['terminate-ike']);
    });

    it('ends all the same where the other side does not rekey with us', () => {
      expect(types('INSTALLED', ['9'])).toEqual([['terminate-ike', '1']]);
    });

    it('ends at once where it is the older one all the same', () => {
      const rekeyed: FakeSa = { ...old, children: [...both, { name: 'v6', uniqueId: '8' }] };
      const actions = decide({ sas: [rekeyed, fresh('INSTALLED')], older: ['1'] });
      expect(actions.map(({ type }) => type)).toEqual(['terminate-ike']);
    });
  });

  it('is exchanged child by child where only children changed', () => {
    expect(decide({ sas: [old], older: ['7'] })).toEqual([initiate('v4', true)]);
    const grown: FakeSa = { ...old, children: [...both, { name: 'v4', uniqueId: '9' }] };
    expect(decide({ sas: [grown], older: ['7'] })).toEqual([
      {
        type: 'terminate-child',
        tunnel: name,
        uniqueId: '7',
        reason: 'made with an older configuration',
      },
    ]);
  });

  it('is ended at once where we only answer: the other side must come again', () => {
    const actions = decide({
      tunnels: [{ ...pskTunnel, start: 'respond' }],
      sas: [old],
      older: ['1'],
    });
    expect(actions.map(({ type }) => type)).toEqual(['terminate-ike']);
  });

  it('is exchanged although the first packet starts the tunnel', () => {
    const actions = decide({
      tunnels: [{ ...pskTunnel, start: 'trap' }],
      sas: [old],
      older: ['1'],
    });
    expect(actions).toEqual([initiate('v4', true)]);
  });

  it('of a child that the plan does not have any more is ended', () => {
    const extra: FakeSa = { ...old, children: [...both, { name: 'p-0', uniqueId: '12' }] };
    expect(decide({ sas: [extra] }).map((action) => action.type)).toEqual(['terminate-child']);
  });
});

describe('a tunnel whose address another host holds', () => {
  const standby = { tunnels: [{ ...pskTunnel, elsewhere: true as const }] };
  const end = (uniqueId: string): KeeperAction => ({
    ...{ type: 'terminate-ike', tunnel: name, uniqueId, force: true },
    reason: 'another host holds its address',
  });

  it('is not brought up', () => {
    expect(decide(standby)).toEqual([]);
  });

  it('loses all its SAs, without a wait for the other side, also one that is under way', () => {
    const sas: FakeSa[] = [
      { name, uniqueId: '1', children: both },
      { name, uniqueId: '2', state: 'CONNECTING', children: [] },
    ];
    const actions = decide({ ...standby, sas, older: ['1'] });
    expect(actions).toHaveLength(2);
    expect(actions).toEqual(expect.arrayContaining([end('1'), end('2')]));
  });

  it('wants no attempt', () => {
    const facts = {
      sas: [],
      origins: { ike: new Map(), children: new Map() },
      lost: new Set<string>(),
    };
    expect(wantingTunnels({ ...standby, ...facts })).toEqual(new Set());
  });
});

describe('a Child SA that the kernel has lost', () => {
  const sas = [{ name, uniqueId: '1', children: both }];

  it.each(['initiate', 'trap', 'respond'] as const)(
    'is ended at once where start is %s: charon makes no second one beside it',
    (start) => {
      const tunnels = [{ ...pskTunnel, start }];
      expect(decide({ sas, tunnels, lost: new Set(['7']) })).toEqual([
        { type: 'terminate-child', tunnel: name, uniqueId: '7', reason: 'lost by the kernel' },
      ]);
    },
  );

  it('is made anew in its IKE SA as soon as it is gone', () => {
    const left = [{ name, uniqueId: '1', children: both.slice(1) }];
    expect(decide({ sas: left })).toEqual([initiate('v4')]);
  });
});

describe('wantingTunnels', () => {
  const wanting = (sas: readonly FakeSa[], tunnel = pskTunnel): string[] => [
    ...wantingTunnels({
      ...{ tunnels: [tunnel], sas: sas.map(fakeSa), lost: new Set() },
      origins: { ike: new Map([['1', 'older']]), children: new Map() },
    }),
  ];

  it('names a tunnel until every child stands on an SA of today', () => {
    const old = { name, uniqueId: '1', children: both };
    expect(wanting([])).toEqual([name]);
    expect(wanting([old])).toEqual([name]);
    expect(wanting([old, { ...old, uniqueId: '2' }])).toEqual([]);
  });

  it('names none that is not ours to bring up', () => {
    expect(wanting([], { ...pskTunnel, enabled: false })).toEqual([]);
    expect(wanting([], { ...pskTunnel, start: 'respond' })).toEqual([]);
  });
});

describe('duplicates', () => {
  const complete = (uniqueId: string, establishedSeconds: number): FakeSa => ({
    name,
    uniqueId,
    establishedSeconds,
    children: both.map((child) => ({ ...child, uniqueId: `${uniqueId}${child.uniqueId}` })),
  });

  it('are left alone while they are young: one may be replacing the other', () => {
    expect(decide({ sas: [complete('1', 100), complete('2', 5)] })).toEqual([]);
  });

  it('are ended but for the one that both ends keep, by its SPIs', () => {
    const sas = [complete('2', 100), { ...complete('1', 102), initiator: false }];
    const first = decide({ sas });
    expect(first.map((action) => ('uniqueId' in action ? action.uniqueId : ''))).toEqual([
      '17',
      '18',
    ]);
    expect(new Set(first.map(({ type }) => type))).toEqual(new Set(['rekey-child']));
    // The other side does not want to: then without.
    const actions = decide({ sas, rekeyed: new Set(['17', '18']) });
    expect(actions).toEqual([
      {
        type: 'terminate-ike',
        tunnel: name,
        uniqueId: '2',
        reason: 'another one carries every Child SA',
      },
    ]);
  });
});

describe('an SA that a peer left behind when it came anew', () => {
  const whole = (uniqueId: string, establishedSeconds: number): FakeSa => ({
    name,
    uniqueId,
    establishedSeconds,
    children: both.map((child) => ({ ...child, uniqueId: `${uniqueId}${child.uniqueId}` })),
  });
  const ended = (sas: readonly FakeSa[]): string[] =>
    decide({ sas, rekeyed: new Set(['17', '18', '27', '28']) }).flatMap((action) =>
      action.type === 'terminate-ike' ? [action.uniqueId] : [],
    );

  // The fake's SPIs grow with the unique id: neither order may decide.
  it.each([
    ['1', '2'],
    ['2', '1'],
  ])('is ended, never the new one, whoever began which (%s before %s)', (old, fresh) => {
    expect(ended([whole(old, 100), { ...whole(fresh, 20), initiator: false }])).toEqual([old]);
  });

  it('is ended although the peer was back at once: nobody begins twice', () => {
    const sas = [whole('1', 22), whole('2', 20)].map((sa) => ({ ...sa, initiator: false }));
    expect(ended(sas)).toEqual(['1']);
  });

  it('is ended although it carries only some of the children', () => {
    const half = { ...whole('1', 100), children: [{ name: 'v4', uniqueId: '30' }] };
    expect(ended([half, whole('2', 100)])).toEqual(['1']);
  });
});

describe('whatever the daemon holds', () => {
  const state = fc.constantFrom('ESTABLISHED', 'CONNECTING', 'REKEYING', 'REKEYED', 'DELETING');
  const childState = fc.constantFrom('INSTALLED', 'CREATED', 'REKEYED', 'DELETING');
  const sas = fc
    .array(
      fc.record({
        state,
        children: fc.array(fc.record({ child: fc.constantFrom('v4', 'v6'), state: childState }), {
          maxLength: 3,
        }),
        isOlder: fc.boolean(),
      }),
      { maxLength: 4 },
    )
    .map((list) =>
      list.map(({ children, ...sa }, index) => ({
        ...sa,
        uniqueId: String(index + 1),
        children: children.map(({ child, state: ofChild }, place) => ({
          name: child,
          uniqueId: `${index + 1}${place}`,
          state: ofChild,
        })),
      })),
    );

  it('at most one attempt is begun, and nothing that carries a child is ended before its successor stands', () => {
    fc.assert(
      fc.property(sas, (list) => {
        const older = list.filter(({ isOlder }) => isOlder).map(({ uniqueId }) => uniqueId);
        const actions = decide({ sas: list.map((sa) => ({ ...sa, name })), older });
        expect(actions.filter(({ type }) => type === 'initiate').length).toBeLessThanOrEqual(1);
        if (actions.some(({ type }) => type === 'initiate')) {
          const ended = actions.filter(({ type }) => type === 'terminate-ike');
          expect(ended).toEqual([]);
        }
      }),
    );
  });
});

describe('hashes', () => {
  it('differ in just what an SA takes from its configuration', () => {
    const [child] = pskTunnel.children;
    if (child === undefined) throw new Error('the world has a child');
    const changed = { ...pskTunnel, espProposals: ['aes128gcm16-ecp256'] };
    expect(peerHash(changed)).toBe(peerHash(pskTunnel));
    expect(childHash(changed, child)).not.toBe(childHash(pskTunnel, child));
    expect(peerHash({ ...pskTunnel, livenessDelaySeconds: 1 })).not.toBe(peerHash(pskTunnel));
  });
});
