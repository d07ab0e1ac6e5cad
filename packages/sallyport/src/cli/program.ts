/** The command line: words in, exit code out. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { CommandEntry, OptionEntry } from './command-entry.ts';
import { COMMANDS } from './commands.ts';
import { explainFault } from './faults.ts';
import { EXIT, type Io, UsageError } from './io.ts';
import { LOADERS } from './loaders.ts';
import { VERSION } from './version.ts';

const EXIT_CODES = `Exit codes:
  0    done, and as declared
  1    failed
  2    wrong use
  3    what is there differs from what is declared
  130  interrupted`;

/** Runs one command. Never throws: what went wrong stands on stderr, and in the exit code. */
export async function runProgram(words: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  const program = new Command('sallyport')
    .description('Site-to-site IPsec for clusters: declared once, proven in daemon and kernel.')
    .version(VERSION)
    .addHelpText('after', `\n${EXIT_CODES}`)
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr });
  for (const entry of COMMANDS) {
    addCommand(program, entry, io, (result) => {
      code = result;
    });
  }
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    // Help and version end as errors for commander, and are none; the rest it has printed itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (io.signal.aborted) {
      io.stderr('sallyport: interrupted\n');
      return EXIT.interrupted;
    }
    io.stderr(`sallyport: ${explainFault(error)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

function addCommand(
  program: Command,
  entry: CommandEntry,
  io: Io,
  finish: (code: number) => void,
  above: readonly string[] = [],
): void {
  const command = program.command(entry.name).description(entry.description);
  const path = [...above, entry.name];
  if (entry.commands !== undefined) {
    for (const below of entry.commands) addCommand(command, below, io, finish, path);
    command.exitOverride();
    return;
  }
  if (entry.arguments !== undefined) command.arguments(entry.arguments);
  for (const option of entry.options) command.addOption(toOption(option));
  command.addHelpText('after', `\nExample:\n  ${entry.example}`);
  command.exitOverride().action(async () => {
    const load = LOADERS.get(path.join(' '));
    if (load === undefined) throw new Error(`command ${path.join(' ')} has no code`);
    const loaded = await load();
    // The table gives each command the options that its own file declares.
    finish(await loaded.run(command.args, command.opts<never>(), io));
  });
}

function toOption({
  flags,
  description,
  required,
  defaultValue,
  choices,
  isCount,
}: OptionEntry): Option {
  const option = new Option(flags, description).makeOptionMandatory(required === true);
  if (choices !== undefined) option.choices(choices);
  if (isCount === true) option.argParser(parseCount);
  if (defaultValue !== undefined)
    option.default(isCount === true ? Number(defaultValue) : defaultValue);
  return option;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new InvalidArgumentError('a whole number of at least 1 is needed.');
  return Number(text);
}
