/** What a neighbour is told, as text. */
import { type BgpSessionReport, MOST_ADVERTISED } from './bgp-report.ts';

/** `10.20.0.0/16, fd20::/48 and 3 more`; undefined where nothing is listed. */
export function formatAdvertised({ families }: BgpSessionReport): string | undefined {
  const listed = families.flatMap(({ advertisedPrefixes = [] }) => advertisedPrefixes);
  if (listed.length === 0) return undefined;
  const named = listed.slice(0, MOST_ADVERTISED);
  const total = families.reduce((sum, { advertised }) => sum + advertised, 0);
  const more = total - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
