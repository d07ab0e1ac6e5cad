/**
 * What is wrong with one proposal, without knowing a daemon.
 * Rules: RFC 7296 §3.3 and strongSwan's reading of the keywords.
 */
import { type FoundKeyword, findKeyword, keywordNames } from './algorithm-keywords.ts';
import { nearestName } from './nearest-name.ts';
import type { ProblemDetails } from './problem-at.ts';
import type { ProblemCode } from './problem-codes.ts';

export type ProposalUse = 'ike' | 'esp';

export interface ProposalFault {
  readonly code: ProblemCode;
  readonly details: ProblemDetails;
}

interface Word extends FoundKeyword {
  readonly text: string;
}

const USE_NAMES: Readonly<Record<ProposalUse, string>> = { ike: 'IKE', esp: 'ESP' };

/** All faults of one proposal; without any, strongSwan can read it. */
export function proposalFaults(proposal: string, use: ProposalUse): ProposalFault[] {
  const faults: ProposalFault[] = [];
  const add = (code: ProblemCode, message: string, hint?: string): void => {
    faults.push({ code, details: { message, hint, value: proposal } });
  };
  const words: Word[] = [];
  let unknown = false;
  for (const text of proposal.split('-')) {
    const found = findKeyword(text);
    if (found === undefined) {
      unknown = true;
      add('proposal/unknown-keyword', `"${text}" is no keyword of strongSwan`, keywordHint(text));
    } else if (found.only !== undefined && found.only !== use) {
      add(
        'proposal/misplaced-keyword',
        `"${text}" has no meaning in an ${USE_NAMES[use]} proposal`,
        found.kind === 'aead' ? 'choose a cipher that encrypts, such as aes256gcm16' : 'remove it',
      );
    } else {
      words.push({ ...found, text });
    }
  }
  // With a keyword missing, what seems absent may just be misspelt.
  if (!unknown) faults.push(...structureFaults(proposal, use, words));
  for (const { text, weakness } of words) {
    if (weakness === undefined) continue;
    add(
      'proposal/weak',
      `${text} is weak: ${weakness}`,
      'agree on a stronger suite with the other side',
    );
  }
  return faults;
}

function structureFaults(
  proposal: string,
  use: ProposalUse,
  words: readonly Word[],
): ProposalFault[] {
  const faults: ProposalFault[] = [];
  const add = (code: ProblemCode, message: string, hint: string): void => {
    faults.push({ code, details: { message, hint, value: proposal } });
  };
  const has = (kind: Word['kind']): boolean => words.some((word) => word.kind === kind);
  if (has('aead') && has('encryption')) {
    add(
      'proposal/mixed-ciphers',
      'holds AEAD and other ciphers',
      'write two proposals, one for each',
    );
  } else if (!has('aead') && !has('encryption')) {
    add(
      'proposal/missing-encryption',
      'has no encryption algorithm',
      'begin with one, such as aes256gcm16',
    );
  } else if (has('encryption') && !has('integrity')) {
    add(
      'proposal/missing-integrity',
      'has no integrity algorithm',
      'add one, such as sha256, or use an AEAD cipher',
    );
  }
  if (use === 'esp') return faults;
  if (has('aead') && !has('prf')) add('proposal/missing-prf', 'has no PRF', prfHint(words));
  const exchanges = words.some(
    ({ kind, algorithm, additional }) =>
      kind === 'key-exchange' && algorithm !== undefined && !additional,
  );
  if (!exchanges) {
    add('proposal/missing-key-exchange', 'has no key exchange method', 'add one, such as ecp384');
  }
  return faults;
}

/** Integrity beside an AEAD cipher is how other vendors write the PRF. */
function prfHint(words: readonly Word[]): string {
  const integrity = words.find(({ kind }) => kind === 'integrity')?.text;
  const wanted = integrity === undefined ? undefined : `prf${integrity}`;
  return wanted !== undefined && findKeyword(wanted) !== undefined
    ? `write ${wanted} in place of ${String(integrity)}`
    : 'add one, such as prfsha384';
}

function keywordHint(text: string): string | undefined {
  const [, step = '', method = text] = /^(ke[1-7]_)?(.*)$/.exec(text) ?? [];
  const nearest = nearestName(method, keywordNames(step === '' ? undefined : 'key-exchange'));
  return nearest === undefined ? undefined : `did you mean "${step}${nearest}"?`;
}
