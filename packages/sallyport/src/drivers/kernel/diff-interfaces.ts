/** Tunnel interfaces: changed in place where the kernel can, else made anew. */
import { parseAddress } from '../../lib/prefix.ts';
import type { InterfacePlan } from '../../plan/host-plan.ts';
import { toChange } from './change.ts';
import type { KernelChange, KernelDesired, ObservedInterface, ObservedKernel } from './state.ts';

export interface InterfaceChanges {
  readonly add: readonly KernelChange[];
  readonly remove: readonly KernelChange[];
  /** Names whose link is gone or new after `add`: nothing that was set on the old one holds. */
  readonly renewed: ReadonlySet<string>;
}

/** Wanted interfaces whose name somebody else's interface has: nothing may lead there. */
export function takenNames(observed: ObservedKernel, desired: KernelDesired): ReadonlySet<string> {
  const names = desired.interfaces.map(({ name }) => name);
  return new Set(names.filter((name) => observed.foreignInterfaces.has(name)));
}

export function diffInterfaces(observed: ObservedKernel, desired: KernelDesired): InterfaceChanges {
  const surplus = new Map(observed.interfaces.map((link) => [link.name, link]));
  const add: KernelChange[] = [];
  const renewed = new Set<string>();
  for (const wanted of desired.interfaces) {
    const before = surplus.get(wanted.name);
    surplus.delete(wanted.name);
    if (observed.foreignInterfaces.has(wanted.name)) {
      add.push(refusal(wanted));
    } else if (before === undefined) {
      renewed.add(wanted.name);
      add.push(addition(wanted));
    } else if (!isSameLink(before, wanted)) {
      // Kind, id and addresses of a link are fixed when it is made.
      renewed.add(wanted.name);
      add.push(removal(before, 'of another shape'), addition(wanted));
    } else {
      add.push(...settings(before, wanted));
    }
  }
  return { add, remove: [...surplus.values()].map((link) => removal(link)), renewed };
}

function addition(wanted: InterfacePlan): KernelChange {
  return toChange(
    { type: 'interface-add', interface: wanted },
    { action: 'add', subject: formatInterface(wanted) },
  );
}

function removal({ name, alias }: ObservedInterface, detail?: string): KernelChange {
  const subject = alias === '' ? `interface ${name}` : `interface ${name} of ${alias}`;
  return toChange(
    { type: 'interface-delete', name },
    { action: 'remove', subject, impact: 'cut', detail },
  );
}

function refusal(wanted: InterfacePlan): KernelChange {
  const reason = `an interface ${wanted.name} that is not Sallyport's is in the way`;
  return toChange(
    { type: 'refuse', name: wanted.name, reason },
    { action: 'add', subject: formatInterface(wanted), detail: reason },
  );
}

function settings(before: ObservedInterface, wanted: InterfacePlan): KernelChange[] {
  const differences = [
    ...(before.mtuBytes === wanted.mtuBytes ? [] : [`mtu was ${before.mtuBytes}`]),
    ...(before.isUp ? [] : ['was down']),
    ...(before.alias === wanted.alias ? [] : [`alias was "${before.alias}"`]),
  ];
  if (differences.length === 0) return [];
  return [
    toChange(
      { type: 'interface-set', interface: wanted },
      { action: 'replace', subject: formatInterface(wanted), detail: differences.join(', ') },
    ),
  ];
}

function formatInterface({ name, kind, interfaceId, mtuBytes }: InterfacePlan): string {
  return `interface ${name} type ${kind} id ${interfaceId} mtu ${mtuBytes}`;
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
