/** Why an event was recorded: stable words, listed in `docs/reference/events.md`. */
export const EVENT_REASONS = {
  AgentStarted: 'An agent began to keep this host; until then nobody looked',
  PlanInEffect: 'A revision of the plan was read back from daemon and kernel as a whole',
  PlanDiffers:
    'The wanted revision is not, or not any more, what is there; the cause is the first difference',
  ProblemFound: 'The agent met a problem that concerns the whole host',
  ProblemGone: 'A problem of the host is over',
  EngineStarted: 'The IKE daemon runs and answers',
  EngineRestarted: 'The IKE daemon had ended, and another one answers: all SAs of before are gone',
  EngineLost: 'The IKE daemon does not run any more',
  EngineSilent:
    'The IKE daemon does not answer, or not as it should; it may still run, and the kernel goes on with its SAs',
  EngineAnswers: 'The IKE daemon answers again',
  Drained: 'Others are preferred to this host from now on, so that it can be stopped',
  Undrained: 'This host is drained no more',
  DrillBegan: 'A drill has taken tunnels out; after is which ones',
  DrillEnded: 'The tunnels of a drill are back in use; before is which ones',
  DriftFound:
    'Somebody else has changed what was in effect, and it stands so; the cause is the step that would put it right',
  DriftRepaired:
    'Somebody else had changed what was in effect; the cause is the step that put it right',
  TunnelUp: 'All networks of a tunnel are joined',
  TunnelPartial: 'Some networks of a tunnel are joined, others are not',
  TunnelDown: 'A tunnel that was up, or partly up, carries nothing any more',
  TunnelFailed:
    'A tunnel that is not up met another cause than before; the same cause again is no event',
  TunnelAtRisk: 'A tunnel that is up met a cause that will end it',
  TunnelReplaced: 'A tunnel is up with a new IKE SA and new Child SAs, which is no rekeying',
  CertificateChanged:
    'A tunnel is up, or comes up, with another certificate of ours; before and after are serial numbers',
  TunnelRemoved: 'A tunnel is not in the plan any more',
  BgpUp: 'A BGP session is established, with a planned neighbour or with one that has called',
  BgpDown:
    'A BGP session that was established is not; the cause is what ended it, where it is known',
  AddressTaken: 'This host holds virtual addresses now; the cause is how fit it is',
  AddressLeft:
    'This host holds virtual addresses no more; the cause is who does, or why it stands aside',
  ConditionChanged:
    'A condition of a declared object became `Invalid`, `ReferenceMissing` or `OneWay`, or ceased to be; other conditions follow from the events above',
} as const;

export type EventReason = keyof typeof EVENT_REASONS;

export function eventReference(): string {
  const rows = Object.entries(EVENT_REASONS).map(
    ([reason, meaning]) => `| \`${reason}\` | ${meaning} |`,
  );
  return `# Events

Changes of state that the agent has seen, as \`sallyport events\` prints them. A reason never changes its meaning.

This page is generated from \`packages/sallyport/src/status/events/event-reasons.ts\`.

| reason | meaning |
|---|---|
${rows.join('\n')}

A rekeying is no event: a thousand tunnels rekey a thousand times an hour, and would push out what matters. It is counted
in the history of its tunnel, which \`sallyport status\` shows.

## Fields

With \`-o json\` and \`-o yaml\`. Fields without a value are absent.

| field | meaning |
|---|---|
| \`sequence\` | whole number, higher than that of every event before; a gap is a damaged line |
| \`at\` | RFC 3339, by the clock of the host |
| \`host\` | where it was seen |
| \`reason\` | one of the above |
| \`object\` | \`kind\`, \`name\`, and for what is declared \`namespace\`; \`tunnel\` where it concerns one, \`shard\` where it is a daemon in a network namespace, \`neighbor\` where it is a BGP session |
| \`before\`, \`after\` | state, revision, version or id, whatever the reason is about |
| \`cause\` | \`message\` and \`code\`: of [causes](causes.md), [problems](problems.md) or [conditions](conditions.md); \`host/differs\` and \`host/drifted\` for a step that is, or was, to be done |

\`-o json\` prints one list; with \`--follow\` one value a line, as it comes. \`-o yaml\` with \`--follow\` prints one document each.

## The history of a tunnel

\`sallyport status\` sums up each tunnel in a line; with \`-o json\` it is the field \`history\`. Traffic is that of all SAs, each of them
followed by its unique id and SPIs: charon is asked every ten seconds and after each event, tells in its events what a rekeyed or
deleted SA had counted, and the kernel tells its last count of an SA that it deletes. What is not known: what passed between the last look and the death
of a killed daemon (10 s at most, as long as the agent looks), and SAs that came and went while no agent ran. Time without an agent counts as up where an SA
of before is still there. It is kept in \`agent/history.json\`, and begins anew when the tunnel is removed from the plan.

## The journal

The agent keeps events as lines of JSON in \`agent/events\` below its state directory (mode 0600), in two segments of 4 MiB each; a
third one removes the oldest. That is about 30,000 events. A line that was torn by a power cut, or is damaged, is left out. Where
the disk is full, the last 1,000 events wait in memory and the status says \`agent/events-not-kept\`.
`;
}
