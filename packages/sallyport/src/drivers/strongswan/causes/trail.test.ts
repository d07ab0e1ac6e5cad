/** Lines as charon 5.9.8 logs them, and the steps that a person reads. */
import { describe, expect, it } from 'vitest';
import { Trail, TrailReader } from './trail.ts';

function stepsOf(lines: string): string[] {
  const reader = new TrailReader();
  return lines
    .trim()
    .split('\n')
    .flatMap((line) => reader.read(line.trim()) ?? []);
}

describe('TrailReader', () => {
  it('tells of a request, its repetitions and the end of patience', () => {
    const steps = stepsOf(`
      initiating IKE_SA sp.default.right.main[1] to 203.0.113.1
      generating IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) N(HASH_ALG) ]
      sending packet: from 198.51.100.1[500] to 203.0.113.1[500] (296 bytes)
      retransmit 1 of request with message ID 0
      sending packet: from 198.51.100.1[500] to 203.0.113.1[500] (296 bytes)
      error writing to socket: Operation not permitted
      giving up after 3 retransmits
      establishing IKE_SA failed, peer not responding`);
    expect(steps).toEqual([
      'IKE_SA_INIT sent to 203.0.113.1:500',
      'retransmit 1 of request 0',
      'the packet could not be sent: Operation not permitted',
      'gave up after 3 retransmits',
      'no answer',
    ]);
  });

  it('tells what the other side answered, and who proved to be whom', () => {
    const steps = stepsOf(`
      received packet: from 203.0.113.1[500] to 198.51.100.1[500] (304 bytes)
      parsed IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(CHDLESS_SUP) N(MULT_AUTH) ]
      selected proposal: IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384
      remote host is behind NAT
      authentication of 'left.example' (myself) with pre-shared key
      generating IKE_AUTH request 1 [ IDi IDr AUTH SA TSi TSr N(MULT_AUTH) N(EAP_ONLY) ]
      sending packet: from 198.51.100.1[4500] to 203.0.113.1[4500] (262 bytes)
      received packet: from 203.0.113.1[4500] to 198.51.100.1[4500] (142 bytes)
      parsed IKE_AUTH response 1 [ IDr AUTH N(TS_UNACCEPT) ]
      authentication of 'right.example' with pre-shared key successful
      IKE_SA sp.default.right.main[9] established between 198.51.100.1[left.example]...203.0.113.1[right.example]
      sending DELETE for IKE_SA sp.default.right.main[9]
      generating INFORMATIONAL request 2 [ D ]
      sending packet: from 198.51.100.1[4500] to 203.0.113.1[4500] (65 bytes)`);
    expect(steps).toEqual([
      'answer to IKE_SA_INIT received from 203.0.113.1:500',
      'proposal selected: IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384',
      'the address of the other side is translated on the way (NAT)',
      'we authenticate as left.example with pre-shared key',
      'IKE_AUTH sent to 203.0.113.1:4500',
      'answer to IKE_AUTH received from 203.0.113.1:4500: TS_UNACCEPTABLE',
      'right.example has authenticated with pre-shared key',
      'IKE SA established',
      'DELETE for the IKE SA sent',
    ]);
  });

  it('tells of a rekey, and of a Child SA by its networks', () => {
    const steps = stepsOf(`
      CHILD_SA v4{1} established with SPIs 48114ae4_i bdc5544e_o and TS 10.1.0.0/24 === 10.2.0.0/24
      generating CREATE_CHILD_SA request 4 [ N(REKEY_SA) SA No KE TSi TSr ]
      sending packet: from 198.51.100.1[500] to 203.0.113.1[500] (262 bytes)
      received packet: from 203.0.113.1[500] to 198.51.100.1[500] (65 bytes)
      parsed CREATE_CHILD_SA response 4 [ N(NO_PROP) ]
      CHILD_SA rekeying failed, trying again in 13 seconds
      received DELETE for ESP CHILD_SA with SPI c9df24e0
      received DELETE for IKE_SA sp.default.right.main[3]`);
    expect(steps).toEqual([
      'Child SA v4 established: 10.1.0.0/24 <-> 10.2.0.0/24',
      'CREATE_CHILD_SA (rekey) sent to 203.0.113.1:500',
      'answer to CREATE_CHILD_SA received from 203.0.113.1:500: NO_PROPOSAL_CHOSEN',
      'rekeying of the Child SA failed',
      'DELETE for a Child SA received',
      'DELETE for the IKE SA received',
    ]);
  });

  it('is silent about checks whether the other side is alive, and about fragments', () => {
    const steps = stepsOf(`
      sending DPD request
      generating INFORMATIONAL request 2 [ ]
      sending packet: from 198.51.100.1[4500] to 203.0.113.1[4500] (57 bytes)
      received packet: from 203.0.113.1[4500] to 198.51.100.1[4500] (57 bytes)
      parsed INFORMATIONAL response 2 [ ]
      generating IKE_AUTH request 1 [ EF(1/2) ]
      sending packet: from 198.51.100.1[4500] to 203.0.113.1[4500] (1236 bytes)`);
    expect(steps).toEqual([]);
  });

  it('takes what a peer sent as it is', () => {
    expect(stepsOf("authentication of '$2 $& x' with pre-shared key successful")).toEqual([
      '$2 $& x has authenticated with pre-shared key',
    ]);
  });
});

describe('Trail', () => {
  it('keeps the last thirty steps, each once, in the order in which they came last', () => {
    const trail = new Trail();
    for (let n = 0; n < 40; n += 1) trail.add(`step ${n}`, `2026-06-01T00:00:${n}Z`);
    trail.add('step 12', '2026-06-01T00:01:00Z');
    expect(trail.steps).toHaveLength(30);
    expect(trail.steps.at(0)?.text).toBe('step 10');
    expect(trail.steps.at(-1)).toEqual({ at: '2026-06-01T00:01:00Z', text: 'step 12' });
  });

  it('keeps no text without bound, and none that steers a terminal', () => {
    const trail = new Trail();
    trail.add(`\u001b[2J${'x'.repeat(10_000)}`, '2026-06-01T00:00:00Z');
    expect(trail.steps[0]?.text).toMatch(/^\?\[2Jx{200,300}$/);
  });
});
