// A recipe for the topology `cluster` as it was published: two gateway machines with Libreswan, and keepalived that moves the
// address of the next hop, `192.168.1.1` there and VIRTUAL_ADDRESS here, with the state of a service.
//
// Taken from its text: keepalived.conf whole, with its priorities, its interval and its password; the IPsec service of
// the standby stopped, started and stopped by keepalived's notifications; both tunnels at each gateway, the second one
// loaded and never started; one selector pair (the text has three remote networks); one identity for both gateways;
// lifetimes and liveness; the routes by the virtual address on the gateways themselves.
//
// Other than in it: strongSwan in Libreswan's place, since Debian does not let both be installed, with Libreswan's
// retransmissions (60 s in all); pre-shared keys; present-day algorithms; a script in systemd's place, which as Libreswan's unit
// starts the daemon again when it dies and flushes the kernel's states and policies.

import { CLUSTER_NETWORKS, peerOuterAddress, REMOTE_NETWORKS } from '../topologies/cluster.ts';

export const VIRTUAL_ADDRESS = '10.20.0.254';

const GATEWAY_ID = 's2s.vpn.example';
const SECRET = 'a lab secret, nothing else';
const PROPOSALS = `version = 2
    proposals = aes128-sha256-modp2048`;

/** strongswan.conf(5): 0.5 s doubled six times, as Libreswan's retransmit-interval and retransmit-timeout. */
export const LIBRESWAN_RETRANSMISSION = `
  retransmit_timeout = 0.5
  retransmit_base = 2
  retransmit_tries = 6`;

function secretOf(id: string): string {
  return `
  ike-${id.split('.')[0]} {
    id = ${id}
    secret = "${SECRET}"
  }`;
}

/** The two connections of its ipsec.conf, in the words of swanctl.conf(5). */
export const RECIPE_GATEWAY: string = `connections {${([1, 2] as const)
  .map(
    (number) => `
  aws-vpn-tunnel${number} {
    ${PROPOSALS}
    remote_addrs = ${peerOuterAddress(number)}
    rekey_time = 28800s
    dpd_delay = 10s
    keyingtries = 0
    local {
      auth = psk
      id = ${GATEWAY_ID}
    }
    remote {
      auth = psk
      id = peer${number}.example
    }
    children {
      vpc${number} {
        local_ts = ${CLUSTER_NETWORKS.ipv4}
        remote_ts = ${REMOTE_NETWORKS.ipv4}
        esp_proposals = aes128-sha256
        rekey_time = 3600s
        dpd_action = restart
        start_action = ${number === 1 ? 'start' : 'none'}
      }
    }
  }`,
  )
  .join('')}
}
secrets {${secretOf('peer1.example')}${secretOf('peer2.example')}
}
`;

/** The cloud's end: takes whoever has the key, and the last one that came. */
export function recipePeer(number: 1 | 2): string {
  return `connections {
  customer {
    ${PROPOSALS}
    local_addrs = ${peerOuterAddress(number)}
    unique = replace
    dpd_delay = 10s
    local {
      auth = psk
      id = peer${number}.example
    }
    remote {
      auth = psk
      id = ${GATEWAY_ID}
    }
    children {
      vpc {
        local_ts = ${REMOTE_NETWORKS.ipv4}
        remote_ts = ${CLUSTER_NETWORKS.ipv4}
        esp_proposals = aes128-sha256
        dpd_action = clear
      }
    }
  }
}
secrets {${secretOf(GATEWAY_ID)}
}
`;
}

/** `service` is the program that does what `systemctl VERB ipsec` does. */
export function keepalivedConfiguration(isPrimary: boolean, service: string): string {
  return `vrrp_script check_ipsec {
    script "${service} is-active"
    interval 5
    weight -50
    fall 2
    rise 2
}

vrrp_instance IPSEC_HA {
    state ${isPrimary ? 'MASTER' : 'BACKUP'}
    interface lan
    virtual_router_id 51
    priority ${isPrimary ? 100 : 50}
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass strongpassword123
    }
    virtual_ipaddress {
        ${VIRTUAL_ADDRESS}/24
    }
    track_script {
        check_ipsec
    }
    notify_master "${service} start"
    notify_backup "${service} stop"
    notify_fault "${service} stop"
}
`;
}

/** Of somebody who has followed the same text on the same LAN, for an address of his own. */
export const SECOND_PAIR = `vrrp_instance IPSEC_HA {
    state MASTER
    interface lan
    virtual_router_id 51
    priority 150
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass strongpassword123
    }
    virtual_ipaddress {
        10.20.0.253/24
    }
}
`;

/** In systemd's place, for one host: `ipsec start`, `stop` and `is-active`. */
export function ipsecService(
  pidFile: string,
  environment: Readonly<Record<string, string>>,
): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
  return `#!/bin/sh
${exports.join('\n')}
is_active() { [ -e ${pidFile} ] && kill -0 "$(cat ${pidFile})" 2>/dev/null; }
run() {
	charon-systemd &
	charon=$!
	wait "$charon"
	ip xfrm policy flush
	ip xfrm state flush
}
case $1 in
is-active) is_active ;;
start) is_active || setsid "$0" loop </dev/null >/dev/null 2>&1 & ;;
stop) ! is_active || kill "$(cat ${pidFile})" ;;
loop)
	echo $$ >${pidFile}
	trap 'rm ${pidFile}; kill "$charon"; wait "$charon"; ip xfrm policy flush; ip xfrm state flush; exit' TERM
	while run; do sleep 0.1; done
	;;
esac
`;
}
