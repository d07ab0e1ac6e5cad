/** Any report an agent could write, as far as its type tells. */
import fc from 'fast-check';
import type { Problem } from '../../lib/problem.ts';
import {
  type Algorithms,
  type Cause,
  type ChildReport,
  type HostReport,
  TUNNEL_STATES,
  type TunnelPast,
  type TunnelReport,
} from '../host-report.ts';

const word = fc
  .stringMatching(/^[a-zA-Z0-9_.-]{1,12}$/)
  .filter((text) => !/NaN|undef|null/.test(text));
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const time = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());

const algorithms: fc.Arbitrary<Algorithms> = fc.record(
  { encryption: word, keyBits: count, integrity: word, prf: word, keyExchange: word },
  { requiredKeys: ['encryption'] },
);

const cause: fc.Arbitrary<Cause> = fc.record({ code: word, message: word, hint: word, at: time });

const child: fc.Arbitrary<ChildReport> = fc.record(
  {
    name: word,
    state: fc.constantFrom('INSTALLED', 'REKEYING', 'CREATED'),
    uniqueId: word,
    localSelectors: fc.array(word, { maxLength: 3 }),
    remoteSelectors: fc.array(word, { maxLength: 3 }),
    algorithms,
    encapsulated: fc.boolean(),
    spiIn: word,
    spiOut: word,
    bytesIn: count,
    bytesOut: count,
    packetsIn: count,
    packetsOut: count,
    rekeyInSeconds: count,
  },
  {
    requiredKeys: [
      ...([
        'name',
        'state',
        'uniqueId',
        'localSelectors',
        'remoteSelectors',
        'algorithms',
      ] as const),
      ...(['encapsulated', 'spiIn', 'spiOut', 'bytesIn', 'bytesOut', 'packetsIn'] as const),
      'packetsOut',
    ],
  },
);

const ike: fc.Arbitrary<NonNullable<TunnelReport['ike']>> = fc.record(
  {
    uniqueId: word,
    initiator: fc.boolean(),
    algorithms,
    natDetected: fc.boolean(),
    establishedSeconds: count,
    rekeyInSeconds: count,
  },
  { requiredKeys: ['uniqueId', 'initiator', 'algorithms', 'natDetected', 'establishedSeconds'] },
);

const history: fc.Arbitrary<TunnelPast> = fc.record(
  {
    firstSeen: time,
    upSeconds: count,
    flaps: count,
    rekeys: count,
    bytesIn: count,
    bytesOut: count,
    packetsIn: count,
    packetsOut: count,
    lastError: cause,
  },
  {
    requiredKeys: [
      ...(['firstSeen', 'upSeconds', 'flaps', 'rekeys', 'bytesIn', 'bytesOut'] as const),
      ...(['packetsIn', 'packetsOut'] as const),
    ],
  },
);

const tunnel: fc.Arbitrary<TunnelReport> = fc.record(
  {
    name: word,
    namespace: word,
    connection: word,
    tunnel: word,
    state: fc.constantFrom(...TUNNEL_STATES),
    since: time,
    dataPlane: fc.constantFrom('xfrm-interface', 'vti', 'policy', 'userspace'),
    mtuBytes: count,
    children: fc.array(child, { maxLength: 3 }),
    history,
    interface: word,
    localAddress: word,
    remoteAddress: word,
    localId: word,
    remoteId: word,
    ike,
    cause,
  },
  {
    requiredKeys: [
      ...(['name', 'namespace', 'connection', 'tunnel', 'state', 'since'] as const),
      ...(['dataPlane', 'mtuBytes', 'children', 'history'] as const),
    ],
  },
);

const problem: fc.Arbitrary<Problem> = fc.record(
  {
    code: word,
    severity: fc.constantFrom('error', 'waiting', 'warning'),
    message: word,
    hint: word,
    path: word,
    value: word,
    object: fc.record({ kind: word, namespace: word, name: word }),
  },
  { requiredKeys: ['code', 'severity', 'message'] },
);

export const randomTime: fc.Arbitrary<string> = time;

export const randomReport: fc.Arbitrary<HostReport> = fc.record(
  {
    format: fc.constant('sallyport.dev/host-report/v1alpha1' as const),
    host: word,
    observedAt: time,
    agent: fc.record({ pid: count, version: word, startedAt: time }),
    kernel: word,
    engines: fc.array(
      fc.record(
        {
          name: fc.constant('strongswan' as const),
          shard: word,
          version: word,
          socket: word,
          state: fc.constantFrom('running' as const, 'silent' as const, 'stopped' as const),
          external: fc.boolean(),
          life: count,
        },
        { requiredKeys: ['name', 'socket', 'state', 'external', 'life'] },
      ),
      { minLength: 1, maxLength: 3 },
    ),
    tunnels: fc.array(tunnel, { maxLength: 4 }),
    differences: fc.array(
      fc.record({ text: word, drifted: fc.constant(true as const) }, { requiredKeys: ['text'] }),
      { maxLength: 2 },
    ),
    problems: fc.array(problem, { maxLength: 2 }),
    drift: fc.record({
      count,
      last: fc.array(
        fc.record(
          { at: time, text: word, tunnel: word, repaired: fc.boolean() },
          { requiredKeys: ['at', 'text', 'repaired'] },
        ),
        { maxLength: 2 },
      ),
      reached: fc.constant({}),
    }),
    objects: fc.constant([]),
    wantedRevision: word,
    revisionInEffect: word,
  },
  {
    requiredKeys: [
      ...(['format', 'host', 'observedAt', 'agent', 'kernel', 'engines'] as const),
      ...(['tunnels', 'differences', 'drift', 'problems', 'objects'] as const),
    ],
  },
);
