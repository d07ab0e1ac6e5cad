/** The commands below `sallyport pki`. */
import { KEY_TYPES } from '../model/key-type.ts';
import { REVOCATION_REASONS } from '../pki/revocation.ts';
import { PKCS12_SCHEMES } from '../platform/pkcs12-scheme.ts';
import {
  type CommandEntry,
  HOST,
  NAMESPACE,
  type OptionEntry,
  OUTPUT,
  TIMEOUT,
} from './command-entry.ts';

const AUTHORITY: OptionEntry = {
  flags: '--authority <name>',
  description: 'authority that certifies',
  required: true,
};
const PASSPHRASE: OptionEntry = {
  flags: '--passphrase-file <path>',
  description: "passphrase of the authority's key; - is standard input; asked for if left out",
};
const OUT: OptionEntry = {
  flags: '--out <directory>',
  description: 'where the files go; none that is there is written over',
  defaultValue: '.',
};
const IN: OptionEntry = {
  flags: '--in <directory>',
  description: 'where issue wrote them',
  defaultValue: '.',
};

function days(defaultValue: string): OptionEntry {
  return {
    flags: '--days <count>',
    description: 'how long it is valid, at most as long as its authority',
    defaultValue,
    isCount: true,
  };
}

function keyType(defaultValue: string): OptionEntry {
  return {
    flags: '--key-type <type>',
    description: 'key and signature',
    defaultValue,
    choices: KEY_TYPES,
  };
}

