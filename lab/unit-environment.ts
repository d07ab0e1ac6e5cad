// What systemd sets for the agent (systemd.exec(5): Environment): it is tried and measured as it is deployed.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDirectory } from './paths.ts';

const UNIT = join(projectDirectory, 'deploy', 'systemd', 'sallyport.service');

export async function unitEnvironment(): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(UNIT, 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}
