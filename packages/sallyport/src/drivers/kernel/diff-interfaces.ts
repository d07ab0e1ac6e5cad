/** Tunnel interfaces: changed in place where the kernel can, else made anew. */
import { parseAddress } from '../../lib/prefix.ts';
import { type InterfacePlan, USERSPACE_DEVICE } from '../../plan/host-plan.ts';
import { toChange } from './change.ts';
import { ethernetAddress } from './ethernet-address.ts';
import { surplusAddresses, wantedAddresses } from './interface-address.ts';
import type { KernelChange, KernelDesired, ObservedInterface, ObservedKernel } from './state.ts';

export interface InterfaceChanges {
  readonly add: readonly KernelChange[];
  readonly remove: readonly KernelChange[];
  /** Names whose link is gone or new after `add`: nothing that was set on the old one holds. */
  readonly renewed: ReadonlySet<string>;
}

/** Why wanted interfaces cannot be made, by name: nothing may lead there. */
export function obstaclesOf(
  observed: ObservedKernel,
  desired: KernelDesired,
): ReadonlyMap<string, string> {
  const present = new Set(observed.interfaces.map(({ name }) => name));
  const obstacles = new Map<string, string>();
  for (const wanted of desired.interfaces) {
    const { name } = wanted;
    if (observed.foreignInterfaces.has(name))
      obstacles.set(name, `an interface ${name} that is not Sallyport's is in the way`);
    else if (isHomeless(observed, wanted) && !present.has(name))
      obstacles.set(name, `network namespace ${shardOf(wanted) ?? ''} is not there`);
  }
  return obstacles;
}

/** Its namespace has lost its name, or has never been there. */
function isHomeless({ networkNamespaces }: ObservedKernel, wanted: InterfacePlan): boolean {
  const shard = shardOf(wanted);
  return shard !== undefined && !networkNamespaces.has(shard);
}

function shardOf(wanted: InterfacePlan): string | undefined {
  return wanted.kind === 'xfrm' ? wanted.shard : undefined;
}

export function diffInterfaces(observed: ObservedKernel, desired: KernelDesired): InterfaceChanges {
  const surplus = new Map(observed.interfaces.map((link) => [link.name, link]));
  const obstacles = obstaclesOf(observed, desired);
  const add: KernelChange[] = [];
  const renewed = new Set<string>();
  for (const wanted of desired.interfaces) {
    const before = surplus.get(wanted.name);
    surplus.delete(wanted.name);
    const obstacle = obstacles.get(wanted.name);
    if (obstacle !== undefined) {
      add.push(refusal(wanted, obstacle));
    } else if (before === undefined) {
      renewed.add(wanted.name);
      add.push(addition(wanted));
    } else if (!isSameLink(before, wanted) && !isHomeless(observed, wanted)) {
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

function refusal(wanted: InterfacePlan, reason: string): KernelChange {
  return toChange(
    { type: 'refuse', name: wanted.name, reason },
    { action: 'add', subject: formatInterface(wanted), detail: reason },
  );
}

function settings(before: ObservedInterface, wanted: InterfacePlan): KernelChange[] {
  const addresses = wantedAddresses(wanted);
  const surplus = surplusAddresses(before.addresses, addresses);
  const differences = [
    ...(before.mtuBytes === wanted.mtuBytes ? [] : [`mtu was ${before.mtuBytes}`]),
    ...(before.isUp ? [] : ['was down']),
    ...(before.alias === wanted.alias ? [] : [`alias was "${before.alias}"`]),
    ...addressDifferences(before.addresses, addresses),
  ];
  if (differences.length === 0) return [];
  return [
    toChange(
      { type: 'interface-set', interface: wanted, surplus },
      { action: 'replace', subject: formatInterface(wanted), detail: differences.join(', ') },
    ),
  ];
}

function addressDifferences(present: readonly string[], wanted: readonly string[]): string[] {
  return [
    ...wanted
      .filter((address) => !present.includes(address))
      .map((address) => `${address} was missing`),
    ...surplusAddresses(present, wanted).map((address) => `had ${address}`),
  ];
}

/** Where there is no such device, charon has not made it yet: nothing is to be done about that here. */
export function diffEngineDevice(
  { engineDevice }: ObservedKernel,
  { engine }: KernelDesired,
): KernelChange[] {
  if (!engine.userspace || engineDevice === undefined) return [];
  const present = engineDevice.addresses;
  const wanted = wantedAddresses(engine);
  const differences = [
    ...(engineDevice.isUp ? [] : ['was down']),
    ...addressDifferences(present, wanted),
  ];
  if (differences.length === 0) return [];
  return [
    toChange(
      { type: 'device-set', wanted, surplus: surplusAddresses(present, wanted) },
      {
        action: 'replace',
        subject: ['interface', USERSPACE_DEVICE, ...wanted.map((text) => `address ${text}`)].join(
          ' ',
        ),
        detail: differences.join(', '),
      },
    ),
  ];
}

function formatInterface(wanted: InterfacePlan): string {
  const { name, kind, mtuBytes } = wanted;
  const id = wanted.kind === 'vxlan' ? `port ${wanted.port}` : `id ${wanted.interfaceId}`;
  const shard = shardOf(wanted);
  const place = shard === undefined ? '' : ` of shard ${shard}`;
  const addresses = wantedAddresses(wanted).map((address) => ` address ${address}`);
  return `interface ${name} type ${kind} ${id} mtu ${mtuBytes}${place}${addresses.join('')}`;
}

function isSameLink(before: ObservedInterface, wanted: InterfacePlan): boolean {
  if (wanted.kind === 'vxlan')
    return (
      before.kind === 'vxlan' &&
      before.port === wanted.port &&
      before.ethernetAddress === ethernetAddress(wanted.localAddress)
    );
  const kind = wanted.kind === 'xfrm' ? 'xfrm' : wanted.family === 4 ? 'vti' : 'vti6';
  if (before.kind !== kind || before.interfaceId !== wanted.interfaceId) return false;
  // A namespace may have several names.
  const shard = shardOf(wanted);
  if (shard === undefined ? before.shards !== undefined : !before.shards?.includes(shard))
    return false;
  return (
    wanted.kind === 'xfrm' ||
    (isSameAddress(before.localAddress, wanted.localAddress) &&
      isSameAddress(before.remoteAddress, wanted.remoteAddress))
  );
}

function isSameAddress(a: string | undefined, b: string): boolean {
  return a !== undefined && parseAddress(a)?.value === parseAddress(b)?.value;
}
