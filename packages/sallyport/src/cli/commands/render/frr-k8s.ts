import { stringify } from 'yaml';
import { renderFrrConfiguration } from '../../../drivers/frr/frr-configuration.ts';
import { passingSalt } from '../../../store/salt.ts';
import { EXIT, type Io } from '../../io.ts';
import { mustKnow, planFiles, plansOf } from '../../planned-site.ts';

interface FrrK8sOptions {
  readonly file: string[];
  readonly host?: string;
  readonly namespace: string;
}

export async function run(
  _words: readonly string[],
  { file, host, namespace }: FrrK8sOptions,
  io: Io,
): Promise<number> {
  const site = await planFiles(file, io, passingSalt());
  if (site === undefined) return EXIT.failed;
  mustKnow(host, [site]);
  const rendered = plansOf(site, host)
    // A gateway keeps its own FRR, unless somebody names it.
    .filter((plan) => host !== undefined || plan.node?.gateways !== undefined)
    .flatMap((plan) =>
      plan.bgp === undefined ? [] : renderFrrConfiguration(plan.host, plan.bgp, namespace),
    );
  for (const { configuration, unsaid } of rendered)
    for (const sentence of unsaid)
      io.stderr(`FRRConfiguration ${configuration.metadata.name}: ${sentence}\n`);
  if (rendered.length === 0)
    io.stderr(
      host === undefined
        ? 'no node speaks BGP: declare Hosts with role: node, and give their Gateway bgp: {asn: …}; gateways keep their own FRR, and are written with --host NAME only\n'
        : `host ${host} does not speak BGP: give its Gateway bgp: {asn: …}\n`,
    );
  const texts = rendered.map(({ configuration }) =>
    stringify(configuration, { aliasDuplicateObjects: false }),
  );
  io.stdout(texts.join('---\n'));
  return EXIT.ok;
}
