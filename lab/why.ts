// `sallyport why` on a host of the lab, as a program that reads JSON asks it.

import assert from 'node:assert/strict';
import type { Sallyport } from './sallyport.ts';

export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly evidence: readonly string[];
}

export interface Told {
  /** Exit status: 0 nothing is wrong, 3 something is. */
  readonly status: number;
  readonly findings: readonly Finding[];
  readonly proofs: readonly string[];
  readonly unseen: readonly string[];
}

/** Asks about a connection that has one tunnel. */
export async function why(gateway: Sallyport, connection: string, target?: string): Promise<Told> {
  const args = [
    'why',
    connection,
    '-o',
    'json',
    ...(target === undefined ? [] : ['--target', target]),
  ];
  const { status, stdout, stderr } = await gateway.run(args);
  assert.equal(stderr, '');
  const { tunnels } = JSON.parse(stdout) as { readonly tunnels: readonly Omit<Told, 'status'>[] };
  const [tunnel] = tunnels;
  assert.ok(tunnel !== undefined && tunnels.length === 1, stdout);
  return { status, ...tunnel };
}

/** One thing is wrong, with this code, and nothing else is told. */
export async function tells(
  code: string,
  gateway: Sallyport,
  connection: string,
  target?: string,
): Promise<Finding> {
  const told = await why(gateway, connection, target);
  const codes = told.findings.map((finding) => finding.code);
  assert.deepEqual([told.status, codes], [3, [code]], JSON.stringify(told, undefined, 1));
  const [finding] = told.findings;
  assert.ok(finding !== undefined);
  assert.doesNotMatch(finding.message + finding.hint, /[{}]/);
  return finding;
}

/** Nothing is wrong, and the target answers. */
export async function isWell(
  gateway: Sallyport,
  connection: string,
  target: string,
): Promise<Told> {
  const told = await why(gateway, connection, target);
  assert.deepEqual([told.status, told.findings], [0, []], JSON.stringify(told, undefined, 1));
  assert.match(told.proofs.join('\n'), /ping from \S+ to \S+, 84 bytes: [123] of 3 answered/);
  return told;
}
