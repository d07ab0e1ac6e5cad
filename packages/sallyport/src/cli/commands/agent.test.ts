import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentRunningError } from '../../agent/start.ts';
import { Shell } from '../testing/run.ts';
import { VERSION } from '../version.ts';

const start = vi.hoisted(() => ({
  runAgent: vi.fn((_options: object, _signal: AbortSignal) => Promise.resolve()),
  teardown: vi.fn((_options: object, _signal: AbortSignal) => Promise.resolve()),
}));
vi.mock(import('../../agent/start.ts'), async (importOriginal) => ({
  ...(await importOriginal()),
  ...start,
}));

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
});
afterEach(async () => {
  vi.clearAllMocks();
  await shell[Symbol.asyncDispose]();
});

describe('agent', () => {
  it('runs with the settings given, until the signal', async () => {
    const { signal } = new AbortController();
    const words = ['agent', '--window', '7', '--charon-socket', 'unix:///run/charon.vici'];
    expect(await shell.run([...words, '--log-level', 'warn'], { signal })).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const [options, given] = start.runAgent.mock.lastCall ?? [];
    expect(given).toBe(signal);
    expect(options).toMatchObject({
      directories: { state: shell.file('state'), run: shell.file('run') },
      externalSocket: 'unix:///run/charon.vici',
      version: VERSION,
      window: 7,
      log: { level: 'warn' },
    });
    expect(start.teardown).not.toHaveBeenCalled();
  });

  it('with --teardown removes everything instead of running', async () => {
    const { code, stdout } = await shell.run(['agent', '--teardown']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^nothing of Sallyport is left/)]);
    expect(start.teardown).toHaveBeenCalledOnce();
    expect(start.runAgent).not.toHaveBeenCalled();
    expect(start.teardown.mock.lastCall?.[0]).not.toHaveProperty('externalSocket');
  });

  it('refuses to be the second on a host, and names the first', async () => {
    start.runAgent.mockRejectedValueOnce(new AgentRunningError('pid 12, since today'));
    const { code, stderr } = await shell.run(['agent']);
    expect([code, stderr]).toEqual([
      1,
      'sallyport: another Sallyport agent already runs on this host (pid 12, since today): stop it first\n',
    ]);
  });

  it('fails with what went wrong', async () => {
    start.runAgent.mockRejectedValueOnce(new Error('out of files'));
    const { code, stderr } = await shell.run(['agent']);
    expect([code, stderr]).toEqual([1, 'sallyport: out of files\n']);
  });

  it('says that it was interrupted where it could not end in order', async () => {
    const interrupt = new AbortController();
    start.teardown.mockImplementationOnce(() => {
      interrupt.abort();
      return Promise.reject(new Error('aborted'));
    });
    const { code, stderr } = await shell.run(['agent', '--teardown'], { signal: interrupt.signal });
    expect([code, stderr]).toEqual([130, 'sallyport: interrupted\n']);
  });
});
