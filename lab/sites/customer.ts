// A site that one customer's tunnel ends at, as its administrator wrote it down.

import { KEY } from '../declarations/left-site.ts';

export interface CustomerSite {
  readonly ike?: string;
  readonly esp?: string;
  readonly key?: string;
  readonly id?: string;
  /** Our identity as it expects it. */
  readonly ours?: string;
  readonly networks?: string;
  /** IKE version. */
  readonly version?: number;
  /** Our address; `%any` for any. */
  readonly from?: string;
  /** Further settings of the connection, one to a line. */
  readonly more?: string;
}

/** Without arguments everything fits the left site. */
export function customerSite(site: CustomerSite = {}): string {
  return `
connections {
  customer {
    version = ${String(site.version ?? 2)}
    local_addrs = 203.0.113.1
    remote_addrs = ${site.from ?? '198.51.100.1'}
    proposals = ${site.ike ?? 'aes256gcm16-prfsha384-ecp384'}
    ${site.more ?? ''}
    local {
      auth = psk
      id = ${site.id ?? 'right.example'}
    }
    remote {
      auth = psk
      id = ${site.ours ?? 'left.example'}
    }
    children {
      networks {
        local_ts = ${site.networks ?? '10.2.0.0/24'}
        remote_ts = 10.1.0.0/24
        esp_proposals = ${site.esp ?? 'aes256gcm16-ecp384'}
      }
    }
  }
}
secrets {
  ike-customer {
    secret = "${site.key ?? KEY}"
  }
}
`;
}

/** The same by certificate: its own is `right.crt`. */
export function certifiedCustomerSite(): string {
  return customerSite()
    .replaceAll('auth = psk', 'auth = pubkey')
    .replace('id = right.example', 'id = right.example\n      certs = right.crt');
}
