/** The blocks of a PEM file (RFC 7468), found in one pass: the work grows with the length of the file and no faster. */
import { type FileField, faultIn, SecretFaultError } from './secret-fault.ts';

export interface PemBlock {
  /** Between BEGIN and its dashes. */
  readonly label: string;
  /** With both markers, and with what headers it has (RFC 1421 §4.6). */
  readonly text: string;
}

const MARKER = /-----(?<side>BEGIN|END) (?<label>[A-Z0-9 ]+)-----/gu;

/** Empty: this is no PEM. Throws `SecretFaultError` where a block does not end. */
export function pemBlocks(bytes: Uint8Array, field: FileField): PemBlock[] {
  const text = Buffer.from(bytes).toString('latin1');
  const blocks: PemBlock[] = [];
  let begun: { readonly label: string; readonly at: number } | undefined;
  for (const { index, groups, 0: marker } of text.matchAll(MARKER)) {
    const { side, label = '' } = groups ?? {};
    if (begun === undefined) {
      if (side === 'BEGIN') begun = { label, at: index };
    } else if (side === 'END' && label === begun.label) {
      blocks.push({ label, text: text.slice(begun.at, index + marker.length) });
      begun = undefined;
    } else {
      throw endless(begun.label, field);
    }
  }
  if (begun !== undefined) throw endless(begun.label, field);
  return blocks;
}

function endless(label: string, field: FileField): SecretFaultError {
  return new SecretFaultError(
    faultIn(
      field,
      'secret/malformed',
      `a ${label} begins and does not end: a part of the file is missing`,
      'take the whole file from where it comes from',
    ),
  );
}
