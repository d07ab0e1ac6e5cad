// What of Sallyport's marks is still on a host; nothing, after a delete and a teardown.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Host } from './host.ts';
import { processesOf } from './processes.ts';

export async function leftovers(host: Host): Promise<string[]> {
  const found = async (program: string, args: readonly string[], mark: RegExp): Promise<string[]> =>
    (await host.mustExec(program, args)).match(mark) ?? [];
  return [
    await found('ip', ['-oneline', 'link', 'show'], /\bsp(?:h\d{4}|vx\w+|[0-9a-f]{8})\b/g),
    await found('ip', ['route', 'show', 'table', 'all', 'protocol', '83'], /.+/g),
    await found('ip', ['-6', 'route', 'show', 'table', 'all', 'protocol', '83'], /.+/g),
    // FRR marks its routes itself.
    await found('ip', ['route', 'show', 'table', 'all'], /.* table 83\d\d .*/g),
    await found('ip', ['-6', 'route', 'show', 'table', 'all'], /.* table 83\d\d .*/g),
    await found('ip', ['rule', 'show'], /^83[0-9]{2}:.*/gm),
    await found('ip', ['-6', 'rule', 'show'], /^83[0-9]{2}:.*/gm),
    await found('ip', ['nexthop', 'show', 'protocol', '83'], /.+/g),
    await found('ip', ['neighbor', 'show', 'nud', 'permanent', 'protocol', '83'], /.+/g),
    await found('nft', ['list', 'tables'], /inet sallyport/g),
    existsSync(host.file('run/charon.pid')) ? ['charon'] : [],
    (await processesOf(host)).map(({ command }) => command).filter((command) => OURS.test(command)),
    (await readdir('/run/frr').catch(() => [])).filter((name) => name === pathSpaceOf(host)),
  ].flat();
}

/** What an agent starts; strangers' are told apart by their path space and their names. */
const OURS = /(?:zebra|bfdd|bgpd) -N sallyport|\/sbin\/keepalived |\bfping\b/;

/** Of the FRR of a Sallyport whose files are those of the host. */
function pathSpaceOf(host: Host): string {
  const digest = createHash('sha256').update(host.file('run')).digest('hex');
  return `sallyport-${digest.slice(0, 8)}`;
}
