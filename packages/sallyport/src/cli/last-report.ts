/** What an agent told last, where it cannot be asked. */
import { readFile } from 'node:fs/promises';
import { askReport, hasAgent, parseReport } from '../agent/control.ts';
import { errorCode } from '../lib/error-code.ts';
import { messageOf } from '../lib/message-of.ts';
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

/** What the agent finds now, or in words why it tells nothing. */
export type Told =
  | { readonly report: HostReport }
  | { readonly report?: undefined; readonly silence: string };

export async function askNow(socket: string): Promise<Told> {
  try {
    const report = await askReport(socket);
    return report === undefined ? { silence: await whySilent(socket) } : { report };
  } catch (error) {
    return { silence: messageOf(error) };
  }
}

const SILENT = 'the agent of this host does not answer';

/** What it told when it was asked for something. Throws where it did not, with a word on what may be then. */
export function answered(report: HostReport | undefined, then?: string): HostReport {
  if (report === undefined) throw new Error(then === undefined ? SILENT : `${SILENT}; ${then}`);
  return report;
}

/** What planned work says where it can do none: `undone`, and the way out. */
export function nothingDone(silence: string, undone: string): string {
  return `${silence}: ${undone}; start sallyport agent where none runs\n`;
}

/** In words, why it could not be asked; `absent`: what is said where there is none. */
export async function whySilent(
  socket: string,
  absent = 'no agent runs on this host',
): Promise<string> {
  return (await hasAgent(socket)) ? SILENT : absent;
}

/** Beside what is declared, where nobody tells what of it is in effect. */
export function effectUnknown(silence: string): string {
  return `${silence}: what is in effect is not known\n`;
}
