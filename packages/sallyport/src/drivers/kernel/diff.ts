/**
 * From what is there to what is wanted. Order: what lets packets through last, what stops them first:
 * sysctls, interfaces, firewall, routes, rules; then the removals the other way round.
 */
import { parseAddress } from '../../lib/prefix.ts';
import { formatRoute } from '../../plan/describe.ts';
import type { InterfacePlan, RoutePlan, RulePlan } from '../../plan/host-plan.ts';
import type { Impact } from '../driver.ts';
import { expectedFirewall, renderFirewall } from './firewall.ts';
import { formatRule } from './render.ts';
import type {
  KernelChange,
  KernelDesired,
  KernelStep,
  ObservedInterface,
  ObservedKernel,
} from './state.ts';

export function diffKernel(observed: ObservedKernel, desired: KernelDesired): KernelChange[] {
  const interfaces = diffInterfaces(observed, desired);
  const routes = diffRoutes(observed.routes, desired.routes);
  const rules = diffRules(observed.rules, desired.rules);
  const sysctls = diffSysctls(observed, desired);
  const isOfInterface = (change: KernelChange): boolean =>
    change.step.type === 'sysctl' && change.step.sysctl.key.startsWith('net/ipv4/conf/');
  const firewall = diffFirewall(observed, desired);
  return [
    ...sysctls.filter((change) => !isOfInterface(change)),
    ...interfaces.add,
    ...sysctls.filter(isOfInterface),
    ...(expectedFirewall(desired) === undefined ? [] : firewall),
    ...routes.add,
    ...rules.add,
    ...rules.remove,
    ...routes.remove,
    ...interfaces.remove,
    ...(expectedFirewall(desired) === undefined ? firewall : []),
  ];
}

function change(
  action: KernelChange['action'],
  subject: string,
  impact: Impact,
  step: KernelStep,
  detail?: string,
): KernelChange {
  return {
    driver: 'kernel',
    action,
    subject,
    impact,
    step,
    ...(detail === undefined ? {} : { detail }),
  };
}

function diffSysctls(observed: ObservedKernel, desired: KernelDesired): KernelChange[] {
  const created = new Set(
    desired.interfaces
      .filter((wanted) => !observed.interfaces.some((present) => isSameLink(present, wanted)))
      .map(({ name }) => name),
  );
  return desired.sysctls.flatMap((sysctl) => {
    const before = observed.sysctls.get(sysctl.key);
    const owner = sysctl.key.split('/')[3];
    // A new interface starts with the defaults, whatever an old one of that name had.
    if (before === sysctl.value && !(owner !== undefined && created.has(owner))) return [];
    return change(
      'replace',
      `sysctl ${sysctl.key.replaceAll('/', '.')} = ${sysctl.value}`,
      'nothing',
      { type: 'sysctl', sysctl },
      before === undefined ? undefined : `was ${before}`,
    );
  });
}

function diffInterfaces(
  observed: ObservedKernel,
  desired: KernelDesired,
): { add: KernelChange[]; remove: KernelChange[] } {
  const present = new Map(observed.interfaces.map((link) => [link.name, link]));
  const add: KernelChange[] = [];
  const remove: KernelChange[] = [];
  for (const wanted of desired.interfaces) {
    const before = present.get(wanted.name);
    present.delete(wanted.name);
    const subject = formatInterface(wanted);
    if (before === undefined) {
      add.push(change('add', subject, 'nothing', { type: 'interface-add', interface: wanted }));
    } else if (!isSameLink(before, wanted)) {
      // Kind, id and addresses of a link are fixed when it is made.
      add.push(
        change(
          'remove',
          `interface ${wanted.name}`,
          'cut',
          { type: 'interface-delete', name: wanted.name },
          'of another shape',
        ),
        change('add', subject, 'nothing', { type: 'interface-add', interface: wanted }),
      );
    } else {
      const differences = differencesOf(before, wanted);
      if (differences.length > 0) {
        add.push(
          change(
            'replace',
            subject,
            'nothing',
            { type: 'interface-set', interface: wanted },
            differences.join(', '),
          ),
        );
      }
    }
  }
  for (const { name, alias } of present.values()) {
    remove.push(
      change('remove', `interface ${name} of ${alias}`, 'cut', { type: 'interface-delete', name }),
    );
  }
  return { add, remove };
}

