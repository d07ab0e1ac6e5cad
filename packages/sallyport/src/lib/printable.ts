/** What the other side sent, or somebody wrote into a file, must not steer the terminal: controls become `?`. */
export function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '?');
}
