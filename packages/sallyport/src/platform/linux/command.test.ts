import { describe, expect, it } from 'vitest';
import { CommandError, limitedCommands, outputOf, systemCommands } from './command.ts';

describe('systemCommands', () => {
  it('gives back code and both outputs, in the C locale', async () => {
    const script = 'cat; echo "$LC_ALL" >&2; exit 3';
    const result = await systemCommands.run('sh', ['-c', script], { input: 'in' });
    expect(result).toEqual({ code: 3, stdout: 'in', stderr: 'C\n' });
  });

  it('reads no shell into its arguments', async () => {
    const word = '$(id); "a b" *';
    expect((await systemCommands.run('printf', ['%s', word])).stdout).toBe(word);
  });

  it('does not mind a program that ends before it has read its input', async () => {
    const result = await systemCommands.run('true', [], { input: 'x'.repeat(1 << 20) });
    expect(result.code).toBe(0);
  });

  it.each([
    ['a program that is not there', 'sallyport-none', /ENOENT/],
    ['a program that was killed', 'sh', /ended by SIGKILL/],
  ])('throws for %s', async (_what, file, message) => {
    const run = systemCommands.run(file, ['-c', 'kill -9 $$']);
    await expect(run).rejects.toThrow(CommandError);
    await expect(run).rejects.toThrow(message);
  });

  it('ends the program when the signal fires', async () => {
    const ended = new AbortController();
    const run = systemCommands.run('sh', ['-c', 'sleep 60'], { signal: ended.signal });
    ended.abort();
    await expect(run).rejects.toThrow(/abort/);
  });
});

describe('limitedCommands', () => {
  it('ends a program that does not stop printing, and says so', async () => {
    const run = limitedCommands(1_000).run('sh', ['-c', 'while :; do echo 12345678; done']);
    await expect(run).rejects.toThrow(/: printed more than 1000 bytes$/);
  });

  it.each([
    ['takes both outputs together', 'printf 12345; printf 67890 >&2'],
    ['does not give half of it for the whole, though it ended well', 'printf 1234567890; exit 0'],
  ])('%s', async (_what, script) => {
    await expect(limitedCommands(10).run('sh', ['-c', script])).resolves.toMatchObject({ code: 0 });
    const run = limitedCommands(9).run('sh', ['-c', script]);
    await expect(run).rejects.toThrow('printed more than 9 bytes');
  });
});

describe('an error', () => {
  it('names program and arguments, and never the input, which may hold secrets', async () => {
    const input = 'psk-7f3a';
    const runs = [
      systemCommands.run('sallyport-none', ['-f', '-'], { input }),
      systemCommands.run('sh', ['-c', 'cat; kill -9 $$'], { input }),
      outputOf(systemCommands, 'sh', ['-c', 'cat; exit 4'], { input }),
      limitedCommands(1).run('cat', ['-'], { input }),
    ];
    for (const result of await Promise.allSettled(runs)) {
      expect(result).toMatchObject({ status: 'rejected' });
      const { message } = (result as PromiseRejectedResult).reason as CommandError;
      expect(message).toMatch(/^(sallyport-none -f -|sh -c .*|cat -): ./);
      expect(message).not.toContain(input);
    }
  });
});

describe('outputOf', () => {
  it('throws with what the program said, and its code', async () => {
    const run = outputOf(systemCommands, 'sh', ['-c', 'echo no such thing >&2; exit 4']);
    await expect(run).rejects.toThrow('no such thing');
    await expect(run).rejects.toMatchObject({ code: 4 });
    const silent = outputOf(systemCommands, 'sh', ['-c', 'exit 5']);
    await expect(silent).rejects.toThrow('exit code 5');
  });
});
