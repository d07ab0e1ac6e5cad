import { COMMANDS } from '../commands.ts';
import { EXIT, type Io, UsageError } from '../io.ts';

/** Words of one command: its options. */
function optionsOf(name: string): string[] {
  const entry = COMMANDS.find((command) => command.name === name);
  return (entry?.options ?? []).flatMap(({ flags }) =>
    [...flags.matchAll(/(?<![\w-])--?[a-z-]+/g)].map(([flag]) => flag),
  );
}

const NAMES = COMMANDS.map(({ name }) => name);

function bash(): string {
  const cases = NAMES.map((name) => `    ${name}) words="${optionsOf(name).join(' ')}" ;;`);
  return [
    '_sallyport() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} words',
    '  case ${COMP_WORDS[1]} in',
    ...cases,
    '  esac',
    `  [ "$COMP_CWORD" -gt 1 ] || words="${NAMES.join(' ')}"`,
    '  if [[ $current == -* || $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  else COMPREPLY=($(compgen -f -- "$current")); fi',
    '}',
    'complete -o filenames -F _sallyport sallyport',
    '',
  ].join('\n');
}

function zsh(): string {
  return ['#compdef sallyport', 'autoload -U +X bashcompinit && bashcompinit', bash()].join('\n');
}

function fish(): string {
  const names = COMMANDS.map(
    ({ name, description }) =>
      `complete -c sallyport -n __fish_use_subcommand -f -a ${name} -d '${description.replaceAll("'", "\\'")}'`,
  );
  const options = NAMES.flatMap((name) =>
    optionsOf(name).map(
      (flag) =>
        `complete -c sallyport -n '__fish_seen_subcommand_from ${name}' ${flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`}`,
    ),
  );
  return `${[...names, ...options].join('\n')}\n`;
}

const SCRIPTS: ReadonlyMap<string, () => string> = new Map([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
]);

export function run([shell = '']: readonly string[], _options: object, io: Io): Promise<number> {
  const script = SCRIPTS.get(shell);
  if (script === undefined)
    throw new UsageError(
      `no completion for "${shell}"; shells are: ${[...SCRIPTS.keys()].join(', ')}`,
    );
  io.stdout(script());
  return Promise.resolve(EXIT.ok);
}
