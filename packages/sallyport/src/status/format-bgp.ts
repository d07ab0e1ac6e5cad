/** BGP of one host as text: a block for the speaker, two or three lines for each session. */
import { formatDuration } from '../lib/format.ts';
import {
  type BfdReport,
  type BgpReport,
  type BgpSessionReport,
  isEstablished,
  type LearnedPrefix,
} from './bgp-report.ts';
import { formatAdvertised } from './format-advertised.ts';

/** Of more of them the number says enough. */
const MOST_PREFIXES = 20;

/** `now`: RFC 3339. Sessions that need a person come first. */
export function formatBgp(bgp: BgpReport, now: string): string[] {
  const { sessions, learned } = bgp;
  const up = sessions.filter(isEstablished).length;
  const worstFirst = sessions.toSorted(
    (a, b) => Number(isEstablished(a)) - Number(isEstablished(b)),
  );
  const missing = learned.total - learned.installed;
  return [
    `BGP AS ${bgp.asn}, router id ${bgp.routerId}, FRR ${bgp.version}: ${up} of ${sessions.length} sessions established; ${learned.total} prefixes learned${missing === 0 ? '' : `, ${missing} of them NOT in the kernel`}`,
    ...worstFirst.flatMap((session) => formatSession(session, now)),
    ...(learned.prefixes ?? []).slice(0, MOST_PREFIXES).map(formatLearned),
    ...(learned.total > MOST_PREFIXES
      ? [`  and ${learned.total - MOST_PREFIXES} prefixes more`]
      : []),
  ];
}

function formatSession(session: BgpSessionReport, now: string): string[] {
  const { address, asn, description = 'called us', establishedSince } = session;
  const state =
    isEstablished(session) && establishedSince !== undefined
      ? `established for ${formatDuration((Date.parse(now) - Date.parse(establishedSince)) / 1000)}`
      : `NOT established (${session.state})`;
  const families = session.families.map(
    ({ family, received, accepted, advertised, limit }) =>
      `IPv${family} ${received} received${limit === undefined ? '' : ` of at most ${limit}`}, ${accepted} taken, ${advertised} told`,
  );
  const facts = [
    ...(session.holdSeconds === undefined ? [] : [`hold ${formatDuration(session.holdSeconds)}`]),
    ...(session.bfd === undefined ? [] : [formatBfd(session.bfd)]),
    ...families,
    ...lastReset(session),
  ];
  const told = formatAdvertised(session);
  return [
    `  ${address} AS ${asn}, ${description}: ${state}`,
    ...(facts.length === 0 ? [] : [`    ${facts.join('; ')}`]),
    ...(told === undefined ? [] : [`    told ${told}`]),
  ];
}

/** Why a session is not up, or how often it was lost. */
function lastReset(session: BgpSessionReport): string[] {
  const { lastReset: reset, timesLost } = session;
  if (reset === undefined || (isEstablished(session) && timesLost === 0)) return [];
  const notification = reset.notification === undefined ? '' : ` (${reset.notification})`;
  return [
    `lost ${timesLost} ${timesLost === 1 ? 'time' : 'times'}, last ${formatDuration(reset.secondsAgo)} ago: ${reset.reason}${notification}`,
  ];
}

function formatBfd(bfd: BfdReport): string {
  const why = bfd.diagnostic === undefined ? '' : `: ${bfd.diagnostic}`;
  return bfd.state === 'up'
    ? `BFD up, dead after ${bfd.detectMilliseconds} ms`
    : `BFD ${bfd.state === 'stopped' ? 'stopped' : bfd.state.toUpperCase()}${why}`;
}

function formatLearned({ prefix, nextHops, installed }: LearnedPrefix): string {
  return `  ${prefix} via ${nextHops.join(', ')}${installed ? '' : ', NOT in the kernel'}`;
}
