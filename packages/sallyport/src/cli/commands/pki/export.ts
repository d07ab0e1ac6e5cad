import { trustedCertificates } from '../../../issuing/declared-authority.ts';
import { certificatesToPem } from '../../../pki/pem.ts';
import { EXIT, type Io } from '../../io.ts';
import { authoritiesOf } from './authorities.ts';

export async function run(
  [name = '']: readonly string[],
  _options: object,
  io: Io,
): Promise<number> {
  const trusted = await trustedCertificates(authoritiesOf(io), name, new Date());
  io.stdout(certificatesToPem(trusted));
  return EXIT.ok;
}
