/** Names and numbers that everything on the host derives from one tunnel. Stable: never from an order. */
import { remembering } from '../lib/remembering.ts';
import { sha256Hex } from '../lib/sha256.ts';
import { OWNER } from './host-plan.ts';

/** `sp.<namespace>.<connection>.<tunnel>`: none of the three can hold a dot. */
export function tunnelName(namespace: string, connection: string, tunnel: string): string {
  return `${OWNER.ikePrefix}${namespace}.${connection}.${tunnel}`;
}

/** XFRM interface id or VTI mark: 32 bits of the name's hash; 0 would mean "none" to the kernel. */
export const interfaceIdOf: (name: string) => number = remembering(
  (name) => Number.parseInt(sha256Hex(name).slice(0, 8), 16) || 1,
);

/** `sp` and the interface id in eight hex digits: 10 of the 15 characters that Linux allows. */
export function interfaceNameOf(name: string): string {
  return `${OWNER.interfacePrefix}${interfaceIdOf(name).toString(16).padStart(8, '0')}`;
}
