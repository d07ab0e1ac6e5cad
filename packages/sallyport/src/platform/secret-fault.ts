/** What is wrong with one field of a secret; becomes a `Problem` where the object is known. */
import type { FieldPath } from '../model/parsed-object.ts';
import type { ProblemDetails } from '../model/problem-at.ts';
import type { ProblemCode } from '../model/problem-codes.ts';

export interface SecretFault {
  /** From the object's root, for example `spec.pem.key`. */
  readonly path: FieldPath;
  readonly code: ProblemCode;
  readonly details: ProblemDetails;
}

/** Stops the reading of one secret: nothing can be used of it. */
export class SecretFaultError extends Error {
  readonly fault: SecretFault;

  constructor(fault: SecretFault) {
    super(fault.details.message);
    this.name = 'SecretFaultError';
    this.fault = fault;
  }
}

/** The field a file is named in, with that name as it is written there. */
export interface FileField {
  readonly path: FieldPath;
  readonly file: string;
}

export function faultIn(
  { path, file }: FileField,
  code: ProblemCode,
  message: string,
  hint?: string,
): SecretFault {
  return { path, code, details: { message, hint, value: file } };
}
