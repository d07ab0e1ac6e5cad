/** What the kernel is after a step, as the driver would observe it: just enough to follow plans. */
import { parsePrefix } from '../../../lib/prefix.ts';
import { diffKernel } from '../diff.ts';
import { expectedFirewall } from '../firewall.ts';
import { wantedAddresses } from '../interface-address.ts';
import type { KernelChange, KernelDesired, KernelStep, ObservedKernel } from '../state.ts';

export const EMPTY_KERNEL: ObservedKernel = {
  interfaces: [],
  foreignInterfaces: new Set(['lo', 'eth0']),
  subnets: [{ prefix: '10.1.0.0/24', interface: 'eth0' }],
  networkNamespaces: new Set(['ike2', 'ike3']),
  routes: [],
  rules: [],
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
      const { name, mtuBytes, alias, interfaceId } = step.interface;
      const isSix = step.interface.kind === 'vti' && step.interface.family === 6;
      const kind = isSix ? 'vti6' : step.interface.kind;
      if (kernel.interfaces.some((link) => link.name === name)) throw new Error(`${name} exists`);
      const ends =
        step.interface.kind === 'vti'
          ? {
              localAddress: step.interface.localAddress,
              remoteAddress: step.interface.remoteAddress,
            }
          : {};
      const isUp = true;
      const place =
        step.interface.kind === 'xfrm' && step.interface.shard !== undefined
          ? { shards: [step.interface.shard] }
          : {};
      const link = {
        ...{ name, kind, mtuBytes, alias, interfaceId, isUp, ...place, ...ends },
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
    case 'interface-delete':
      return {
        ...kernel,
        interfaces: kernel.interfaces.filter(({ name }) => name !== step.name),
        routes: kernel.routes.filter((route) => route.interface !== step.name),
        sysctls: new Map([...kernel.sysctls].filter(([key]) => !key.includes(`/${step.name}/`))),
      };
    case 'firewall': {
      const { firewall: _, ...rest } = kernel;
      const firewall = expectedFirewall(desired, kernel.subnets);
      return firewall === undefined ? rest : { ...rest, firewall };
    }
    case 'route-replace': {
      const { prefix, table } = step.route;
      const name = step.route.interface;
      if (name !== undefined && !kernel.interfaces.some((link) => link.name === name)) {
        throw new Error(`Cannot find device ${name}`);
      }
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
