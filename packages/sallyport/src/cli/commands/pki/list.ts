import { formatDuration } from '../../../lib/format.ts';
import { issuedOf } from '../../../pki/issued.ts';
import type { IssuedCertificate } from '../../../pki/record.ts';
import {
  type AuthorityStore,
  ownOf,
  type StoredAuthority,
} from '../../../store/authority-store.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../../io.ts';
import { authoritiesOf } from './authorities.ts';

interface ListOptions {
  readonly output: OutputFormat;
}

export async function run(
  [name]: readonly string[],
  { output }: ListOptions,
  io: Io,
): Promise<number> {
  const store = authoritiesOf(io);
  const now = new Date();
  if (name !== undefined) {
    const { issued } = (await store.read(name)).record;
    await printAnswer(io, output, issued, () =>
      issued.map((one) => `${one.serial}  ${describe(one, now)}\n`).join(''),
    );
    return EXIT.ok;
  }
  const authorities = await Promise.all(
    (await store.names()).map(async (each) => summaryOf(await store.read(each), store)),
  );
  await printAnswer(io, output, authorities, () =>
    authorities
      .map(({ name: each, parent, certificate, issued }) => {
        const place = parent === undefined ? 'a root' : `below ${parent}`;
        return `${each}: ${describe(certificate, now)}; ${place}; ${issued} issued\n`;
      })
      .join(''),
  );
  return EXIT.ok;
}

async function summaryOf(
  stored: StoredAuthority,
  store: AuthorityStore,
): Promise<{ name: string; parent?: string; certificate: IssuedCertificate; issued: number }> {
  const { record } = stored;
  const revoked = await store.revocationOf(stored);
  const { issued, ...rest } = record;
  const certificate = { ...issuedOf(ownOf(stored)), ...(revoked === undefined ? {} : { revoked }) };
  return { ...rest, certificate, issued: issued.length };
}

function describe({ subject, altNames, notAfter, revoked }: IssuedCertificate, now: Date): string {
  const names = altNames.length === 0 ? '' : ` (${altNames.join(', ')})`;
  const left = (Date.parse(notAfter) - now.getTime()) / 1_000;
  const validity =
    revoked !== undefined
      ? `revoked at ${revoked.at}: ${revoked.reason}`
      : left < 0
        ? `EXPIRED at ${notAfter}`
        : `valid for ${formatDuration(left)}, until ${notAfter}`;
  return `${subject}${names}, ${validity}`;
}
