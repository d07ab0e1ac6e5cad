/** What help and completion know of a command. */
export interface OptionEntry {
  /** As commander reads it: `-f, --file <path...>`. */
  readonly flags: string;
  readonly description: string;
  readonly required?: boolean;
  readonly defaultValue?: string;
  readonly choices?: readonly string[];
  /** Whole number of at least 1. */
  readonly isCount?: boolean;
}

export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  readonly arguments?: string;
  readonly options: readonly OptionEntry[];
  readonly example: string;
  /** Only these can be called then. */
  readonly commands?: readonly CommandEntry[];
}

/** Of every command whose answer programs read, too. */
export const OUTPUT: OptionEntry = {
  flags: '-o, --output <format>',
  description: 'form of the answer',
  defaultValue: 'text',
  choices: ['text', 'json', 'yaml'],
};

export const HOST: OptionEntry = {
  flags: '--host <name>',
  description: 'declared Host that this machine is; found by its addresses if left out',
};
export const NAMESPACE: OptionEntry = {
  flags: '-n, --namespace <name>',
  description: 'namespace of the object',
  defaultValue: 'default',
};
export const TIMEOUT: OptionEntry = {
  flags: '--timeout <seconds>',
  description: 'how long to wait until the agent has read it back',
  defaultValue: '30',
  isCount: true,
};
