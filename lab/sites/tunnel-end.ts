// One end of a route-based tunnel, as its administrator wrote it down: swanctl.conf(5) for a charon on whose device
// `ipsec0` routes decide what is encrypted. User-space ESP ignores if_id, and has its own `ipsec0`.

export interface TunnelEndSite {
  /** Outer addresses, own one first. */
  readonly addresses: readonly [string, string];
  /** Identities, own one first. */
  readonly ids: readonly [string, string];
  /** What the child does when it is loaded: `start`, or `none` for one that answers. */
  readonly start: 'start' | 'none';
  /** Further settings of the connection, one to a line. */
  readonly more?: string;
}

export const INTERFACE_ID = 42;

export const TUNNEL_SECRET = 'a lab secret, nothing else';

export function tunnelEndSite({ addresses, ids, start, more = '' }: TunnelEndSite): string {
  return `connections {
  tunnel {
    version = 2
    local_addrs = ${addresses[0]}
    remote_addrs = ${addresses[1]}
    proposals = aes256gcm16-prfsha384-ecp384
    keyingtries = 0
    dpd_delay = 10s
    ${more}
    local {
      auth = psk
      id = ${ids[0]}
    }
    remote {
      auth = psk
      id = ${ids[1]}
    }
    children {
      everything {
        local_ts = 0.0.0.0/0,::/0
        remote_ts = 0.0.0.0/0,::/0
        if_id_in = ${String(INTERFACE_ID)}
        if_id_out = ${String(INTERFACE_ID)}
        esp_proposals = aes256gcm16-ecp384
        start_action = ${start}
        dpd_action = ${start === 'start' ? 'restart' : 'clear'}
      }
    }
  }
}
secrets {
  ike-tunnel {
    id = ${ids[1]}
    secret = "${TUNNEL_SECRET}"
  }
}
`;
}
