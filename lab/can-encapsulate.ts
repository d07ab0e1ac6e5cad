// Whether routes of this kernel can have tunnels of their own (CONFIG_LWTUNNEL), tried in a namespace that ends with the attempt.

import { execute } from './execute.ts';

export async function canEncapsulate(): Promise<boolean> {
  const lines = ['link set dev lo up', 'route add 192.0.2.1 dev lo encap ip id 1 dst 127.0.0.1'];
  const { status } = await execute('unshare', ['--net', '--', 'ip', '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
  });
  return status === 0;
}
