/** What happened between two looks at a host, as events. Pure: whoever looks twice can tell. */
import { formatObjectRef, isBlocking, type Problem } from '../lib/problem.ts';
import type { Condition } from './condition.ts';
import type { EventReason } from './event-reasons.ts';
import type { HostReport, TunnelReport } from './host-report.ts';

export interface EventObject {
  /** `Host`, or the kind of a declared object. */
  readonly kind: string;
  /** Absent for the host itself. */
  readonly namespace?: string;
  readonly name: string;
  readonly tunnel?: string;
}

export interface EventCause {
  readonly code: string;
  readonly message: string;
}

export interface Event {
  /** RFC 3339. */
  readonly at: string;
  readonly host: string;
  readonly reason: EventReason;
  readonly object: EventObject;
  /** State, revision, version or id, whatever the reason is about. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly cause?: EventCause | undefined;
}

/** The host's own events first, as they explain those of its tunnels. `before` absent: nobody looked yet. */
export function eventsBetween(before: HostReport | undefined, after: HostReport): Event[] {
  const happened = [
    ...hostEvents(before, after),
    ...tunnelEvents(before, after),
    ...conditionEvents(before, after),
  ];
  return happened.map((event) => ({ at: after.observedAt, host: after.host, ...event }));
}

/** As it was known last: what could not be read hides nothing, and is no change. */
export function withLastKnown(before: HostReport | undefined, after: HostReport): HostReport {
  const known = new Map((before?.tunnels ?? []).map((tunnel) => [tunnel.name, tunnel]));
  const tunnels = after.tunnels.map((tunnel) =>
    tunnel.state === 'unknown' ? (known.get(tunnel.name) ?? tunnel) : tunnel,
  );
  return { ...after, tunnels };
}

type Happening = Omit<Event, 'at' | 'host'>;

function hostEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const object = { kind: 'Host', name: after.host };
  const events: Happening[] = [];
  if (!isSameAgent(before, after))
    events.push({ reason: 'AgentStarted', object, after: after.agent.version });
  events.push(...engineEvents(before, after).map((event) => ({ ...event, object })));
  events.push(...problemEvents(before, after).map((event) => ({ ...event, object })));
  events.push(...planEvents(before, after).map((event) => ({ ...event, object })));
  return events;
}

/** What happened between two agents, nobody saw. */
function isSameAgent(before: HostReport | undefined, after: HostReport): boolean {
  return before?.agent.startedAt === after.agent.startedAt;
}

type OfHost = Omit<Happening, 'object'>;

function engineEvents(before: HostReport | undefined, after: HostReport): OfHost[] {
  const was = before?.engine;
  const is = after.engine;
  if (was?.running === true && !is.running)
    return [{ reason: 'EngineLost', before: was.version, cause: engineFault(after) }];
  if (!is.running) return [];
  if (was?.running !== true) return [{ reason: 'EngineStarted', after: is.version }];
  // Lives are counted by each agent anew.
  if (!isSameAgent(before, after) || was.life === is.life) return [];
  return [{ reason: 'EngineRestarted', before: was.version, after: is.version }];
}

function engineFault({ problems }: HostReport): EventCause | undefined {
  const fault = problems.find(({ code }) => /^(engine|strongswan)\//.test(code));
  return fault === undefined ? undefined : { code: fault.code, message: fault.message };
}

function problemEvents(before: HostReport | undefined, after: HostReport): OfHost[] {
  const was = byCode(before?.problems ?? []);
  const is = byCode(after.problems);
  const found = [...is].filter(([code]) => !was.has(code));
  const gone = [...was].filter(([code]) => !is.has(code));
  return [
    ...found.map(([code, { message }]) => ({
      reason: 'ProblemFound' as const,
      cause: { code, message },
    })),
    ...gone.map(([code, { message }]) => ({
      reason: 'ProblemGone' as const,
      cause: { code, message },
    })),
  ];
}

function byCode(problems: readonly Problem[]): Map<string, Problem> {
  return new Map(problems.map((problem) => [problem.code, problem]));
}

function planEvents(before: HostReport | undefined, after: HostReport): OfHost[] {
  const { wantedRevision, revisionInEffect } = after;
  const isSame =
    before?.wantedRevision === wantedRevision && before?.revisionInEffect === revisionInEffect;
  if (wantedRevision === undefined || isSame) return [];
  const change = { before: before?.revisionInEffect, after: wantedRevision };
  if (revisionInEffect !== undefined) return [{ reason: 'PlanInEffect', ...change }];
  return [{ reason: 'PlanDiffers', ...change, cause: differs(after) }];
}

/** Why a plan is not in effect: the first fault, and how many more there are. */
function differs({ problems, differences }: HostReport): EventCause | undefined {
  const causes = [
    ...problems.filter(isBlocking).map(({ code, message }) => ({ code, message })),
    ...differences.map(({ text }) => ({ code: 'host/differs', message: text })),
  ];
  const [first, ...more] = causes;
  if (first === undefined || more.length === 0) return first;
  return { ...first, message: `${first.message} (and ${more.length} more)` };
}

function tunnelEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const was = new Map((before?.tunnels ?? []).map((tunnel) => [tunnel.name, tunnel]));
  const is = new Set(after.tunnels.map(({ name }) => name));
  return [
    ...(before?.tunnels ?? [])
      .filter(({ name }) => !is.has(name))
      .map((tunnel) => ({
        reason: 'TunnelRemoved' as const,
        object: objectOf(tunnel),
        before: tunnel.state,
      })),
    ...after.tunnels.flatMap((tunnel) => {
      const known = was.get(tunnel.name);
      const event = stateEvent(known, tunnel);
      if (event !== undefined) return event;
      return isSameAgent(before, after) ? (replacement(known, tunnel) ?? []) : [];
    }),
  ];
}

