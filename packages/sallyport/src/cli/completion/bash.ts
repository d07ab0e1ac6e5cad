import { COMMANDS } from '../commands.ts';
import { firstWords, flagsOf, optionsOf, spellings } from './words.ts';

/** Options whose values are known, or are no files, by name. */
function valuesOf(): Map<string, string> {
  const values = new Map<string, string>();
  for (const option of COMMANDS.flatMap(({ options }) => options)) {
    const { long, takesValue } = flagsOf(option);
    if (!takesValue || long === 'file') continue;
    values.set(spellings(option).join('|'), (option.choices ?? []).join(' '));
  }
  return values;
}

export function bashScript(): string {
  const names = COMMANDS.map(({ name }) => name).join(' ');
  const commands = COMMANDS.map((entry) => {
    const options = optionsOf(entry).flatMap(spellings).join(' ');
    return `    ${entry.name}) options="${options}" words="${firstWords(entry).join(' ')}" ;;`;
  });
  return [
    '_sallyport() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options= words=',
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    mapfile -t COMPREPLY < <(compgen -W "${names} help --help --version" -- "$current")`,
    '    return',
    '  fi',
    '  case $previous in',
    ...[...valuesOf()].map(
      ([flags, words]) =>
        `    ${flags}) mapfile -t COMPREPLY < <(compgen -W "${words}" -- "$current"); return ;;`,
    ),
    '  esac',
    '  case ${COMP_WORDS[1]} in',
    ...commands,
    `    help) words="${names}" ;;`,
    '  esac',
    '  if [[ $current == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")',
    '  elif [ "$COMP_CWORD" -eq 2 ] && [ -n "$words" ]; then mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")',
    '  elif [[ " $options " == *" --file "* ]]; then',
    '    compopt -o filenames 2>/dev/null',
    '    mapfile -t COMPREPLY < <(compgen -f -- "$current")',
    '  fi',
    '}',
    'complete -F _sallyport sallyport',
    '',
  ].join('\n');
}
