/** How much a round looks at. What it leaves out is as it was found last. */
export interface Extent {
  readonly kernel: boolean;
  /** Everything loaded into the daemons. Of another plan always what it changes, and only that without `sas`. */
  readonly loaded: boolean;
  /** Every SA, and not only those of which something was told since the last look. */
  readonly sas: boolean;
}

export const ALL: Extent = { kernel: true, loaded: true, sas: true };
/** What no event of a daemon tells of: kernel and everything loaded. */
export const UNTOLD: Extent = { kernel: true, loaded: true, sas: false };
export const KERNEL: Extent = { kernel: true, loaded: false, sas: false };
export const TOLD: Extent = { kernel: false, loaded: false, sas: false };

export function both(a: Extent, b: Extent): Extent {
  return {
    kernel: a.kernel || b.kernel,
    loaded: a.loaded || b.loaded,
    sas: a.sas || b.sas,
  };
}
