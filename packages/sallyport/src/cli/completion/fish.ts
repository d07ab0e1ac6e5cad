import { COMMANDS } from '../commands.ts';
import { firstWords, flagsOf, optionsOf } from './words.ts';

export function fishScript(): string {
  const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
  const lines = ['complete -c sallyport -f'];
  for (const entry of COMMANDS) {
    const on = (rest: string): void => {
      lines.push(`complete -c sallyport -n '__fish_seen_subcommand_from ${entry.name}' ${rest}`);
    };
    lines.push(
      `complete -c sallyport -n __fish_use_subcommand -a ${entry.name} -d ${quote(entry.description)}`,
    );
    for (const option of optionsOf(entry)) {
      const { short, long, takesValue } = flagsOf(option);
      const value = !takesValue
        ? ''
        : long === 'file'
          ? ' -r -F'
          : ` -x -a ${quote((option.choices ?? []).join(' '))}`;
      on(
        `${short === undefined ? '' : `-s ${short} `}-l ${long}${value} -d ${quote(option.description)}`,
      );
    }
    if (firstWords(entry).length > 0) on(`-a ${quote(firstWords(entry).join(' '))}`);
  }
  return `${lines.join('\n')}\n`;
}
