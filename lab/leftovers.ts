// What of Sallyport's marks is still on a host; nothing, after a delete and a teardown.

import { existsSync } from 'node:fs';
import type { Host } from './host.ts';

export async function leftovers(host: Host): Promise<string[]> {
  const found = async (program: string, args: readonly string[], mark: RegExp): Promise<string[]> =>
    (await host.mustExec(program, args)).match(mark) ?? [];
  return [
    await found('ip', ['-oneline', 'link', 'show'], /\bsp(?:h\d{4}|vx\w+|[0-9a-f]{8})\b/g),
    await found('ip', ['route', 'show', 'table', 'all', 'protocol', '83'], /.+/g),
    await found('ip', ['-6', 'route', 'show', 'table', 'all', 'protocol', '83'], /.+/g),
    await found('ip', ['rule', 'show'], /^83[0-9]{2}:.*/gm),
    await found('ip', ['-6', 'rule', 'show'], /^83[0-9]{2}:.*/gm),
    await found('ip', ['nexthop', 'show', 'protocol', '83'], /.+/g),
    await found('ip', ['neighbor', 'show', 'nud', 'permanent', 'protocol', '83'], /.+/g),
    await found('nft', ['list', 'tables'], /inet sallyport/g),
    existsSync(host.file('run/charon.pid')) ? ['charon'] : [],
  ].flat();
}
