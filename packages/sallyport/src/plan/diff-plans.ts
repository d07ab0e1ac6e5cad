/** What differs between two plans of a host, in the words in which a plan is read. */
import { factsOf, sectionsOf, titleOf } from './describe.ts';
import type { HostPlan, TunnelPlan } from './host-plan.ts';
import { contentOf } from './revocation-lists.ts';
import type { SecretUse } from './secret-reference.ts';

export interface PlanChange {
  readonly action: 'add' | 'replace' | 'remove';
  /** `default/partner-a tunnel main`, or what a section of the plan lists. */
  readonly subject: string;
  /** Absent for what comes or goes. */
  readonly before?: string;
  readonly after?: string;
}

/** Tunnels first, then the rest of the plan; what goes comes last of each. Absent: a host without a plan. */
export function diffPlans(before: HostPlan | undefined, after: HostPlan | undefined): PlanChange[] {
  const old = new Map(before?.tunnels.map((tunnel) => [tunnel.name, tunnel]));
  const wanted = new Set(after?.tunnels.map(({ name }) => name));
  const [oldLines, lines] = [linesOf(before), linesOf(after)];
  return [
    ...(after?.tunnels ?? []).flatMap((tunnel) => diffTunnel(old.get(tunnel.name), tunnel)),
    ...(before?.tunnels ?? [])
      .filter(({ name }) => !wanted.has(name))
      .map((tunnel): PlanChange => ({ action: 'remove', subject: titleOf(tunnel) })),
    ...[...lines].filter((line) => !oldLines.has(line)).map(added),
    ...[...oldLines].filter((line) => !lines.has(line)).map(removed),
  ];
}

/** `replace default/partner-a tunnel main: IKE: ... -> ...`. */
export function formatPlanChange({ action, subject, before, after }: PlanChange): string {
  const values = before === undefined || after === undefined ? '' : `: ${before} -> ${after}`;
  return `${action} ${subject}${values}`;
}

function diffTunnel(before: TunnelPlan | undefined, after: TunnelPlan): PlanChange[] {
  if (before === undefined) return [{ action: 'add', subject: titleOf(after) }];
  const title = titleOf(after);
  const old = new Map(factsOf(before).map(({ label, text }) => [label, text]));
  const fresh = new Map(factsOf(after).map(({ label, text }) => [label, text]));
  const changes = [...new Set([...old.keys(), ...fresh.keys()])].flatMap((label): PlanChange[] => {
    const [was, is] = [old.get(label), fresh.get(label)];
    if (was === is) return [];
    return [
      {
        action: 'replace',
        subject: `${title}, ${label}`,
        before: was ?? 'none',
        after: is ?? 'none',
      },
    ];
  });
  const renewed = secretsOf(after).filter((use) =>
    secretsOf(before).some(
      (old) =>
        old.namespace === use.namespace &&
        old.name === use.name &&
        contentOf(old) !== contentOf(use),
    ),
  );
  return [
    ...changes,
    ...renewed.map(
      ({ namespace, name }): PlanChange => ({
        action: 'replace',
        subject: `${title}, content of Secret ${namespace}/${name}`,
      }),
    ),
  ];
}

function secretsOf({ auth }: TunnelPlan): readonly SecretUse[] {
  return auth.method === 'psk' ? [auth.secret] : [auth.secret, auth.peerAuthority];
}

/** `routes: 10.2.0.0/24 dev sp1f2e3d4c table 8300`. */
function linesOf(plan: HostPlan | undefined): Set<string> {
  const sections = plan === undefined ? [] : sectionsOf(plan);
  return new Set(
    sections.flatMap(({ title, lines }) => lines.map((line) => `${wordOf(title)}: ${line}`)),
  );
}

/** A title without its explanation. */
function wordOf(title: string): string {
  return title.split(':')[0] ?? title;
}

function added(subject: string): PlanChange {
  return { action: 'add', subject };
}

function removed(subject: string): PlanChange {
  return { action: 'remove', subject };
}
