import { describe, expect, it } from 'vitest';
import { ScriptedCommands } from '../testing/processes.ts';
import { UnitProcess } from './daemon-process.ts';

const { signal } = new AbortController();

describe('a daemon that systemd keeps', () => {
  const UNIT = 'sallyport-charon.service';

  it.each([
    ['4711\n', 4711],
    ['0\n', undefined],
    ['\n', undefined],
  ])('with MainPID %j has the pid %s', async (stdout, pid) => {
    const commands = new ScriptedCommands({ stdout });
    expect(await new UnitProcess(commands, UNIT).find(signal)).toBe(pid);
    expect(commands.lines).toEqual([`systemctl show --property MainPID --value ${UNIT}`]);
  });

  it('is started and stopped as its unit, and nothing else', async () => {
    const commands = new ScriptedCommands({});
    const unit = new UnitProcess(commands, UNIT);
    await unit.start(signal);
    await unit.stop(signal);
    expect(commands.lines).toEqual([`systemctl start ${UNIT}`, `systemctl stop ${UNIT}`]);
  });

  it('says what systemd said where it cannot be started', async () => {
    const commands = new ScriptedCommands({ code: 1, stderr: 'Job failed. See "journalctl -xe".' });
    await expect(new UnitProcess(commands, UNIT).start(signal)).rejects.toThrow(
      `systemctl start ${UNIT}: Job failed.`,
    );
  });

  it('is not there where systemd does not know the unit', async () => {
    const commands = new ScriptedCommands({ code: 1 });
    expect(await new UnitProcess(commands, UNIT).isInstalled(signal)).toBe(false);
  });
});
