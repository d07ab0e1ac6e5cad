import { publishCrl } from '../../../issuing/publish.ts';
import { EXIT, type Io } from '../../io.ts';
import { type SigningOptions, withAuthority } from './authorities.ts';

export async function run(
  _arguments: readonly string[],
  options: SigningOptions,
  io: Io,
): Promise<number> {
  return withAuthority(options, io, async ({ record, authority }, store) => {
    io.stdout(`${await publishCrl(store, record, authority)}\n`);
    return EXIT.ok;
  });
}
