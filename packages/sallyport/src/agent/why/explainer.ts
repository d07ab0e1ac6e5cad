/** Answers `sallyport why`: looks at the tunnels of one connection, and at the host around them. */
import { messageOf } from '../../lib/message-of.ts';
import { Turns } from '../../lib/turns.ts';
import type { HostPlan, TunnelPlan } from '../../plan/host-plan.ts';
import type { Usability } from '../../status/health-report.ts';
import type { HostReport, TunnelReport } from '../../status/host-report.ts';
import type { Evidence } from '../../status/why/evidence.ts';
import { explainTunnel } from '../../status/why/explain.ts';
import type { Explanation, TrailStep } from '../../status/why/explanation.ts';
import { asToldByBgp, learnedRoutes } from '../../status/why/learned-networks.ts';
import { ALL, type Extent, TOLD } from '../extent.ts';

export interface WhyRequest {
  readonly namespace: string;
  readonly connection: string;
  /** An address behind the other side. */
  readonly target?: string;
}

export interface ExplainerOptions {
  readonly gather: (
    question: { readonly tunnels: readonly TunnelPlan[]; readonly target?: string },
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<string, Evidence>>;
  readonly trailOf: (tunnel: string) => readonly TrailStep[];
}

/** What the agent knows at the moment. */
export interface Present {
  readonly plan: () => HostPlan | undefined;
  /** With the kernel, it is also repaired first: what is wrong then stands. */
  readonly look: (extent: Extent) => Promise<HostReport>;
}

/** Longest look: pings to a silent target take three seconds each, and a guest is slow. */
const LOOK_MILLISECONDS = 25_000;

export class Explainer {
  readonly #options: ExplainerOptions;
  /** Looks follow each other: two at once would see each other's pings. */
  readonly #turns = new Turns();

  constructor(options: ExplainerOptions) {
    this.#options = options;
  }

  /** No tunnels in it: this host has none of that connection. */
  explain(request: WhyRequest, present: Present, signal: AbortSignal): Promise<Explanation> {
    return this.#turns.take(() => this.#explain(request, present, signal));
  }

  async #explain(
    { namespace, connection, target }: WhyRequest,
    present: Present,
    signal: AbortSignal,
  ): Promise<Explanation> {
    const isAsked = (tunnel: {
      readonly namespace: string;
      readonly connection: string;
    }): boolean => tunnel.namespace === namespace && tunnel.connection === connection;
    const before = await present.look(ALL);
    const plan = present.plan();
    const tunnels = plan?.tunnels.filter(isAsked) ?? [];
    const tunnelBefore = new Map(before.tunnels.map((tunnel) => [tunnel.name, tunnel]));
    const enabled = tunnels
      .filter((tunnel) => tunnel.enabled)
      .map((tunnel) => asItIs(tunnel, tunnelBefore.get(tunnel.name)))
      .map((tunnel) => (plan === undefined ? tunnel : asToldByBgp(tunnel, plan, before.bgp)));
    const question = { tunnels: enabled, ...(target === undefined ? {} : { target }) };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MILLISECONDS)]);
    const evidence = await this.#options.gather(question, limit).catch((error: unknown) => {
      signal.throwIfAborted();
      // Cause, trail and counters are known all the same.
      return new Map(enabled.map(({ name }) => [name, unlooked(error)]));
    });
    const after = enabled.length === 0 ? before : await present.look({ ...TOLD, sas: true });
    const routes = plan === undefined ? [] : [...plan.routes, ...learnedRoutes(plan, after.bgp)];
    const explained = after.tunnels.filter(isAsked).map((report: TunnelReport) => {
      const usability = usabilityOf(report.name, after);
      const tunnel = tunnels.find(({ name }) => name === report.name);
      const seen = evidence.get(report.name);
      return explainTunnel({
        report,
        trail: this.#options.trailOf(report.name),
        problems: after.problems,
        differences: after.differences,
        work: after,
        ...(tunnel === undefined ? {} : { tunnel }),
        ...(tunnel === undefined || seen === undefined
          ? {}
          : {
              subject: {
                ...{ tunnel, routes, evidence: seen },
                ...(after.bgp === undefined ? {} : { bgp: after.bgp }),
                ...(usability === undefined ? {} : { usability }),
                before: tunnelBefore.get(report.name) ?? report,
                after: report,
              },
            }),
      });
    });
    return {
      format: 'sallyport.dev/explanation/v1alpha1',
      host: after.host,
      observedAt: after.observedAt,
      tunnels: explained,
    };
  }
}

/** What a drill has taken out is none of its own faults. */
function usabilityOf(name: string, { health, drill }: HostReport): Usability | undefined {
  if (drill?.tunnels.includes(name) === true) return undefined;
  return health?.tunnels.find(({ tunnel }) => tunnel === name);
}

/** Of a look that failed as a whole. */
function unlooked(error: unknown): Evidence {
  const unseen = [`the path of packets through this host: ${messageOf(error)}`];
  return { routes: [], devices: [], foreignRules: [], unseen };
}

/** With what the plan leaves open: the addresses behind names, and UDP where there is a NAT. */
function asItIs(tunnel: TunnelPlan, report: TunnelReport | undefined): TunnelPlan {
  if (report === undefined) return tunnel;
  const { localAddress, remoteAddress, ike, children } = report;
  const isEncapsulated =
    ike?.natDetected === true || children.some(({ encapsulated }) => encapsulated);
  return {
    ...tunnel,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    forceEncapsulation: tunnel.forceEncapsulation || isEncapsulated,
  };
}
