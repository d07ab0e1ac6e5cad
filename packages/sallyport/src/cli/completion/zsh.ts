import type { OptionEntry } from '../command-entry.ts';
import { COMMANDS } from '../commands.ts';
import { firstWords, flagsOf, optionsOf, spellings } from './words.ts';

/** In single quotes, where a colon would end a word of zsh's own. */
function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(/[:[\]]/g, '\\$&');
}

function zshOption(option: OptionEntry): string {
  const { long, takesValue } = flagsOf(option);
  const choices =
    option.choices === undefined
      ? long === 'file'
        ? '_files'
        : ' '
      : `(${option.choices.join(' ')})`;
  const value = takesValue ? `:${long}:${choices}` : '';
  const repeats = long === 'file' ? '*' : '';
  return spellings(option)
    .map((flag) => `'${repeats}${flag}[${zshText(option.description)}]${value}'`)
    .join(' ');
}

export function zshScript(): string {
  const commands = COMMANDS.flatMap((entry) => [
    `    ${entry.name})`,
    `      _arguments ${[
      ...optionsOf(entry).map(zshOption),
      ...(firstWords(entry).length === 0 ? [] : [`'1:word:(${firstWords(entry).join(' ')})'`]),
    ].join(' ')} ;;`,
  ]);
  return [
    '#compdef sallyport',
    '_sallyport() {',
    '  if (( CURRENT == 2 )); then',
    '    local -a commands=(',
    ...COMMANDS.map(({ name, description }) => `      '${name}:${zshText(description)}'`),
    '    )',
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  local command=$words[2]',
    '  shift words; (( CURRENT-- ))',
    '  case $command in',
    ...commands,
    '  esac',
    '}',
    // Read from $fpath the file is the function's body; sourced, it has to announce the function.
    'if [ "$funcstack[1]" = _sallyport ]; then _sallyport "$@"; else compdef _sallyport sallyport; fi',
    '',
  ].join('\n');
}
