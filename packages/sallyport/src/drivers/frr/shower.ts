/** Answers commands that only show. */
export interface Shower {
  show(command: string, signal: AbortSignal): Promise<string>;
}