export const PKI_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'ca',
    description: 'authorities',
    options: [],
    example: 'sallyport pki ca create site',
    commands: [
      {
        name: 'create',
        description: 'make an authority: a root, or one below another',
        arguments: '<name>',
        options: [
          {
            flags: '--subject <name>',
            description: 'distinguished name, such as O=Example, CN=Example VPN CA',
            required: true,
          },
          {
            ...PASSPHRASE,
            description: 'passphrase for its key; - is standard input; asked for if left out',
          },
          {
            flags: '--token <uri>',
            description:
              'PKCS #11 token that holds its key, by RFC 7512; its PIN is the passphrase',
          },
          {
            flags: '--parent <name>',
            description: 'authority that certifies it; a root if left out',
          },
          {
            flags: '--parent-passphrase-file <path>',
            description: "passphrase of the parent's key; asked for if left out",
          },
          keyType('ecdsa-p384'),
          days('3650'),
          {
            flags: '--path-length <count>',
            description: 'authorities in a row below it; any number if left out',
          },
          {
            flags: '--permit <name...>',
            description:
              'DNS names that it certifies must lie in these domains; addresses may be any',
          },
          {
            flags: '--crl-days <count>',
            description: 'how long each of its revocation lists is good',
            defaultValue: '30',
            isCount: true,
          },
          {
            flags: '--crl-url <url...>',
            description: 'where its revocation list will be published',
          },
        ],
        example: 'sallyport pki ca create site --subject CN=Site --passphrase-file pass',
      },
    ],
  },
  {
    name: 'issue',
    description: 'make a key and a certificate for it',
    arguments: '<name>',
    options: [
      AUTHORITY,
      PASSPHRASE,
      {
        flags: '--alt-name <name...>',
        description: 'DNS names, addresses or mail addresses that it proves',
        required: true,
      },
      { flags: '--subject <name>', description: 'distinguished name; CN=<name> if left out' },
      keyType('ecdsa-p256'),
      days('365'),
      OUT,
    ],
    example:
      'sallyport pki issue gw1 --authority site --passphrase-file pass --alt-name gw1.example',
  },
  {
    name: 'renew',
    description:
      'make a new key and certificate with the names of one that was issued, in its place',
    arguments: '<name>',
    options: [
      AUTHORITY,
      PASSPHRASE,
      {
        flags: '--days <count>',
        description: 'how long it is valid; as long as the old one if left out',
        isCount: true,
      },
      {
        flags: '--if-due',
        description: 'only where two thirds of its validity are over, give or take; for timers',
      },
      IN,
    ],
    example: 'sallyport pki renew gw1 --authority site --passphrase-file pass',
  },
  {
    name: 'import',
    description: 'take over a key, its certificate and its authorities that others have made',
    arguments: '<name>',
    options: [
      {
        flags: '--from <path...>',
        description:
          'files with all of it: PEM, DER, PKCS#12, TLS Secret of Kubernetes, export of AWS; or the directory of such a Secret',
        required: true,
      },
      {
        flags: '--passphrase-file <path>',
        description: 'of what is encrypted; - is standard input; asked for if left out',
      },
      {
        flags: '--shred',
        description: 'write over these files and remove them when all of it is imported',
      },
      OUT,
    ],
    example: 'sallyport pki import gw1 --from gw1.pfx',
  },
  {
    name: 'rotate',
    description:
      'exchange certificates that are issued for Secrets, or begin to exchange an authority',
    arguments: '[secret...]',
    options: [
      {
        flags: '--ca <authority>',
        description: 'make the next authority in its place, trusted at once, certifying later',
      },
      {
        flags: '--cross-over-days <count>',
        description: 'how long both are trusted before the next one certifies; 0: now',
      },
      {
        flags: '--passphrase-file <path>',
        description: 'of the key of an authority that is not declared',
      },
      { flags: '--parent-passphrase-file <path>', description: 'of the key of its parent' },
      { flags: '--dry-run', description: 'say what will be rotated and when, and do nothing' },
      NAMESPACE,
      HOST,
      TIMEOUT,
      OUTPUT,
    ],
    example: 'sallyport pki rotate gw1',
  },
  {
    name: 'pack',
    description: 'pack a key, its certificate and the authorities into one PKCS#12 file',
    arguments: '<name>',
    options: [
      {
        flags: '--export-passphrase-file <path>',
        description: 'passphrase for the file; - is standard input; asked for if left out',
      },
      {
        flags: '--scheme <scheme>',
        description: 'compatible: 3DES and SHA-1, for what reads nothing better',
        defaultValue: 'modern',
        choices: PKCS12_SCHEMES,
      },
      IN,
      OUT,
    ],
    example: 'sallyport pki pack gw1 --export-passphrase-file pass',
  },
  {
    name: 'sign',
    description: 'certify the key of a certificate request, and the names that are allowed to it',
    arguments: '<request>',
    options: [
      AUTHORITY,
      PASSPHRASE,
      {
        flags: '--allow <name...>',
        description: 'names that who asks may have: what else is asked for is refused',
        required: true,
      },
      {
        flags: '--subject <name>',
        description: 'subject that it may have besides CN=<allowed name>',
      },
      days('365'),
      OUT,
    ],
    example:
      'sallyport pki sign gw1.csr --authority site --passphrase-file pass --allow gw1.example',
  },
  {
    name: 'revoke',
    description: 'revoke a certificate, and publish that',
    arguments: '<serial>',
    options: [
      AUTHORITY,
      PASSPHRASE,
      {
        flags: '--reason <reason>',
        description: 'goes into the list',
        defaultValue: 'unspecified',
        choices: REVOCATION_REASONS,
      },
    ],
    example: 'sallyport pki revoke 4a5b --authority site --passphrase-file pass',
  },
  {
    name: 'crl',
    description: 'make the revocation list of an authority anew',
    options: [AUTHORITY, PASSPHRASE],
    example: 'sallyport pki crl --authority site --passphrase-file pass',
  },
  {
    name: 'list',
    description: 'list the authorities, or what one of them has issued',
    arguments: '[authority]',
    options: [OUTPUT],
    example: 'sallyport pki list',
  },
  {
    name: 'export',
    description: 'print the certificates of an authority, for those who shall trust it',
    arguments: '<authority>',
    options: [],
    example: 'sallyport pki export site',
  },
];
