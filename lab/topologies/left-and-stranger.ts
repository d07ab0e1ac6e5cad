// The left site of `two-sites` run by Sallyport, the right one by a stranger: declared, applied, up.

import { join } from 'node:path';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import type { Host } from '../host.ts';
import { projectDirectory } from '../paths.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import type { Lab } from '../topology.ts';
import { createTwoSites, type TwoSitesHost } from './two-sites.ts';

export const TO_RIGHT: string =
  LEFT_SITE +
  connection({
    name: 'right',
    networks: '10.2.0.0/24',
    tunnel: '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}',
  });

export class LeftAndStranger {
  readonly lab: Lab<TwoSitesHost>;
  readonly left: Sallyport;
  readonly stranger: Stranger;
  /** Declarations for `-f`: everything of the left site. */
  readonly file: string;

  private constructor(lab: Lab<TwoSitesHost>, left: Sallyport, stranger: Stranger, file: string) {
    this.lab = lab;
    this.left = left;
    this.stranger = stranger;
    this.file = file;
  }

  /** `prepare` comes before the agent's first start. */
  static async create(prepare?: (gateway: Host) => Promise<unknown>): Promise<LeftAndStranger> {
    const lab = await createTwoSites();
    const configFile = join(projectDirectory, 'lab', 'sites', 'plain-right.conf');
    const stranger = new Stranger(lab.host('gwb'), { configFile, dataPlane });
    await stranger.start();
    const left = new Sallyport(lab.host('gwa'));
    await prepare?.(left.host);
    await left.startAgent();
    const file = await left.declare('site', TO_RIGHT, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('right');
    return new LeftAndStranger(lab, left, stranger, file);
  }

  async carries(): Promise<boolean> {
    return (await this.lab.host('hosta').ping('10.2.0.2', { count: 2 })).received === 2;
  }
}
