/** What the kernel is after a step, as the driver would observe it: just enough to follow plans. */
import { parsePrefix } from '../../../lib/prefix.ts';
import { USERSPACE_DEVICE } from '../../../plan/host-plan.ts';
import { diffKernel } from '../diff.ts';
import { ethernetAddress } from '../ethernet-address.ts';
import { expectedFirewall } from '../firewall.ts';
import { wantedAddresses } from '../interface-address.ts';
import { deviceOf, membersOf } from '../node-state.ts';
import type { KernelChange, KernelDesired, KernelStep, ObservedKernel } from '../state.ts';
import { SUBNETS } from './nodes.ts';

export const EMPTY_KERNEL: ObservedKernel = {
  interfaces: [],
  foreignInterfaces: new Set(['lo', 'eth0']),
  subnets: SUBNETS,
  networkNamespaces: new Set(['ike2', 'ike3']),
  routes: [],
  rules: [],
  neighbors: new Map(),
  nexthops: new Map(),
  hasResilientGroups: true,
  sysctls: new Map([
    ['net/ipv4/ip_forward', '0'],
    ['net/ipv6/conf/all/forwarding', '0'],
  ]),
};

/** What is there after one round towards `desired`. */
export function reached(
  desired: KernelDesired,
  from: ObservedKernel = EMPTY_KERNEL,
): ObservedKernel {
  return applyAll(from, diffKernel(from, desired), desired);
}

/** `desired` tells what the firewall script of the changes means. */
function applyAll(
  observed: ObservedKernel,
  changes: readonly KernelChange[],
  desired: KernelDesired,
): ObservedKernel {
  return changes.reduce((kernel, { step }) => applyStep(kernel, step, desired), observed);
}

function applyStep(
  kernel: ObservedKernel,
  step: KernelStep,
  desired: KernelDesired,
): ObservedKernel {
  switch (step.type) {
    case 'sysctl':
      return {
        ...kernel,
        sysctls: new Map([...kernel.sysctls, [step.sysctl.key, step.sysctl.value]]),
      };
    case 'interface-add': {
      const { name, mtuBytes, alias } = step.interface;
      const isSix = step.interface.kind === 'vti' && step.interface.family === 6;
      const kind = isSix ? 'vti6' : step.interface.kind;
      if (kernel.interfaces.some((link) => link.name === name)) throw new Error(`${name} exists`);
      const ends =
        step.interface.kind === 'vti'
          ? {
              localAddress: step.interface.localAddress,
              remoteAddress: step.interface.remoteAddress,
            }
          : step.interface.kind === 'vxlan'
            ? {
                port: step.interface.port,
                ethernetAddress: ethernetAddress(step.interface.localAddress),
              }
            : {};
      const id = step.interface.kind === 'vxlan' ? {} : { interfaceId: step.interface.interfaceId };
      const isUp = true;
      const place =
        step.interface.kind === 'xfrm' && step.interface.shard !== undefined
          ? { shards: [step.interface.shard] }
          : {};
      const link = {
        ...{ name, kind, mtuBytes, alias, ...id, isUp, ...place, ...ends },
        addresses: wantedAddresses(step.interface),
      };
      return { ...kernel, interfaces: [...kernel.interfaces, link] };
    }
    case 'interface-set':
      return {
        ...kernel,
        interfaces: kernel.interfaces.map((link) =>
          link.name === step.interface.name
            ? {
                ...link,
                mtuBytes: step.interface.mtuBytes,
                alias: step.interface.alias,
                isUp: true,
                addresses: wantedAddresses(step.interface),
              }
            : link,
        ),
      };
    case 'interface-delete': {
      const hops = [...kernel.nexthops].filter(([, text]) => deviceOf(text) === step.name);
      return {
        ...hops.reduce((left, [id]) => withoutNexthop(left, id), kernel),
        neighbors: new Map([...kernel.neighbors].filter(([key]) => deviceOf(key) !== step.name)),
        interfaces: kernel.interfaces.filter(({ name }) => name !== step.name),
        routes: kernel.routes.filter((route) => route.interface !== step.name),
        sysctls: new Map([...kernel.sysctls].filter(([key]) => !key.includes(`/${step.name}/`))),
      };
    }
    case 'device-set': {
      const { engineDevice } = kernel;
      if (engineDevice === undefined) throw new Error('Cannot find device ipsec0');
      return { ...kernel, engineDevice: { ...engineDevice, isUp: true, addresses: step.wanted } };
    }
    case 'neighbor-replace':
      return {
        ...kernel,
        neighbors: new Map(kernel.neighbors).set(step.key, step.ethernetAddress),
      };
    case 'neighbor-delete':
      return {
        ...kernel,
        neighbors: new Map([...kernel.neighbors].filter(([key]) => key !== step.key)),
      };
    case 'nexthop-replace':
      for (const member of membersOf(step.nexthop))
        if (!kernel.nexthops.has(member)) throw new Error(`Invalid nexthop id ${member}`);
      return { ...kernel, nexthops: new Map(kernel.nexthops).set(step.id, step.nexthop) };
    case 'nexthop-delete':
      return withoutNexthop(kernel, step.id);
    case 'firewall': {
      const { firewall: _, ...rest } = kernel;
      const firewall = expectedFirewall(desired, kernel.subnets);
      return firewall === undefined ? rest : { ...rest, firewall };
    }
    case 'route-replace': {
      const { prefix, table } = step.route;
      const name = step.route.interface;
      const isThere =
        kernel.interfaces.some((link) => link.name === name) ||
        (name === USERSPACE_DEVICE && kernel.engineDevice !== undefined);
      if (name !== undefined && !isThere) {
        throw new Error(`Cannot find device ${name}`);
      }
      const { nexthop } = step.route;
      if (nexthop !== undefined && !kernel.nexthops.has(nexthop))
        throw new Error(`Nexthop id ${nexthop} does not exist`);
      if (!parsePrefix(prefix).ok) throw new Error(`bad prefix ${prefix}`);
      const others = kernel.routes.filter(
        (route) => route.prefix !== prefix || route.table !== table || route.metric !== undefined,
      );
      return { ...kernel, routes: [...others, step.route] };
    }
    case 'route-delete':
      return { ...kernel, routes: kernel.routes.filter((route) => route !== step.route) };
    case 'rule-add':
      return { ...kernel, rules: [...kernel.rules, step.rule] };
    case 'rule-delete': {
      const index = kernel.rules.findIndex(
        (rule) => JSON.stringify(rule) === JSON.stringify(step.rule),
      );
      return { ...kernel, rules: kernel.rules.toSpliced(index, 1) };
    }
    case 'refuse':
      return kernel;
  }
}

/** Routes and groups that go by it go with it; the kernel leaves a group that has other members. */
function withoutNexthop(kernel: ObservedKernel, id: number): ObservedKernel {
  const nexthops = new Map(kernel.nexthops);
  nexthops.delete(id);
  const left = {
    ...kernel,
    nexthops,
    routes: kernel.routes.filter(({ nexthop }) => nexthop !== id),
  };
  const groups = [...nexthops].filter(([, text]) => membersOf(text).includes(id));
  return groups.reduce<ObservedKernel>((rest, [group]) => withoutNexthop(rest, group), left);
}
