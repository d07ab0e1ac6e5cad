/**
 * How fit a host is to hold the virtual addresses, and what keepalived makes of it.
 *
 * Every host of a gateway has the same priority, less what its fitness takes off. A backup leaves a master
 * alone whose priority is not lower than its own (RFC 5798 §6.4.2): whoever holds the addresses keeps them while no other one
 * is fitter, also when a host comes back. keepalived's `nopreempt` would do that, too, but is blind to fitness:
 * a usable host could never relieve a holder that has become doubtful.
 *
 * Who is `last-resort` holds the addresses only while nobody is usable: with doubts on all hosts the last holder keeps
 * them, since a probe that is not answered proves less than an IKE SA, and an address that somebody has gives
 * hosts on the LAN a quick refusal instead of silence.
 */

/**
 * `usable`: proven. `presumed`: the tunnels come up with the addresses, or are about to, so that nobody gives way to or for it,
 * and the others see that nothing is proven yet. `last-resort`: in doubt. `drained`: about to be taken out, so that even who is in doubt goes first.
 * `unusable`: cannot carry packets at all.
 */
export const USABILITIES = ['usable', 'presumed', 'last-resort', 'drained', 'unusable'] as const;

export type Usability = (typeof USABILITIES)[number];

/** Of a usable host; 255 is for who owns the address, 100 the default (RFC 5798 §5.2.4). */
export const PRIORITY = 200;

/** keepalived.conf(5), track_file: added to the priority; below -253 it is the state FAULT. */
const OFFSETS: Readonly<Record<Usability, number>> = {
  usable: 0,
  presumed: -10,
  'last-resort': -100,
  drained: -150,
  unusable: -254,
};

/** Content of the file that keepalived tracks. */
export function formatUsability(usability: Usability): string {
  return `${OFFSETS[usability]}\n`;
}

/** Undefined where the content is none that we write. */
export function parseUsability(text: string): Usability | undefined {
  return USABILITIES.find((usability) => formatUsability(usability) === text);
}

/** Whether a host stands for the addresses without a doubt. */
export function isFit(usability: Usability): boolean {
  return usability === 'usable' || usability === 'presumed';
}

/** Of the master whose priority a backup has heard. */
export function usabilityOf(priority: number): Usability {
  return USABILITIES.find((usability) => priority >= PRIORITY + OFFSETS[usability]) ?? 'unusable';
}

/**
 * What to tell keepalived next on the way to `wanted`. A holder that becomes less fit first gives up the addresses for a moment: as in
 * FAULT it says goodbye with priority 0 and drops them before anybody else takes them, and when nobody does, it
 * has them back after three advertisements.
 */
export function stepTowards(
  wanted: Usability,
  current: Usability | undefined,
  isHolder: boolean,
): Usability {
  const isGivingWay = current === undefined || current === 'unusable';
  const givesWay = !isFit(wanted) && (isGivingWay || OFFSETS[wanted] < OFFSETS[current]);
  return givesWay && isHolder ? 'unusable' : wanted;
}
