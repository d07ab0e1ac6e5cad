/** SAs as the daemon would list them, out of the few fields that a test is about. */
import { buildMessage, type ChildSa, type IkeSa, parseIkeSa, type SaEvent } from '@sallyport/vici';

export interface FakeChild {
  readonly name: string;
  readonly uniqueId: string;
  /** `INSTALLED` where absent. */
  readonly state?: string;
  readonly interfaceId?: number;
  /** 1 where absent. */
  readonly reqid?: number;
  /** Both ends' networks; those of the tunnels of the tests where absent. */
  readonly selectors?: { readonly local: readonly string[]; readonly remote: readonly string[] };
}

export interface FakeSa {
  readonly name: string;
  readonly uniqueId: string;
  /** `ESTABLISHED` where absent. */
  readonly state?: string;
  readonly establishedSeconds?: number;
  readonly children?: readonly FakeChild[];
  readonly remoteHost?: string;
  /** True where absent. */
  readonly initiator?: boolean;
}

/** Fields of a `list-sa` event below the connection's name. */
export function saSection(sa: FakeSa): Readonly<Record<string, unknown>> {
  const { uniqueId, state = 'ESTABLISHED', establishedSeconds = 100, children = [] } = sa;
  return {
    uniqueid: uniqueId,
    version: '2',
    state,
    'local-host': '192.0.2.10',
    'local-port': '500',
    'local-id': '192.0.2.10',
    'remote-host': sa.remoteHost ?? '198.51.100.20',
    'remote-port': '500',
    'remote-id': '198.51.100.20',
    ...(sa.initiator === false ? {} : { initiator: 'yes' }),
    'initiator-spi': uniqueId.padStart(16, '0'),
    'responder-spi': 'ffffffffffffffff',
    'encr-alg': 'AES_GCM_16',
    'encr-keysize': '256',
    'prf-alg': 'PRF_HMAC_SHA2_384',
    'dh-group': 'ECP_384',
    ...(state === 'ESTABLISHED' ? { established: String(establishedSeconds) } : {}),
    'rekey-time': '12000',
    'child-sas': Object.fromEntries(
      children.map((child) => [`${child.name}-${child.uniqueId}`, childSection(child)]),
    ),
  };
}

function childSection(child: FakeChild): Record<string, unknown> {
  const { name, uniqueId, state = 'INSTALLED', interfaceId, selectors } = child;
  const id = interfaceId?.toString(16).padStart(8, '0');
  const [local, remote] =
    name === 'v6' ? ['fd10::/48', 'fd20::/48'] : ['10.10.0.0/16', '10.20.0.0/16'];
  return {
    name,
    uniqueid: uniqueId,
    reqid: String(child.reqid ?? 1),
    state,
    mode: 'TUNNEL',
    protocol: 'ESP',
    'spi-in': `c0${uniqueId.padStart(6, '0')}`,
    'spi-out': `d0${uniqueId.padStart(6, '0')}`,
    'encr-alg': 'AES_GCM_16',
    'encr-keysize': '256',
    'bytes-in': '1000',
    'packets-in': '10',
    'bytes-out': '2000',
    'packets-out': '20',
    'rekey-time': '3000',
    ...(id === undefined ? {} : { 'if-id-in': id, 'if-id-out': id }),
    'local-ts': selectors?.local ?? [local],
    'remote-ts': selectors?.remote ?? [remote],
  };
}

export function fakeSa(sa: FakeSa): IkeSa {
  return parseIkeSa(sa.name, buildMessage(saSection(sa) as Parameters<typeof buildMessage>[0]));
}

/** The daemon tells that one IKE SA has replaced another. */
export function ikeRekey(old: string, heir: string): SaEvent {
  const ofId = (uniqueId: string): IkeSa => fakeSa({ name: 'sp.a', uniqueId });
  return { type: 'ike-rekey', old: ofId(old), new: ofId(heir) };
}

/** The daemon tells that one Child SA has replaced another. */
export function childRekey(old: string, heir: string): SaEvent {
  const ofId = (uniqueId: string): ChildSa => {
    const [child] = fakeSa({
      name: 'sp.a',
      uniqueId: '1',
      children: [{ name: 'v4', uniqueId }],
    }).children;
    if (child === undefined) throw new Error('the SA has a child');
    return child;
  };
  return {
    type: 'child-rekey',
    sa: fakeSa({ name: 'sp.a', uniqueId: '1' }),
    old: ofId(old),
    new: ofId(heir),
  };
}