/** At most one a look: what a tunnel is now says more than the ways to it. */
function stateEvent(before: TunnelReport | undefined, after: TunnelReport): Happening | undefined {
  const object = objectOf(after);
  const cause = causeOf(after);
  const states = { before: before?.state, after: after.state };
  if (before?.state !== after.state) {
    if (after.state === 'up') return { reason: 'TunnelUp', object, ...states };
    if (after.state === 'partial') return { reason: 'TunnelPartial', object, ...states, cause };
    if (before !== undefined && carries(before))
      return { reason: 'TunnelDown', object, ...states, cause };
  }
  if (after.cause !== undefined && before?.cause?.code !== after.cause.code)
    return { reason: carries(after) ? 'TunnelAtRisk' : 'TunnelFailed', object, ...states, cause };
  return undefined;
}

function replacement(before: TunnelReport | undefined, after: TunnelReport): Happening | undefined {
  if (before?.ike === undefined || after.ike === undefined || !isReplaced(before, after))
    return undefined;
  return {
    reason: 'TunnelReplaced',
    object: objectOf(after),
    before: before.ike.uniqueId,
    after: after.ike.uniqueId,
  };
}

function carries({ state }: TunnelReport): boolean {
  return state === 'up' || state === 'partial';
}

/**
 * A rekeyed IKE SA takes its Child SAs over, and a rekeyed Child SA stays where it is (RFC 7296 §2.8): only
 * where more was rekeyed between two looks are all of them other ones.
 */
function isReplaced(before: TunnelReport, after: TunnelReport): boolean {
  const ids = new Set(before.children.map(({ uniqueId }) => uniqueId));
  const rekeys = after.history.rekeys - before.history.rekeys;
  return (
    carries(after) &&
    before.ike?.uniqueId !== after.ike?.uniqueId &&
    !after.children.some(({ uniqueId }) => ids.has(uniqueId)) &&
    rekeys <= before.children.length
  );
}

function objectOf({ namespace, connection, tunnel }: TunnelReport): EventObject {
  return { kind: 'Connection', namespace, name: connection, tunnel };
}

function causeOf({ cause }: TunnelReport): EventCause | undefined {
  return cause === undefined ? undefined : { code: cause.code, message: cause.message };
}

/** Of conditions, only what no other event tells: all others follow from plan, daemon and tunnels. */
function conditionEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const was = new Map((before?.objects ?? []).map((status) => [formatObjectRef(status), status]));
  return after.objects.flatMap((status) => {
    const { kind, namespace, name, conditions } = status;
    const known = was.get(formatObjectRef(status))?.conditions ?? [];
    return conditions.flatMap((condition) => {
      const last = known.find(({ type }) => type === condition.type);
      if (last?.reason === condition.reason || !(isTold(last) || isTold(condition))) return [];
      return {
        reason: 'ConditionChanged' as const,
        object: { kind, namespace, name },
        before: last && `${last.type} ${last.reason}`,
        after: `${condition.type} ${condition.reason}`,
        cause: { code: condition.reason, message: condition.message },
      };
    });
  });
}

const TOLD: ReadonlySet<string> = new Set(['Invalid', 'ReferenceMissing', 'OneWay']);

function isTold(condition: Condition | undefined): boolean {
  return condition !== undefined && TOLD.has(condition.reason);
}
