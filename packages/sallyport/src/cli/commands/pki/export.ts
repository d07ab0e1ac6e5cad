import { certificatesToPem } from '../../../pki/pem.ts';
import { EXIT, type Io } from '../../io.ts';
import { authoritiesOf } from './authorities.ts';

export async function run(
  [name = '']: readonly string[],
  _options: object,
  io: Io,
): Promise<number> {
  const { chain } = await authoritiesOf(io).read(name);
  io.stdout(certificatesToPem(chain));
  return EXIT.ok;
}
