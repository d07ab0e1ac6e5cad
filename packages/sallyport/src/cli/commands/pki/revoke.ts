import { publishCrl } from '../../../issuing/publish.ts';
import { withRevoked } from '../../../pki/record.ts';
import type { RevocationReason } from '../../../pki/revocation.ts';
import { EXIT, type Io, UsageError } from '../../io.ts';
import { type SigningOptions, withAuthority } from './authorities.ts';

interface RevokeOptions extends SigningOptions {
  readonly reason: RevocationReason;
}

export async function run(
  [serial = '']: readonly string[],
  options: RevokeOptions,
  io: Io,
): Promise<number> {
  const { authority: name, reason } = options;
  return withAuthority(options, io, async ({ record, authority }, store) => {
    // Repeated, it publishes again: the first one may have been interrupted.
    const revoked = withRevoked(record, serial, reason, new Date());
    if (revoked === undefined)
      throw new UsageError(
        `authority ${name} has issued nothing with serial number ${serial}; sallyport pki list ${name} shows what there is`,
      );
    const path = await publishCrl(store, revoked, authority);
    const places = record.crlUrls.join(', ');
    io.stdout(
      places === ''
        ? `revoked: ${path}\nthe certificates of this authority name no place to fetch the list from (--crl-url): give it to the other sides, as revocationLists of the Secret with the authority\n`
        : `revoked: put ${path} where gateways fetch it, at ${places}\n`,
    );
    return EXIT.ok;
  });
}
