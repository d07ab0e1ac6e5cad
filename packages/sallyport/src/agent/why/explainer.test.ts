import { describe, expect, it } from 'vitest';
import type { HostPlan } from '../../plan/host-plan.ts';
import type { HostReport } from '../../status/host-report.ts';
import { report as hostReport } from '../../status/testing/reports.ts';
import { evidence, report, routes, tunnel } from '../../status/testing/subjects.ts';
import { Explainer, type Present } from './explainer.ts';

const named = { ...tunnel, remoteAddress: 'peer.example' };
const plan = {
  tunnels: [named, { ...tunnel, connection: 'other' }],
  routes,
} as unknown as HostPlan;
const asked = { namespace: 'default', connection: 'partner-a' };
const { signal } = new AbortController();

function present(reports: readonly HostReport[], looks: boolean[] = []): Present {
  const left = [...reports];
  return {
    plan: () => plan,
    look: ({ kernel }) => {
      looks.push(kernel);
      return Promise.resolve(left.shift() ?? hostReport);
    },
  };
}

const own: HostReport = { ...hostReport, tunnels: [report] };

describe('Explainer', () => {
  it('looks before and after the evidence, at the tunnels of the connection alone', async () => {
    const looks: boolean[] = [];
    const questions: unknown[] = [];
    const explainer = new Explainer({
      gather: (question) => {
        questions.push(question);
        return Promise.resolve(new Map([[tunnel.name, evidence]]));
      },
      trailOf: () => [],
    });
    const request = { ...asked, target: '10.20.0.10' };
    const told = await explainer.explain(request, present([own, own], looks), signal);
    expect(looks).toEqual([true, false]);
    // The plan does not know of the NAT, nor the address behind a name.
    const { remoteAddress } = report;
    expect(questions).toEqual([
      { tunnels: [{ ...tunnel, remoteAddress, forceEncapsulation: true }], target: '10.20.0.10' },
    ]);
    expect(told).toMatchObject({ host: 'gw1', observedAt: own.observedAt });
    expect(told.tunnels.map(({ name, isWell }) => [name, isWell])).toEqual([[tunnel.name, true]]);
  });

  it('tells of what grew between its looks, and of the trail', async () => {
    const explainer = new Explainer({
      gather: () =>
        Promise.resolve(
          new Map([
            [
              tunnel.name,
              { ...evidence, xfrm: { before: new Map(), after: new Map([['XfrmInNoStates', 4]]) } },
            ],
          ]),
        ),
      trailOf: (name) => [{ at: '2026-06-01T11:58:00Z', text: `tried ${name}` }],
    });
    const down = { ...own, tunnels: [{ ...report, state: 'down' as const, children: [] }] };
    const { tunnels } = await explainer.explain(asked, present([own, down]), signal);
    expect(tunnels[0]?.findings.map(({ code }) => code)).toEqual(['path/unknown-spi']);
    expect(tunnels[0]?.tried).toEqual([
      { at: '2026-06-01T11:58:00Z', text: 'tried sp.default.partner-a.main' },
    ]);
  });

  it('has no tunnels where the connection is not here, and looks no second time', async () => {
    const looks: boolean[] = [];
    const explainer = new Explainer({
      gather: () => Promise.resolve(new Map()),
      trailOf: () => [],
    });
    const none = { plan: () => undefined, look: present([own], looks).look };
    const told = await explainer.explain({ ...asked, connection: 'no' }, none, signal);
    expect([told.tunnels, looks]).toEqual([[], [true]]);
  });

  it('explains one after the other, and without a look that failed', async () => {
    const order: string[] = [];
    const explainer = new Explainer({
      gather: async () => {
        order.push('begin');
        await Promise.resolve();
        order.push('end');
        if (order.length === 2) throw new Error('ip: not found');
        return new Map();
      },
      trailOf: () => [],
    });
    const [first, second] = await Promise.all([
      explainer.explain(asked, present([own, own]), signal),
      explainer.explain(asked, present([own, own]), signal),
    ]);
    expect(first.tunnels[0]?.unseen).toEqual([
      'the path of packets through this host: ip: not found',
    ]);
    expect(second.tunnels[0]?.unseen).toEqual([]);
    expect(order).toEqual(['begin', 'end', 'begin', 'end']);
  });
});