function formatInterface(wanted: InterfacePlan): string {
  return `interface ${wanted.name} type ${wanted.kind} id ${wanted.interfaceId} mtu ${wanted.mtuBytes}`;
}

function isSameLink(before: ObservedInterface, wanted: InterfacePlan): boolean {
  const kind = wanted.kind === 'xfrm' ? 'xfrm' : wanted.family === 4 ? 'vti' : 'vti6';
  if (before.kind !== kind || before.interfaceId !== wanted.interfaceId) return false;
  return (
    wanted.kind === 'xfrm' ||
    (isSameAddress(before.localAddress, wanted.localAddress) &&
      isSameAddress(before.remoteAddress, wanted.remoteAddress))
  );
}

function isSameAddress(a: string | undefined, b: string): boolean {
  return a !== undefined && parseAddress(a)?.value === parseAddress(b)?.value;
}

function differencesOf(before: ObservedInterface, wanted: InterfacePlan): string[] {
  return [
    ...(before.mtuBytes === wanted.mtuBytes ? [] : [`mtu was ${before.mtuBytes}`]),
    ...(before.isUp ? [] : ['was down']),
    ...(before.alias === wanted.alias ? [] : [`alias was ${before.alias}`]),
  ];
}

function diffFirewall(observed: ObservedKernel, desired: KernelDesired): KernelChange[] {
  const expected = expectedFirewall(desired);
  if (observed.firewall === expected) return [];
  const action =
    expected === undefined ? 'remove' : observed.firewall === undefined ? 'add' : 'replace';
  return [
    change(action, 'nftables table inet sallyport', 'nothing', {
      type: 'firewall',
      script: renderFirewall(desired),
    }),
  ];
}

function diffRoutes(
  observed: readonly RoutePlan[],
  desired: readonly RoutePlan[],
): { add: KernelChange[]; remove: KernelChange[] } {
  const key = (route: RoutePlan): string => `${route.table} ${route.prefix}`;
  const wanted = new Map(desired.map((route) => [key(route), route]));
  const present = new Map(observed.map((route) => [key(route), route]));
  return {
    add: desired.flatMap((route) => {
      const before = present.get(key(route));
      if (before !== undefined && formatRoute(before) === formatRoute(route)) return [];
      return change(
        before === undefined ? 'add' : 'replace',
        `route ${formatRoute(route)}`,
        'nothing',
        { type: 'route-replace', route },
        before === undefined ? undefined : `was ${formatRoute(before)}`,
      );
    }),
    remove: observed
      .filter((route) => !wanted.has(key(route)))
      .map((route) =>
        change(
          'remove',
          `route ${formatRoute(route)}`,
          route.type === 'unicast' ? 'cut' : 'nothing',
          {
            type: 'route-delete',
            route,
          },
        ),
      ),
  };
}

function diffRules(
  observed: readonly RulePlan[],
  desired: readonly RulePlan[],
): { add: KernelChange[]; remove: KernelChange[] } {
  const key = (rule: RulePlan): string => `${rule.family} ${formatRule(rule)}`;
  const subject = (rule: RulePlan): string => `rule IPv${rule.family} ${formatRule(rule)}`;
  // The kernel takes the same rule twice: surplus copies go.
  const surplus = [...observed];
  const add = desired.flatMap((rule) => {
    const index = surplus.findIndex((candidate) => key(candidate) === key(rule));
    if (index < 0) return change('add', subject(rule), 'nothing', { type: 'rule-add', rule });
    surplus.splice(index, 1);
    return [];
  });
  return {
    add,
    remove: surplus.map((rule) =>
      change('remove', subject(rule), 'nothing', { type: 'rule-delete', rule }),
    ),
  };
}
