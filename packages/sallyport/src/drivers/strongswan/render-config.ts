/**
 * strongswan.conf of the charon that Sallyport runs for itself. It includes nothing of the system's
 * own configuration, and loads only the plugins that are needed.
 */
import { OWNER } from '../../plan/host-plan.ts';

export interface EngineConfig {
  /** VICI socket path. */
  readonly socketPath: string;
  readonly logPath: string;
  /** ESP in user space. */
  readonly userspace: boolean;
}

type Settings = { readonly [name: string]: string | number | boolean | Settings };

/** Plugins in the order in which they offer their features. */
const PLUGINS = [
  'random',
  'nonce',
  'x509',
  'revocation',
  'constraints',
  'pubkey',
  'pkcs1',
  'pkcs8',
  'pem',
  'openssl',
  'curl',
  'curve25519',
  'chapoly',
  'hmac',
  'gcm',
  'kdf',
  'drbg',
  'ml',
  'KERNEL',
  'socket-default',
  'vici',
  'counters',
] as const;

/** Mark on packets of charon's own sockets, so that they never go back into the TUN device. */
const SOCKET_MARK = '0x53';

/** charon-systemd reads the section of its own name, not `charon`. */
const SECTION = 'charon-systemd';

export function renderEngineConfig(config: EngineConfig): string {
  // The first plugin that offers the IPsec back end gets it; kernel-netlink still does addresses and routes.
  const kernel = config.userspace ? 'kernel-libipsec kernel-netlink' : 'kernel-netlink';
  const settings: Settings = {
    load: PLUGINS.join(' ').replace('KERNEL', kernel),
    threads: 32,
    // Tables for thousands of SAs; both take powers of two.
    ikesa_table_size: 4096,
    ikesa_table_segments: 64,
    // Many tunnels may end at one peer address: the defaults of 5 and 3 would drop them.
    block_threshold: 50,
    cookie_threshold_ip: 50,
    cookie_threshold: 500,
    init_limit_half_open: 1000,
    half_open_timeout: 30,
    // 2 + 3.2 + 5.1 + 8.2 s: a silent peer is given up after 18.5 s, not after 165 s.
    retransmit_tries: 3,
    retransmit_timeout: '2.0',
    retransmit_base: '1.6',
    retransmit_jitter: 20,
    make_before_break: true,
    close_ike_on_child_failure: true,
    // For tunnels without an interface of their own; a Child SA with an interface id gets no route.
    install_routes: true,
    routing_table: OWNER.engineTable,
    routing_table_prio: OWNER.engineTable,
    install_virtual_ip: false,
    syslog: { daemon: { default: -1 }, auth: { default: -1 } },
    journal: { default: -1 },
    filelog: {
      sallyport: {
        path: config.logPath,
        append: true,
        default: 1,
        flush_line: true,
        time_format: '%Y-%m-%dT%H:%M:%S%z',
      },
    },
    plugins: {
      vici: { socket: `unix://${config.socketPath}` },
      // While it fetches a list that does not come, a tunnel waits; after that it goes on without.
      revocation: { timeout: '5s' },
      'kernel-netlink': {
        receive_buffer_size: 33_554_432,
        install_routes_xfrmi: false,
        // Routes change often on a router; none of them is a reason to move an SA.
        roam_events: false,
        ...(config.userspace ? { fwmark: `!${SOCKET_MARK}` } : {}),
      },
      ...(config.userspace ? { 'socket-default': { fwmark: SOCKET_MARK } } : {}),
    },
  };
  return `${renderSection(SECTION, settings, '')}\n`;
}

function renderSection(name: string, settings: Settings, indent: string): string {
  const lines = Object.entries(settings).map(([key, value]) =>
    typeof value === 'object'
      ? renderSection(key, value, `${indent}  `)
      : `${indent}  ${key} = ${renderValue(value)}`,
  );
  return [`${indent}${name} {`, ...lines, `${indent}}`].join('\n');
}

/** strongswan.conf(5): quoted values may hold anything but a quote and a line break. */
function renderValue(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' ? String(value) : `"${value.replaceAll(/[\\"]/g, '\\$&')}"`;
}
