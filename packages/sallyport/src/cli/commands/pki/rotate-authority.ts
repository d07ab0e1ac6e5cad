/** The next authority in the place of one, or another day for the one that waits to take over. */
import { type DeclaredIssuing, storedName } from '../../../issuing/declared.ts';
import { followAuthority } from '../../../issuing/declared-authority.ts';
import type { Issuing } from '../../../issuing/issued-secret.ts';
import { makeSuccessor, shapeOf } from '../../../issuing/successor.ts';
import { lineOf } from '../../../pki/succession.ts';
import type { StoredAuthority } from '../../../store/authority-store.ts';
import { type Io, UsageError } from '../../io.ts';
import { readPassphraseOf } from './authorities.ts';

const DAY_MILLISECONDS = 86_400_000;
const USUAL_DAYS = 30;

export interface AuthorityRotation {
  readonly crossOverDays?: string;
  /** Of an authority that is not declared, and of its parent. */
  readonly passphraseFile?: string;
  readonly parentPassphraseFile?: string;
}

/** Throws {@link UsageError}, and what stands in the way. */
export async function rotateAuthority(
  name: string,
  options: AuthorityRotation,
  declared: DeclaredIssuing,
  { authorities: store, now }: Issuing,
  io: Io,
): Promise<void> {
  const authority = [...declared.authorities.values()].find(
    ({ object }) => storedName(object.metadata) === name,
  );
  const asked = toDays(options.crossOverDays);
  const days = asked ?? authority?.object.spec.crossOverDays ?? USUAL_DAYS;
  const takesOverAt = new Date(now.getTime() + days * DAY_MILLISECONDS);
  await store.locked(async () => {
    const line = await lineOf(name, (each) => store.read(each));
    const waiting = line.find(
      ({ record: { successor } }) => Date.parse(successor?.takesOverAt ?? '') > now.getTime(),
    );
    if (waiting?.record.successor !== undefined) {
      const successor = { ...waiting.record.successor, takesOverAt: takesOverAt.toISOString() };
      // The day that others were told stays, unless another one is asked for.
      if (asked !== undefined) await store.write({ ...waiting.record, successor });
    } else if (authority !== undefined)
      await followAuthority(store, authority, declared, now, days);
    else await followByHand(line.at(-1) ?? line[0], takesOverAt, options, store, io);
    const after = await lineOf(name, (each) => store.read(each));
    const { record } = after.at(-2) ?? after[0];
    const { successor } = record;
    io.stdout(
      `authority ${successor?.name} certifies in the place of ${record.name} from ${successor?.takesOverAt}; both are trusted: give sallyport pki export ${name} to the other sides before\n`,
    );
  });
}

async function followByHand(
  last: StoredAuthority,
  takesOverAt: Date,
  { passphraseFile, parentPassphraseFile }: AuthorityRotation,
  store: Issuing['authorities'],
  io: Io,
): Promise<void> {
  const { name, parent } = last.record;
  const passphrase = await readPassphraseOf(store, name, passphraseFile, io);
  // Who may make the next one can open the key of this one.
  await store.open(name, passphrase);
  const option = '--parent-passphrase-file';
  const opened =
    parent === undefined
      ? {}
      : {
          parent: await store.open(
            parent,
            await readPassphraseOf(store, parent, parentPassphraseFile, io, option),
          ),
        };
  await makeSuccessor(store, last, shapeOf(last), { passphrase, takesOverAt, ...opened });
}

function toDays(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,4}$/.test(text))
    throw new UsageError(`--cross-over-days ${text} is not a number from 0 to 9999`);
  return Number(text);
}
