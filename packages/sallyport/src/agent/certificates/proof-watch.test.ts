import { expect, it } from 'vitest';
import { twoSites } from '../../model/testing.ts';
import { planWorld } from '../../plan/testing/plan-world.ts';
import type { TunnelState } from '../../status/host-report.ts';
import { certificates, report, up } from '../../status/testing/reports.ts';
import type { IssuedState } from '../../store/issued-store.ts';
import { type AgentView, ProofWatch } from './proof-watch.ts';

const { local } = certificates;
const secret = { namespace: 'default', name: 'own', fingerprint: 's' };
const auth = {
  ...({ method: 'certificate', revocation: 'relaxed' } as const),
  ...{ secret, leaf: local, peerAuthority: secret },
};
const certificate: IssuedState['proven'] = {
  ...{ serial: '0a', authority: 'site', subject: 'CN=gw', altNames: [], keyType: 'ecdsa-p256' },
  ...{ notBefore: local.notAfter, notAfter: local.notAfter, fingerprint: local.fingerprint },
};
/** No tunnel was up when it was taken into use. */
const state: IssuedState = {
  format: 'sallyport.dev/issued/v1alpha1',
  proven: { ...certificate, fingerprint: 'old' },
  candidate: { certificate, isInUse: true, since: local.notAfter, failures: 0, wereUp: [] },
};

function viewOf(tunnelState: TunnelState): AgentView {
  const { plan } = planWorld({ text: twoSites });
  const tunnels = plan.tunnels.slice(0, 1).map((tunnel) => ({ ...tunnel, auth }));
  const [{ name } = up] = tunnels;
  return {
    plan: { ...plan, tunnels },
    report: {
      ...{ ...report, wantedRevision: plan.revision },
      tunnels: [{ ...up, name, state: tunnelState }],
    },
  };
}

it('gives a tunnel its time from when it begins to try, however long nobody called', () => {
  let clock = 0;
  const watch = new ProofWatch(() => clock);
  const proofOf = (tunnelState: TunnelState): string =>
    watch.judge(secret, state, viewOf(tunnelState)).proof;
  expect(proofOf('waiting')).toBe('open');
  clock = 3_600_000;
  expect(proofOf('connecting')).toBe('open');
  clock += 60_000;
  expect(proofOf('connecting')).toBe('open');
  clock += 1;
  expect(proofOf('connecting')).toBe('refused');
});
