/** Child SAs that the daemon takes for installed and the kernel does not have: they carry nothing. */
import type { IkeSa } from '@sallyport/vici';

/** Unique ids. `spis`: eight hex digits, of both directions, as the kernel has them. */
export function findLost(sas: readonly IkeSa[], spis: ReadonlySet<string>): ReadonlySet<string> {
  const isThere = (spi: string | undefined): boolean => spi === undefined || spis.has(spi);
  return new Set(
    sas
      .flatMap((sa) => sa.children)
      // While it is rekeyed a Child SA loses its states one by one.
      .filter(({ state }) => state === 'INSTALLED')
      .filter(({ spiIn, spiOut }) => !isThere(spiIn) || !isThere(spiOut))
      .map(({ uniqueId }) => uniqueId),
  );
}
