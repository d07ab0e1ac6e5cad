/** Programs that answer as a test says, and remember how they were called. */
import type {
  CommandOptions,
  CommandResult,
  CommandRunner,
} from '../../../platform/linux/command.ts';

export interface Call {
  /** Program and arguments, joined by blanks. */
  readonly line: string;
  readonly input: string;
}

export type Answer = Partial<CommandResult> | Error;

export class FakeCommands implements CommandRunner {
  readonly calls: Call[] = [];
  readonly #answers: (readonly [pattern: RegExp, answer: Answer | (() => Answer)])[] = [];

  /** The last fitting answer counts; without one a program succeeds and prints nothing. A function tells it each time. */
  on(pattern: RegExp, answer: Answer | (() => Answer)): this {
    this.#answers.unshift([pattern, answer]);
    return this;
  }

  run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    options.signal?.throwIfAborted();
    const line = [file, ...args].join(' ');
    this.calls.push({ line, input: options.input ?? '' });
    const answer =
      args.includes('-json') && args.includes('-batch')
        ? this.#answerEach(line, options.input ?? '')
        : this.#answer(line);
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve({ code: 0, stdout: '', stderr: '', ...answer });
  }

  #answer(line: string): Answer {
    const answer = this.#answers.find(([pattern]) => pattern.test(line))?.[1] ?? {};
    return typeof answer === 'function' ? answer() : answer;
  }

  /** As ip(8): JSON in one line for each, until one fails. */
  #answerEach(line: string, input: string): Answer {
    let printed = '';
    for (const question of input.trim().split('\n')) {
      const answer = this.#answer(line.replace('-batch -', question));
      if (answer instanceof Error) return answer;
      const { code = 0, stdout = '[]', stderr = '' } = answer;
      if (code !== 0) return { code, stdout: printed, stderr };
      printed += `${stdout.trim()}\n`;
    }
    return { stdout: printed };
  }
}
