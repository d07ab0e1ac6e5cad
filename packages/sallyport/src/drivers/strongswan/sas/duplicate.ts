/** charon's refusal to make an SA that is there already: its only word on what that one was made with. */

const REFUSED = /^not establishing CHILD_SA \S+ due to existing duplicate \{(\d+)\}/u;

/**
 * Unique id of a Child SA that was made with what is loaded, its IKE SA too: charon takes only an IKE SA of equal
 * configuration for a new Child SA, and calls only one of equal configuration its duplicate.
 */
export function duplicateIn(line: string): string | undefined {
  return REFUSED.exec(line)?.[1];
}
