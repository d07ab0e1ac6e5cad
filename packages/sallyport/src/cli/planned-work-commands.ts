/** The commands below `sallyport gateway` and `sallyport failover`, with everything that help says of them. */
import { type CommandEntry, NAMESPACE, OUTPUT } from './command-entry.ts';

export const GATEWAY_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'drain',
    description:
      'leave this host, which carries the Gateway, without packets of others; says when it may be stopped',
    arguments: '<name>',
    options: [
      NAMESPACE,
      {
        flags: '--force',
        description: 'also where no other host is known to carry it: packets may get lost',
      },
      {
        flags: '--timeout <seconds>',
        description:
          'how long to wait until nothing passes any more, else exit code 3; it stays drained either way',
        defaultValue: '60',
        isCount: true,
      },
      OUTPUT,
    ],
    example: 'sallyport gateway drain edge',
  },
  {
    name: 'undrain',
    description: 'let this host carry packets again: first its sessions, then its preference',
    arguments: '<name>',
    options: [
      NAMESPACE,
      {
        flags: '--timeout <seconds>',
        description: 'how long to wait for sessions that were ended',
        defaultValue: '60',
        isCount: true,
      },
      OUTPUT,
    ],
    example: 'sallyport gateway undrain edge',
  },
];

export const FAILOVER_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'test',
    description:
      'take a tunnel out by ending BGP and routes in it, or all of this host, measure what the change of path costs, and bring it back',
    arguments: '[connection/tunnel]',
    options: [
      {
        flags: '--target <address...>',
        description: 'host behind the other side, which answers pings; always needed',
        required: true,
      },
      {
        flags: '--source <address>',
        description: 'address of this host that asks; its internal one if left out',
      },
      {
        flags: '--duration <seconds>',
        description: 'how long it is out',
        defaultValue: '10',
        isCount: true,
      },
      { flags: '--yes', description: 'do not ask' },
      { flags: '--force', description: 'also where no other path is known: packets get lost then' },
      OUTPUT,
    ],
    example: 'sallyport failover test partner-a/main --target 10.20.0.10',
  },
];
