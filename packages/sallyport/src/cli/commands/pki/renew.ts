import { KeyObject, X509Certificate as NodeCertificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issuedOf } from '../../../pki/issued.ts';
import { generateKeys, keyTypeOf } from '../../../pki/keys.ts';
import { altNamesOf } from '../../../pki/names-of.ts';
import { fromPem } from '../../../pki/pem.ts';
import { renewalTime } from '../../../pki/renewal.ts';
import { X509Certificate } from '../../../pki/x509.ts';
import { EXIT, type Io, UsageError } from '../../io.ts';
import { type CertifyOptions, certify } from './certify.ts';
import { mustBeName } from './input.ts';
import { Replacements } from './output.ts';

interface RenewOptions extends CertifyOptions {
  readonly days: number;
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
  const [der] = fromPem('CERTIFICATE', await readFile(path, 'utf8'));
  if (der === undefined) throw new UsageError(`${path} holds no certificate`);
  const old = new X509Certificate(der);
  const due = renewalTime(issuedOf(old));
  if (options.ifDue === true && due > new Date()) {
    io.stdout(`not due before ${due.toISOString()}\n`);
    return EXIT.ok;
  }
  const keyType = keyTypeOf(new NodeCertificate(der).publicKey);
  const { privateKey, publicKey } = await generateKeys(keyType);
  const wanted = {
    ...{ subject: old.subjectName.toJSON(), altNames: altNamesOf(old.extensions), publicKey },
    key: KeyObject.from(privateKey).export({ format: 'pem', type: 'pkcs8' }).toString(),
    days: options.days,
  };
  // The key goes last: who reads in between finds a pair that does not match, and takes nothing of it.
  const files = new Replacements(options.in, [`${name}.crt`, `${name}-ca.crt`, `${name}.key`]);
  const code = await certify(wanted, options, () => Promise.resolve(files), io);
  io.stderr('apply the declarations that use it, to bring it into effect\n');
  return code;
}
