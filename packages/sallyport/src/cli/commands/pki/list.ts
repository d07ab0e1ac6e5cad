import { formatDuration } from '../../../lib/format.ts';
import { issuedOf } from '../../../pki/issued.ts';
import type { IssuedCertificate } from '../../../pki/record.ts';
import { AuthorityStore } from '../../../store/authority-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../../io.ts';

interface ListOptions {
  readonly output: OutputFormat;
}

export async function run(
  [name]: readonly string[],
  { output }: ListOptions,
  io: Io,
): Promise<number> {
  const store = new AuthorityStore(pathsOf(directoriesFrom(io.env)).authorities);
  const now = new Date();
  if (name !== undefined) {
    const { issued } = (await store.read(name)).record;
    await printAnswer(io, output, issued, () =>
      issued.map((one) => `${one.serial}  ${describe(one, now)}\n`).join(''),
    );
    return EXIT.ok;
  }
  const stored = await Promise.all((await store.names()).map((each) => store.read(each)));
  const authorities = stored.flatMap(({ record: { issued, ...record }, chain: [own] }) =>
    own === undefined ? [] : [{ ...record, certificate: issuedOf(own), issued: issued.length }],
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
