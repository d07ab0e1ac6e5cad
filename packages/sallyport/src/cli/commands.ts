/** The commands, with everything that help and completion say of them. Their code is in `commands/`. */
import {
  type CommandEntry,
  HOST,
  NAMESPACE,
  type OptionEntry,
  OUTPUT,
  TIMEOUT,
} from './command-entry.ts';
import { PKI_COMMANDS } from './pki-commands.ts';
import { FAILOVER_COMMANDS, GATEWAY_COMMANDS } from './planned-work-commands.ts';

const FILE: OptionEntry = {
  flags: '-f, --file <path...>',
  description: 'file or directory of declarations; - is standard input',
  required: true,
};
const DRY_RUN: OptionEntry = {
  flags: '--dry-run',
  description: 'show what would change, and stop; exit code 3 where something would',
};

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'validate',
    description: 'check declarations, and say everything that is wrong with them',
    options: [FILE, OUTPUT],
    example: 'sallyport validate -f site/',
  },
  {
    name: 'plan',
    description: 'show what each host will run; works offline',
    options: [
      FILE,
      { flags: '--host <name>', description: 'only this Host' },
      {
        flags: '--diff [path...]',
        description:
          'only what differs from the declarations stored here, or from those of path, with its class; exit code 3 where something does',
      },
      OUTPUT,
    ],
    example: 'sallyport plan -f site/ --host gw1',
  },
  {
    name: 'apply',
    description: 'bring declarations into effect on this host, and wait for the proof',
    options: [FILE, HOST, DRY_RUN, TIMEOUT, OUTPUT],
    example: 'sallyport apply -f site/',
  },
  {
    name: 'get',
    description: 'list the declarations in effect',
    arguments: '[kind] [name]',
    options: [{ flags: NAMESPACE.flags, description: 'only this namespace' }, OUTPUT],
    example: 'sallyport get connections',
  },
  {
    name: 'describe',
    description: 'show one declaration, and what is really there of it',
    arguments: '<kind> <name>',
    options: [NAMESPACE, OUTPUT],
    example: 'sallyport describe connection partner-a',
  },
  {
    name: 'delete',
    description: 'take declarations out of effect on this host',
    arguments: '[kind] [name]',
    options: [{ ...FILE, required: false }, NAMESPACE, HOST, DRY_RUN, TIMEOUT, OUTPUT],
    example: 'sallyport delete connection partner-a',
  },
  {
    name: 'status',
    description: 'show the tunnels of this host, read back from daemon and kernel',
    arguments: '[connection]',
    options: [{ flags: '-w, --watch', description: 'show it again every two seconds' }, OUTPUT],
    example: 'sallyport status partner-a',
  },
  {
    name: 'events',
    description: 'show what has happened on this host; needs no agent',
    arguments: '[connection]',
    options: [
      {
        flags: '--since <time>',
        description: 'only from then on: 90s, 15m, 1h30m, 2d, 1w ago, or a time of RFC 3339',
      },
      { flags: '--follow', description: 'go on as more come; json is then one value a line' },
      OUTPUT,
    ],
    example: 'sallyport events partner-a --since 2d',
  },
  {
    name: 'why',
    description: 'explain why a tunnel is not up, or does not carry packets, and what to do',
    arguments: '<connection>',
    options: [
      NAMESPACE,
      {
        flags: '--target <address>',
        description: 'address behind the other side, to be pinged through the tunnel',
      },
      OUTPUT,
    ],
    example: 'sallyport why partner-a --target 10.20.0.10',
  },
  {
    name: 'gateway',
    description: 'move traffic away from this host before it is stopped, and back',
    options: [],
    example: 'sallyport gateway --help',
    commands: GATEWAY_COMMANDS,
  },
  {
    name: 'failover',
    description: 'see what becomes of packets when a path is lost',
    options: [],
    example: 'sallyport failover --help',
    commands: FAILOVER_COMMANDS,
  },
  {
    name: 'agent',
    description: 'keep this host as declared; ends at SIGTERM and leaves the tunnels up',
    options: [
      {
        flags: '--teardown',
        description: 'remove everything that is ours from daemon and kernel, and end',
      },
      {
        flags: '--charon-socket <address>',
        description: 'use the IKE daemon that listens here, and touch only our part of it',
      },
      {
        flags: '--window <count>',
        description: 'tunnels to initiate at once',
        defaultValue: '50',
        isCount: true,
      },
      {
        flags: '--log-level <level>',
        description: 'least level to log',
        defaultValue: 'info',
        choices: ['error', 'warn', 'info', 'debug'],
      },
    ],
    example: 'sallyport agent',
  },
  {
    name: 'pki',
    description: 'run certificate authorities, and certify gateways by them',
    options: [],
    example: 'sallyport pki list',
    commands: PKI_COMMANDS,
  },
  {
    name: 'render',
    description: 'write a part of the plan in the form in which other software takes it',
    options: [],
    example: 'sallyport render frr-k8s -f site/',
    commands: [
      {
        name: 'frr-k8s',
        description: 'BGP of each node as FRRConfiguration, where frr-k8s runs FRR',
        options: [
          FILE,
          { flags: '--host <name>', description: 'only this Host, which may be a gateway' },
          {
            flags: '--namespace <name>',
            description: 'of frr-k8s',
            defaultValue: 'frr-k8s-system',
          },
        ],
        example: 'sallyport render frr-k8s -f site/ --host node1',
      },
    ],
  },
  {
    name: 'completion',
    description: 'print a completion script for the shell',
    arguments: '<shell>',
    options: [],
    example: 'source <(sallyport completion bash)',
  },
];
