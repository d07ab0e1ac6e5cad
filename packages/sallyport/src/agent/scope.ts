/** How much a round looks at. What it leaves out is as it was found last. */
export interface Scope {
  readonly kernel: boolean;
  /** What is loaded into the daemons; of another plan always what it changes, and no more unless `sas`, too. */
  readonly loaded: boolean;
  /** Every SA, and not only those of which something was told. */
  readonly sas: boolean;
}

export const ALL: Scope = { kernel: true, loaded: true, sas: true };
/** What no event tells of. */
export const UNTOLD: Scope = { kernel: true, loaded: true, sas: false };
export const KERNEL: Scope = { kernel: true, loaded: false, sas: false };
export const TOLD: Scope = { kernel: false, loaded: false, sas: false };

export function both(a: Scope, b: Scope): Scope {
  return {
    kernel: a.kernel || b.kernel,
    loaded: a.loaded || b.loaded,
    sas: a.sas || b.sas,
  };
}
