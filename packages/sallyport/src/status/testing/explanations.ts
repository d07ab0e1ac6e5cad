/** Explanations as an agent would give them. */
import type { Explanation, TunnelExplanation } from '../why/explanation.ts';
import { down, NOW, up } from './reports.ts';

const { name, namespace, connection, tunnel, state, since } = up;

export const well: TunnelExplanation = {
  ...{ name, namespace, connection, tunnel, state, since },
  isWell: true,
  tried: [],
  findings: [],
  expectedOfPeer: [],
  proofs: ['packets for 10.20.0.0/16 go to sp0a78d801'],
  unseen: [],
};

export const unwell: TunnelExplanation = {
  ...well,
  isWell: false,
  findings: [
    {
      code: 'path/forwarding-off',
      message: 'this host does not pass on packets that come in through lan',
      hint: 'set net.ipv4.conf.lan.forwarding to 1, and look for what switches it off',
      evidence: ['net.ipv4.conf.lan.forwarding is 0'],
    },
  ],
  proofs: [],
};

export const unreached: TunnelExplanation = {
  ...unwell,
  ...{ name: down.name, connection: down.connection, state: down.state, since: down.since },
  tried: [
    { at: '2026-06-01T11:58:00.250Z', text: 'sent IKE_SA_INIT to 198.51.100.30' },
    { at: '2026-06-01T11:59:00.000Z', text: 'no answer \u001b[2J after 5 tries' },
  ],
  findings: [
    {
      code: 'ike/no-answer',
      message: '198.51.100.30 did not answer',
      hint: 'ask the other side whether its gateway is up',
      evidence: [],
    },
    ...unwell.findings,
  ],
  expectedOfPeer: ['IKE version 2, with one of: aes256-sha256-ecp384'],
  unseen: ['whether 10.20.0.10 answers: ping: not found'],
};

export const explanation: Explanation = {
  format: 'sallyport.dev/explanation/v1alpha1',
  host: 'gw1',
  observedAt: NOW,
  tunnels: [well],
};
