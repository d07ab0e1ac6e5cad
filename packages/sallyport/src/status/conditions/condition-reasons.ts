/** Reasons of conditions: stable words, listed in `docs/reference/conditions.md`, which is generated from here. */

/** `Unknown`: nothing can be told, or nothing is wanted now. */
export type ConditionStatus = 'True' | 'False' | 'Unknown';

type Unread = 'NotReported' | 'NotUsed' | 'StateUnknown';

/** By type of the condition. */
export interface Reasons {
  readonly Accepted: 'Accepted' | 'Invalid' | 'ReferenceMissing';
  readonly Programmed:
    | 'Programmed'
    | 'Pending'
    | 'Differs'
    | 'Drifted'
    | 'EngineNotRunning'
    | Unread;
  readonly Established:
    | 'Established'
    | 'PartlyUp'
    | 'Connecting'
    | 'Down'
    | 'Waiting'
    | 'Trapped'
    | 'Standby'
    | 'Disabled'
    | Unread;
  readonly Healthy:
    | 'BothWays'
    | 'OneWay'
    | 'BgpDown'
    | 'NotEstablished'
    | 'NoTraffic'
    | 'Drained'
    | Unread;
  readonly CertificateValid: 'Valid' | 'CertificateExpiring' | 'CertificateExpired' | 'NotReadBack';
  readonly Drifted: 'NotRepaired' | 'Repaired';
}

export type ConditionType = keyof Reasons;

export interface ReasonMeaning {
  readonly status: ConditionStatus;
  readonly meaning: string;
}

const UNREAD: Readonly<Record<Unread, ReasonMeaning>> = {
  NotReported: { status: 'Unknown', meaning: 'A host that runs it has not reported yet' },
  NotUsed: { status: 'Unknown', meaning: 'No tunnel of any host needs it' },
  StateUnknown: { status: 'Unknown', meaning: 'Daemon or kernel could not be read' },
};

export const CONDITION_REASONS: {
  readonly [T in ConditionType]: Readonly<Record<Reasons[T], ReasonMeaning>>;
} = {
  Accepted: {
    Accepted: { status: 'True', meaning: 'It is valid, and everything that it names is there' },
    Invalid: { status: 'False', meaning: 'It is wrong, alone or together with others' },
    ReferenceMissing: { status: 'False', meaning: 'It names something that is not there yet' },
  },
  Programmed: {
    Programmed: {
      status: 'True',
      meaning: 'Every host that runs it runs this generation, read back from daemon and kernel',
    },
    Pending: { status: 'False', meaning: 'A host still runs another generation' },
    Differs: {
      status: 'False',
      meaning: 'Something in daemon or kernel is not as this generation wants it',
    },
    Drifted: {
      status: 'False',
      meaning: 'It was in effect, and somebody else has changed something in daemon or kernel',
    },
    EngineNotRunning: {
      status: 'False',
      meaning: 'The IKE daemon does not run',
    },
    ...UNREAD,
  },
  Established: {
    Established: { status: 'True', meaning: 'All SAs that are wanted are up' },
    PartlyUp: { status: 'False', meaning: 'Some of the SAs that are wanted are up' },
    Connecting: { status: 'False', meaning: 'SAs are being negotiated' },
    Down: { status: 'False', meaning: 'No SA is up; the message says why' },
    Waiting: { status: 'Unknown', meaning: 'The other side begins, and has not yet' },
    Trapped: { status: 'Unknown', meaning: 'It comes up with the first packet' },
    Standby: {
      status: 'Unknown',
      meaning: 'Another host of the gateway holds its virtual address, and has it',
    },
    Disabled: { status: 'Unknown', meaning: 'It is declared to be down' },
    ...UNREAD,
  },
  Healthy: {
    BothWays: { status: 'True', meaning: 'Packets have come in and gone out lately' },
    OneWay: {
      status: 'False',
      meaning: 'Packets go one way for a minute or longer, and none comes the other way',
    },
    BgpDown: {
      status: 'False',
      meaning: 'The SAs are up, and a BGP session inside is not: the other side tells no networks',
    },
    NotEstablished: { status: 'False', meaning: 'SAs that are wanted are not up' },
    NoTraffic: { status: 'Unknown', meaning: 'No packets lately, or too few to tell' },
    Drained: {
      status: 'Unknown',
      meaning: 'Every host that runs it is drained: its packets are to go by others',
    },
    ...UNREAD,
  },
  CertificateValid: {
    Valid: { status: 'True', meaning: 'None expires within 30 days' },
    CertificateExpiring: { status: 'True', meaning: 'One expires within 30 days' },
    CertificateExpired: { status: 'False', meaning: 'One has expired' },
    NotReadBack: {
      status: 'Unknown',
      meaning: 'The daemon does not hold it, or the other side has not shown one yet',
    },
  },
  Drifted: {
    NotRepaired: {
      status: 'True',
      meaning: 'Somebody else has changed daemon or kernel, and it stands as they left it',
    },
    Repaired: {
      status: 'False',
      meaning: 'Somebody else has changed daemon or kernel, and it was put right',
    },
  },
};

const MEANINGS: Readonly<Record<ConditionType, string>> = {
  Accepted: 'The declaration is valid. Says nothing of what is in effect.',
  Programmed: 'It is in effect: proven by reading back daemon and kernel of every host.',
  Established: 'Its tunnels have their SAs. Not of a CryptoPolicy or a Secret.',
  Healthy: 'Its tunnels carry packets both ways. Only of a Connection.',
  CertificateValid: `Of a Secret with certificates: those in it. Of a Connection with certificates: that of the other side, as the
daemon knows it. The message names the certificate by subject, serial, issuer and end.`,
  Drifted: `Somebody else has changed daemon or kernel where a plan was in effect. Of a Host, and of each Connection whose
tunnel it concerns; absent where it never happened. The message names the changes that put it right.

With \`driftPolicy: repair\`, the default, it is put right at once. With \`driftPolicy: report\` of the Host, daemon and kernel
are left as they are found, the leak guard included: packets may then leave in clear. It is put right by the next change of the
declarations, \`driftPolicy: repair\` being one; to apply the same declarations again changes nothing. SAs are kept up either way,
as far as their connection is loaded. What is missing after a boot, another release of Sallyport, or a restart of the daemon
is no drift, and is always brought back. Where Hosts of several namespaces are one machine, all of them must say \`report\`.`,
};

export function conditionReference(): string {
  const sections = Object.entries(CONDITION_REASONS).flatMap(([type, reasons]) => [
    `## ${type}`,
    '',
    MEANINGS[type as ConditionType],
    '',
    '| reason | status | meaning |',
    '|---|---|---|',
    ...Object.entries(reasons).map(
      ([reason, { status, meaning }]) => `| \`${reason}\` | ${status} | ${meaning} |`,
    ),
    '',
  ]);
  return [
    '# Conditions',
    '',
    'What is in effect of a declared object, in the form of Kubernetes’ `metav1.Condition`. `sallyport describe`',
    'and `sallyport get` show them; `-o json` has them as `status.conditions`. `observedGeneration` is the generation',
    'that a condition speaks of, `lastTransitionTime` when its status became what it is.',
    '',
    'This page is generated from `packages/sallyport/src/status/conditions/condition-reasons.ts`.',
    '',
    ...sections,
  ].join('\n');
}
