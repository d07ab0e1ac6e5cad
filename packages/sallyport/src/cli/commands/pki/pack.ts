import type { Pkcs12Scheme } from '../../../platform/pkcs12-scheme.ts';
import { writePkcs12 } from '../../../platform/pkcs12-write.ts';
import { readSecret } from '../../../platform/secret-reading.ts';
import { EXIT, type Io, UsageError } from '../../io.ts';
import { mustBeName, readPassphrase } from './input.ts';
import { writeNewFiles } from './output.ts';

interface PackOptions {
  readonly exportPassphraseFile?: string;
  readonly scheme: Pkcs12Scheme;
  readonly in: string;
  readonly out: string;
}

export async function run(
  [name = '']: readonly string[],
  options: PackOptions,
  io: Io,
): Promise<number> {
  mustBeName(name);
  const pem = { certificate: `${name}.crt`, key: `${name}.key`, authorities: [`${name}-ca.crt`] };
  const { content, faults } = await readSecret({ pem }, options.in);
  if (content?.form !== 'certificate') {
    const found = faults.map(({ details }) => `${String(details.value)}: ${details.message}`);
    throw new UsageError(`${options.in} does not hold what is to be packed: ${found.join('; ')}`);
  }
  const passphrase = await readPassphrase(options.exportPassphraseFile, io, {
    ...{ of: `${name}.p12`, option: '--export-passphrase-file', isNew: true },
  });
  const bytes = await writePkcs12(
    {
      friendlyName: name,
      certificates: [...content.certificates, ...content.authorities].map(({ raw }) => raw),
      key: content.key.export({ format: 'der', type: 'pkcs8' }),
    },
    passphrase,
    options.scheme,
  );
  const [leaf] = content.certificates;
  const paths = await writeNewFiles(options.out, [
    [`${name}.p12`, bytes],
    [
      `${name}-install.txt`,
      instructions(name, leaf?.fingerprint256 ?? '', content.key.asymmetricKeyType),
    ],
  ]);
  io.stdout(`${paths.join(', ')}\n`);
  return EXIT.ok;
}

/** For the administrator of the other side. */
function instructions(name: string, fingerprint: string, keyType: string | undefined): string {
  return `${name}.p12 holds a private key, its certificate and the certificates of the authorities above it.
Its passphrase comes to you another way.

SHA-256 fingerprint of the certificate, to be compared by telephone:
  ${fingerprint}

strongSwan     put it into /etc/swanctl/pkcs12, and name it in swanctl.conf:
                 secrets { pkcs12-${name} { file = ${name}.p12  secret = "..." } }
${keyType === 'ed25519' ? '' : forNssAndWindows(name)}others         openssl pkcs12 -in ${name}.p12 -nodes gives PEM
`;
}

/** They know no Ed25519. */
function forNssAndWindows(name: string): string {
  return `Libreswan      pk12util -i ${name}.p12 -d sql:/var/lib/ipsec/nss
               then leftcert=${name}
Windows        certutil -importPFX ${name}.p12, into the store of the computer
`;
}
