/** What was found out about a tunnel that failed. */
import type { CauseCode } from './cause-texts.ts';

export interface Diagnosis {
  readonly code: CauseCode;
  /** What `{1}`, `{2}` and `{3}` stand for; they come from outside. */
  readonly named: readonly string[];
  /** Address of the other side, where the line names one and not the connection. */
  readonly peer?: string;
  /** Says more than a general failure that follows it. */
  readonly isSpecific: boolean;
  /** An IKE SA has ended that may have been up. */
  readonly endsSa?: boolean;
}
