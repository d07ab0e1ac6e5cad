/** How much a round looks at. What it leaves out is as it was found last. */
export interface Scope {
  /** The kernel, and what is loaded into the daemons. */
  readonly kernel: boolean;
  /** Every SA, and not only those of which something was told. */
  readonly sas: boolean;
}

export const ALL: Scope = { kernel: true, sas: true };
/** What no event tells of; after a change of the plan or of the kernel. */
export const UNTOLD: Scope = { kernel: true, sas: false };
export const TOLD: Scope = { kernel: false, sas: false };
