/** What an agent told last, where it cannot be asked. */
import { readFile } from 'node:fs/promises';
import { hasAgent, parseReport } from '../agent/control.ts';
import { errorCode } from '../lib/error-code.ts';
import type { HostReport } from '../status/host-report.ts';

/** What an agent wrote before it ended; undefined where none has since the host booted. */
export async function readLastReport(path: string): Promise<HostReport | undefined> {
  try {
    return parseReport(await readFile(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** In words, why it could not be asked. */
export async function whySilent(socket: string): Promise<string> {
  return (await hasAgent(socket))
    ? 'the agent of this host does not answer'
    : 'no agent runs on this host';
}

/** Beside what is declared, where nobody tells what of it is in effect. */
export async function effectUnknown(socket: string): Promise<string> {
  return `${await whySilent(socket)}: what is in effect is not known\n`;
}
