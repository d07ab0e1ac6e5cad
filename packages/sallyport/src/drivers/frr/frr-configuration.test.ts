import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { renderFrrConfiguration } from './frr-configuration.ts';
import { gatewayPlan, nodePlan } from './testing/plans.ts';

describe('renderFrrConfiguration', () => {
  it.each([
    ['node', nodePlan],
    ['gateway', gatewayPlan],
  ])('writes a %s', async (name, plan) => {
    const { configuration } = renderFrrConfiguration('host-1', plan, 'frr-k8s-system');
    await expect(stringify(configuration, { aliasDuplicateObjects: false })).toMatchFileSnapshot(
      `testdata/frr-configuration-${name}.yaml`,
    );
  });

  it('tells what frr-k8s has no words for', () => {
    expect(renderFrrConfiguration('host-1', nodePlan, 'metallb-system').unsaid).toEqual([]);
    const { unsaid } = renderFrrConfiguration('host-1', gatewayPlan, 'metallb-system');
    expect(unsaid).toContain('10.0.0.12 is not told what others have told us');
    expect(unsaid).toContain('what 169.254.10.1 tells has no local preference of 200');
    expect(unsaid.join('\n')).toContain('frr-k8s has no dynamic neighbours');
    expect(unsaid.join('\n')).toContain('2001:db8:b::1 may also tell 0.0.0.0/0');
    expect(unsaid.join('\n')).toContain('the Secret bgp has to be there');
    expect(unsaid.join('\n')).toContain('tells has no community 65001:83:');
    expect(unsaid.join('\n')).toContain('instead of table 8305');
    expect(unsaid.at(-1)).toBe(
      'the host itself sends from any of its addresses, not from 10.20.0.11, 2001:db8:20::11',
    );
    const [first, ...others] = gatewayPlan.neighbors;
    if (first === undefined) throw new Error('the plan has no neighbours');
    const standIn = { hosts: ['gw2'], advertise: ['10.20.0.0/17'] };
    const lost = { ...gatewayPlan, neighbors: [{ ...first, standIn }, ...others] };
    expect(renderFrrConfiguration('host-1', lost, 'metallb-system').unsaid).toContain(
      `${first.address} is told nothing more while gw2 is silent`,
    );
  });
});
