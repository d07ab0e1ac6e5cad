// A gateway with many connections that are up, and what its daemon itself says of them: the same for
// whoever configures the daemon.

import { setTimeout as delay } from 'node:timers/promises';
import { collect, type IkeSa, parseSaEvent, ViciClient } from '@sallyport/vici';
import type { LabDataPlane } from '../lab/data-plane.ts';
import { chooseKernel } from '../lab/kernel.ts';
import { POLICIES, type PolicyName, Thousand } from '../lab/topologies/thousand.ts';

export interface ManyGateway extends AsyncDisposable {
  readonly network: Thousand;
  /** Asks its daemon. */
  readonly client: ViciClient;
  /** Of the connection of this number, in the daemon. */
  nameOf(number: number): string;
}

const PATIENCE_MILLISECONDS = 300_000;
/** A list of a thousand SAs is a tenth of a second's work of the daemon that is measured. */
const POLL_MILLISECONDS = 200;

/** ESP as this machine's kernel can do it. */
export async function dataPlaneHere(): Promise<LabDataPlane> {
  const kernel = await chooseKernel('host');
  return kernel.kind === 'host' && kernel.hasEsp ? 'kernel' : 'userspace';
}

export async function createNetwork(connections: number): Promise<Thousand> {
  return Thousand.create({ connections, dataPlane: await dataPlaneHere() });
}

export function clientOf(socket: string): ViciClient {
  return new ViciClient({ socket, reconnect: { initialMs: 10, maxMs: 50 } });
}

/** Until the daemon tells of a Child SA of the connection that has, with its IKE SA, the algorithms of the policy. */
export async function untilInEffect(
  gateway: ManyGateway,
  number: number,
  policy: PolicyName,
): Promise<void> {
  const { client } = gateway;
  const ike = gateway.nameOf(number);
  // Told, not asked for again and again: to find one SA among a thousand is work of the daemon that is measured.
  for await (const event of client.subscribe(['child-updown'], {
    signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
  })) {
    if (event.type === 'event') {
      const told = parseSaEvent(event.name, event.message);
      if (told?.type === 'child-updown' && told.sa.name === ike && hasPolicy(told.sa, policy))
        return;
    } else {
      // From here on nothing is missed; of the time before, the list tells. One that ends meanwhile comes again.
      const sas = await collect(client.listSas({ ike })).catch(() => []);
      if (sas.some((sa) => hasPolicy(sa, policy))) return;
    }
  }
  throw new Error('the daemon tells no more');
}

/** Until the daemon lists every connection with its Child SA; `bits` of those that have been changed. */
export async function untilAllUp(gateway: ManyGateway): Promise<void> {
  const { connections } = gateway.network;
  await untilListed(async () => {
    const { ikeSas } = await gateway.client.stats();
    if (ikeSas.total - ikeSas.halfOpen < connections) return false;
    const sas = await collect(gateway.client.listSas());
    return new Set(sas.filter(isUp).map(({ name }) => name)).size === connections;
  });
}

function isUp({ state, children }: IkeSa): boolean {
  return state === 'ESTABLISHED' && children.some((child) => child.state === 'INSTALLED');
}

function hasPolicy(sa: IkeSa, policy: PolicyName): boolean {
  const { keyBits } = POLICIES[policy];
  return (
    sa.state === 'ESTABLISHED' &&
    sa.encryption?.keyBits === keyBits &&
    sa.children.some((child) => child.state === 'INSTALLED' && child.encryptionKeyBits === keyBits)
  );
}

/** A daemon that is being restarted does not answer. */
async function untilListed(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error('the daemon does not come to what it should');
    await delay(POLL_MILLISECONDS);
  }
}
