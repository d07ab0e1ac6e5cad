import { X509Certificate as NodeCertificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../../lib/error-code.ts';
import { issuedOf } from '../../../pki/issued.ts';
import { generateGatewayKeys, keyTypeOf } from '../../../pki/keys.ts';
import { altNamesOf } from '../../../pki/names-of.ts';
import { fromPem } from '../../../pki/pem.ts';
import { renewalTime } from '../../../pki/renewal.ts';
import { lineOf } from '../../../pki/succession.ts';
import { X509Certificate } from '../../../pki/x509.ts';
import { EXIT, type Io, UsageError } from '../../io.ts';
import { authoritiesOf, type SigningOptions } from './authorities.ts';
import { certify } from './certify.ts';
import { mustBeName } from './input.ts';
import { Replacements } from './output.ts';

const DAY_MILLISECONDS = 86_400_000;

interface RenewOptions extends SigningOptions {
  /** Absent: as long as the old one was. */
  readonly days?: number;
  readonly in: string;
  readonly ifDue?: boolean;
}

export async function run(
  [name = '']: readonly string[],
  options: RenewOptions,
  io: Io,
): Promise<number> {
  mustBeName(name);
  const path = join(options.in, `${name}.crt`);
  const old = await readCertificate(path);
  await mustBeIssuedBy(options.authority, old, path, io);
  const due = renewalTime(issuedOf(old));
  if (options.ifDue === true && due > new Date()) {
    io.stdout(`not due before ${due.toISOString()}\n`);
    return EXIT.ok;
  }
  const keyType = keyTypeOf(new NodeCertificate(Buffer.from(old.rawData)).publicKey);
  const wanted = {
    ...{ subject: old.subjectName.toJSON(), altNames: altNamesOf(old.extensions) },
    ...(await generateGatewayKeys(keyType)),
    days:
      options.days ??
      Math.round((old.notAfter.getTime() - old.notBefore.getTime()) / DAY_MILLISECONDS),
  };
  // The key goes last: who reads in between finds a pair that does not match, and takes nothing of it.
  const files = new Replacements(options.in, [`${name}.crt`, `${name}-ca.crt`, `${name}.key`]);
  const code = await certify(wanted, options, () => Promise.resolve(files), io);
  io.stderr('apply the declarations that use it, to bring it into effect\n');
  return code;
}

/** Throws {@link UsageError}. */
async function readCertificate(path: string): Promise<X509Certificate> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new UsageError(`there is no ${path} to renew: name the directory of the files with --in`);
  });
  const [der] = fromPem('CERTIFICATE', text);
  if (der === undefined) throw new UsageError(`${path} holds no certificate`);
  return new X509Certificate(der);
}

/** Another authority would be another trust, on both sides. Throws {@link UsageError}. */
async function mustBeIssuedBy(
  authority: string,
  { serialNumber }: X509Certificate,
  path: string,
  io: Io,
): Promise<void> {
  const store = authoritiesOf(io);
  const issuedBy = async (name: string): Promise<boolean> =>
    (await store.read(name)).record.issued.some(({ serial }) => serial === serialNumber);
  const line = await lineOf(authority, (name) => store.read(name));
  const inLine = await Promise.all(line.map(({ record }) => issuedBy(record.name)));
  if (inLine.includes(true)) return;
  const names = await store.names();
  const found = await Promise.all(names.map(issuedBy));
  const issuer = names[found.indexOf(true)];
  throw new UsageError(
    `${path} was not issued by authority ${authority}${issuer === undefined ? '' : `, but by ${issuer}`}: what it is renewed by must be the same`,
  );
}
