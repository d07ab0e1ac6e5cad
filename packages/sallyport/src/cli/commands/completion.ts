import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { SHELLS } from '../completion/words.ts';
import { zshScript } from '../completion/zsh.ts';
import { EXIT, type Io, UsageError } from '../io.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export function run([wanted = '']: readonly string[], _options: object, io: Io): Promise<number> {
  const shell = SHELLS.find((name) => name === wanted);
  if (shell === undefined)
    throw new UsageError(`no completion for "${wanted}"; shells are: ${SHELLS.join(', ')}`);
  io.stdout(SCRIPTS[shell]());
  return Promise.resolve(EXIT.ok);
}
