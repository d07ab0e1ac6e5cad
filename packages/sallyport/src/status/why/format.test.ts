import { expect, it } from 'vitest';
import { explanation, unreached, well } from '../testing/explanations.ts';
import { formatExplanation } from './format.ts';

it('tells of a tunnel like a colleague', () => {
  const text = formatExplanation({ ...explanation, tunnels: [unreached, well] });
  expect(text).toBe(`default/partner-b main is DOWN for 3m 20s: 2 things are wrong, the worst first
  tried      11:58:00Z  sent IKE_SA_INIT to 198.51.100.30
             11:59:00Z  no answer ?[2J after 5 tries

  wrong      198.51.100.30 did not answer [ike/no-answer]
  do         ask the other side whether its gateway is up

  wrong      this host does not pass on packets that come in through lan [path/forwarding-off]
  seen       net.ipv4.conf.lan.forwarding is 0
  do         set net.ipv4.conf.lan.forwarding to 1, and look for what switches it off

  not known  whether 10.20.0.10 answers: ping: not found

  they need  IKE version 2, with one of: aes256-sha256-ecp384

default/partner-a main is up for 4d 3h: nothing is wrong with it

  right      packets for 10.20.0.0/16 go to sp0a78d801
`);
});

it.each([
  {
    state: 'connecting',
    isWell: false,
    verdict: 'is being negotiated for 4d 3h: no reason is known yet',
  },
  {
    state: 'disabled',
    isWell: true,
    verdict: 'is disabled for 4d 3h: nothing has to be done',
  },
] as const)('finds words for $state', ({ verdict, ...changed }) => {
  const tunnels = [{ ...well, ...changed }];
  expect(formatExplanation({ ...explanation, tunnels })).toContain(verdict);
});

it('counts one thing as one', () => {
  const findings = unreached.findings.slice(0, 1);
  const tunnels = [{ ...unreached, findings }];
  expect(formatExplanation({ ...explanation, tunnels })).toContain(': one thing is wrong\n');
});
