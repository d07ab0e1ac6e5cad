// All steps of the demo, on the kernel that `lab/demo.ts` has chosen.

import { showCluster } from './cluster.ts';
import { showPartners } from './partners.ts';
import { printResults } from './step.ts';

const logs = [await showPartners(), await showCluster()];
const isWell = printResults();
if (!isWell) process.stderr.write(`\nagents' logs:\n${logs.join('\n')}`);
process.exit(isWell ? 0 : 1);
