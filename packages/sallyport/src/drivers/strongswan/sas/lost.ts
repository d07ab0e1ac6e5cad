/** Child SAs that the daemon takes for installed and the kernel does not have whole: they carry nothing. */
import type { ChildSa, IkeSa } from '@sallyport/vici';

/** What the kernel has, as far as it counts here. */
export interface KernelView {
  /** SPIs as eight hex digits, of both directions. */
  readonly states: readonly { readonly spi: string; readonly isInstalled: boolean }[];
  readonly policies: readonly { readonly direction: string; readonly reqid: number }[];
}

/** In tunnel mode a packet needs one in its direction, and `fwd` to be passed on (RFC 4301 §4.4.1). */
const DIRECTIONS = ['in', 'out', 'fwd'] as const;

/** Unique ids. */
export function findLost(sas: readonly IkeSa[], kernel: KernelView): ReadonlySet<string> {
  const spis = new Set(kernel.states.flatMap(({ spi, isInstalled }) => (isInstalled ? [spi] : [])));
  const counts = new Map<string, number>();
  for (const { direction, reqid } of kernel.policies) {
    const key = `${direction} ${reqid}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const hasState = (spi: string | undefined): boolean => spi === undefined || spis.has(spi);
  const hasPolicies = (child: ChildSa): boolean =>
    DIRECTIONS.every(
      (direction) => (counts.get(`${direction} ${child.reqid}`) ?? 0) >= policiesOf(child),
    );
  return new Set(
    sas
      .flatMap((sa) => sa.children)
      // While it is rekeyed a Child SA loses its states one by one.
      .filter(({ state }) => state === 'INSTALLED')
      .filter((child) => !hasState(child.spiIn) || !hasState(child.spiOut) || !hasPolicies(child))
      .map(({ uniqueId }) => uniqueId),
  );
}

/** In each direction: one for each pair of networks. */
function policiesOf({ localTs, remoteTs }: ChildSa): number {
  return localTs.length * remoteTs.length;
}
