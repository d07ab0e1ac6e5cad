/** A kernel's SAs and policies as the daemon that lists these SAs has made them. */
import type { ChildSa, IkeSa } from '@sallyport/vici';
import type {
  KernelIpsec,
  KernelPolicy,
  KernelState,
} from '../../drivers/kernel/sas/parse-states.ts';

export function ipsecOf(sas: readonly IkeSa[]): KernelIpsec {
  const children = sas.flatMap((sa) => sa.children);
  return { states: children.flatMap(statesOf), policies: children.flatMap(policiesOf) };
}

function statesOf({ reqid, spiIn = '', spiOut = '', ifIdIn = 0 }: ChildSa): KernelState[] {
  return [spiIn, spiOut].map((spi) => ({
    ...{ source: '192.0.2.10', destination: '198.51.100.20', protocol: 'esp' },
    ...{ spi, reqid, interfaceId: ifIdIn, isInstalled: true },
  }));
}

function policiesOf({ reqid, ifIdIn = 0, localTs, remoteTs }: ChildSa): KernelPolicy[] {
  const pairs = localTs.flatMap(() => remoteTs);
  return pairs.flatMap(() =>
    ['in', 'out', 'fwd'].map((direction, index) => ({
      ...{ direction, index, reqid, interfaceId: ifIdIn },
    })),
  );
}
