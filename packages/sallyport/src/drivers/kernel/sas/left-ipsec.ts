/** SAs and policies of ours that are in the kernel without a daemon that knows them: theirs was killed. */
import { OWNER } from '../../../plan/host-plan.ts';
import type { KernelIpsec, KernelState } from './parse-states.ts';

/** What the daemon that runs now knows of, and what shall be. */
export interface IpsecKnown {
  /** Of its Child SAs, both directions. */
  readonly spis: ReadonlySet<string>;
  /** Of its Child SAs in every state. */
  readonly reqids: ReadonlySet<number>;
  /** Of those that are installed: they carry what a former daemon's SAs carried. */
  readonly installed: ReadonlySet<number>;
  /** Of everything that is planned. */
  readonly planned: ReadonlySet<number>;
}

export const NOTHING_KNOWN: IpsecKnown = {
  spis: new Set(),
  reqids: new Set(),
  installed: new Set(),
  planned: new Set(),
};

export interface LeftIpsec {
  /** Of tunnels that nobody wants any more. */
  readonly unwanted: KernelIpsec;
  /** Their successors stand; the other side may still send on them. */
  readonly replaced: readonly KernelState[];
}

/** SAs of ours whose SPIs are not among these. */
export function findUnknown({ states }: KernelIpsec, spis: ReadonlySet<string>): KernelState[] {
  return states.filter(
    ({ reqid, spi, isInstalled }) => isInstalled && isMarked(reqid) && !spis.has(spi),
  );
}

/** SAs whose tunnel is not up again are in neither list: until it is, they carry its packets. */
export function findLeft(kernel: KernelIpsec, known: IpsecKnown): LeftIpsec {
  const isWanted = (reqid: number): boolean => known.planned.has(reqid) || known.reqids.has(reqid);
  const left = findUnknown(kernel, known.spis);
  return {
    unwanted: {
      states: left.filter(({ reqid }) => !isWanted(reqid)),
      policies: kernel.policies.filter(({ reqid }) => isMarked(reqid) && !isWanted(reqid)),
    },
    replaced: left.filter(({ reqid }) => known.installed.has(reqid)),
  };
}

function isMarked(reqid: number): boolean {
  return Math.floor(reqid / 2 ** 24) === OWNER.reqidByte;
}
