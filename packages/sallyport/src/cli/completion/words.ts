/** What a shell may complete, out of the table of commands. */
import { KINDS } from '../../model/objects.ts';
import type { CommandEntry, OptionEntry } from '../command-entry.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export interface Flags {
  /** Without hyphens. */
  readonly short?: string;
  readonly long: string;
  readonly takesValue: boolean;
}

export function flagsOf({ flags }: OptionEntry): Flags {
  const short = /(?<=^-)[a-z]/.exec(flags)?.[0];
  return {
    ...(short === undefined ? {} : { short }),
    long: /(?<=--)[a-z-]+/.exec(flags)?.[0] ?? '',
    takesValue: flags.includes('<'),
  };
}

/** As a person types them: `-f --file`. */
export function spellings(option: OptionEntry): string[] {
  const { short, long } = flagsOf(option);
  return [...(short === undefined ? [] : [`-${short}`]), `--${long}`];
}

/** What may stand as the first argument, as far as it is known beforehand. */
export function firstWords({ arguments: words = '', commands }: CommandEntry): string[] {
  if (commands !== undefined) return commands.map(({ name }) => name);
  if (/^[<[]kind/.test(words)) return KINDS.map((kind) => kind.toLowerCase());
  return words === '<shell>' ? [...SHELLS] : [];
}

const HELP: OptionEntry = { flags: '-h, --help', description: 'explain the command' };

export function optionsOf(entry: CommandEntry): OptionEntry[] {
  const below = (entry.commands ?? []).flatMap(optionsOf);
  const all = new Map([...entry.options, ...below, HELP].map((option) => [option.flags, option]));
  return [...all.values()];
}
