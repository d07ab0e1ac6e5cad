/** Planned work that the agent is asked for over its socket, as a line of text. */

export type Work =
  /** Others are to be preferred; then, where the other side of a tunnel does not, BGP ends inside it. */
  | { readonly verb: 'drain' }
  | { readonly verb: 'rest'; readonly tunnel: string }
  /** BGP speaks everywhere again; then nobody has to be preferred any more. */
  | { readonly verb: 'wake' }
  | { readonly verb: 'undrain' }
  /** A tunnel is taken out for some time, or all are. */
  | { readonly verb: 'drill'; readonly seconds: number; readonly tunnel?: string }
  | { readonly verb: 'restore' };

/** Longer than any drill needs to be. */
export const MOST_SECONDS = 600;

export function formatWork(work: Work): string {
  switch (work.verb) {
    case 'rest':
      return `rest ${work.tunnel}`;
    case 'drill':
      return ['drill', work.seconds, ...(work.tunnel === undefined ? [] : [work.tunnel])].join(' ');
    default:
      return work.verb;
  }
}

/** Undefined where it is anything else. */
export function parseWork(line: string): Work | undefined {
  const [verb, first, second, ...rest] = line.split(' ');
  if (rest.length > 0) return undefined;
  switch (verb) {
    case 'drain':
    case 'wake':
    case 'undrain':
    case 'restore':
      return first === undefined ? { verb } : undefined;
    case 'rest':
      return first !== undefined && second === undefined ? { verb, tunnel: first } : undefined;
    case 'drill': {
      const seconds = Number(first);
      if (!Number.isInteger(seconds) || seconds < 1 || seconds > MOST_SECONDS) return undefined;
      return second === undefined ? { verb, seconds } : { verb, seconds, tunnel: second };
    }
    default:
      return undefined;
  }
}
