// The gateway that this process runs in, for all cases of one run: it has one namespace, and they come one by one.

import { after } from 'node:test';
import { DrivenKernel } from './driven-kernel.ts';
import { GatewayNetwork } from './gateway-network.ts';

export const kernel: DrivenKernel = await DrivenKernel.create();
export const network: GatewayNetwork = await GatewayNetwork.create();

after(async () => {
  await kernel[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});
