/**
 * Routes and rules that our own charon makes for policy-based tunnels. It takes them away when it ends; one
 * that was killed leaves them.
 */
import { canonicalPrefix } from '../../lib/canonical-address.ts';
import { jsonRows, textOf } from '../../lib/json-fields.ts';
import { FAMILIES } from '../../lib/prefix.ts';
import { OWNER } from '../../plan/host-plan.ts';
import type { CommandRunner } from '../../platform/linux/command.ts';
import { completePrefix } from './parse.ts';

const TABLE = String(OWNER.engineTable);

/** Removes charon's routes, but those to the given prefixes. */
export async function removeEngineRoutes(
  commands: CommandRunner,
  kept: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  for (const family of FAMILIES) {
    const show = [`-${family}`, '-json', '-Numeric', 'route', 'show', 'table', TABLE];
    const { code, stdout } = await commands.run('ip', show, { signal });
    // Without a route there is no table, which is an error to ip(8).
    if (code !== 0) continue;
    const lines = jsonRows(stdout)
      .map((row) => canonicalPrefix(completePrefix(textOf(row, 'dst') ?? '', family)))
      .filter((prefix) => !kept.has(prefix))
      .map((prefix) => `route delete ${prefix} table ${TABLE}\n`);
    if (lines.length > 0)
      await commands.run('ip', [`-${family}`, '-force', '-batch', '-'], {
        input: lines.join(''),
        signal,
      });
  }
}

/** Removes charon's rules, and every route of its table. */
export async function removeEngineRouting(
  commands: CommandRunner,
  signal: AbortSignal,
): Promise<void> {
  await removeEngineRoutes(commands, new Set(), signal);
  for (const family of FAMILIES) {
    // Not there where charon ended in order: no failure.
    const args = [`-${family}`, 'rule', 'delete', 'priority', TABLE, 'table', TABLE];
    await commands.run('ip', args, { signal });
  }
}
