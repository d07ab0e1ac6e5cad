/** What happened to the host itself: its agent, its daemon, its plan, and problems of the whole. */
import { formatObjectRef, isBlocking } from '../../lib/problem.ts';
import type { EngineReport, HostProblem, HostReport } from '../host-report.ts';
import { daemonOf, type Scoped } from '../scope.ts';
import type { EventCause, EventObject, Happening } from './event.ts';

export function hostEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const object = { kind: 'Host', name: after.host };
  const events: Happening[] = [];
  if (!isSameAgent(before, after))
    events.push({ reason: 'AgentStarted', object, after: after.agent.version });
  events.push(...engineEvents(before, after));
  events.push(...problemEvents(before, after));
  events.push(...planEvents(before, after).map((event) => ({ ...event, object })));
  return events;
}

/** The host, or one of its daemons that is in a network namespace. */
export function hostObject(
  name: string,
  { shard }: { readonly shard?: Scoped['shard'] | undefined },
): EventObject {
  return { kind: 'Host', name, ...(typeof shard === 'string' ? { shard } : {}) };
}

type OfHost = Omit<Happening, 'object'>;

/** Of every daemon; one that is gone with its shard was ended, which the plan tells. */
function engineEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const look = { after, isSameAgent: isSameAgent(before, after) };
  return after.engines.flatMap((is) => {
    const was = before?.engines.find(({ shard }) => shard === is.shard);
    const object = hostObject(after.host, is);
    return engineEvent(was, is, look).map((event) => ({ ...event, object }));
  });
}

function engineEvent(
  was: EngineReport | undefined,
  is: EngineReport,
  { after, isSameAgent: isSame }: { readonly after: HostReport; readonly isSameAgent: boolean },
): OfHost[] {
  const lost = { before: was?.version, cause: engineFault(after, is) };
  switch (is.state) {
    case 'stopped':
      return was === undefined || was.state === 'stopped'
        ? []
        : [{ reason: 'EngineLost', ...lost }];
    case 'silent':
      return was?.state === 'silent' ? [] : [{ reason: 'EngineSilent', ...lost }];
    case 'running': {
      if (was === undefined || was.state === 'stopped')
        return [{ reason: 'EngineStarted', after: is.version }];
      // Lives are counted by each agent anew.
      if (isSame && was.life !== is.life)
        return [{ reason: 'EngineRestarted', before: was.version, after: is.version }];
      return was.state === 'silent' ? [{ reason: 'EngineAnswers', after: is.version }] : [];
    }
  }
}

function engineFault({ problems }: HostReport, engine: EngineReport): EventCause | undefined {
  const fault = problems.find(
    ({ code, shard }) => shard === daemonOf(engine) && /^(engine|strongswan)\//.test(code),
  );
  return fault === undefined ? undefined : { code: fault.code, message: fault.message };
}

function problemEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const was = byPlace(before?.problems ?? []);
  const is = byPlace(after.problems);
  const found = [...is].filter(([place]) => !was.has(place));
  const gone = [...was].filter(([place]) => !is.has(place));
  return [
    ...found.map(([, problem]) => problemEvent('ProblemFound', after.host, problem)),
    ...gone.map(([, problem]) => problemEvent('ProblemGone', after.host, problem)),
  ];
}

function problemEvent(
  reason: 'ProblemFound' | 'ProblemGone',
  host: string,
  { code, message, shard, object }: HostProblem,
): Happening {
  return { reason, object: object ?? hostObject(host, { shard }), cause: { code, message } };
}

/** Two daemons, or two objects, may have the same; words may change while the problem stays. */
function byPlace(problems: readonly HostProblem[]): Map<string, HostProblem> {
  return new Map(
    problems.map((problem) => {
      const { code, shard, object, path } = problem;
      const subject = object === undefined ? undefined : formatObjectRef(object);
      return [JSON.stringify([code, shard === undefined ? '*' : [shard], subject, path]), problem];
    }),
  );
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

/** What happened between two agents, nobody saw. */
export function isSameAgent(before: HostReport | undefined, after: HostReport): boolean {
  return before?.agent.startedAt === after.agent.startedAt;
}
