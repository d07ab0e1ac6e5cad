import { describe, expect, it } from 'vitest';
import { removeEngineRoutes, removeEngineRouting } from './engine-routes.ts';
import { FakeCommands } from './testing/fake-commands.ts';

const { signal } = new AbortController();

function withRoutes(): FakeCommands {
  const rows = [{ dst: '10.2.0.0/24' }, { dst: '10.3.0.7' }, { dst: 'default' }];
  return new FakeCommands()
    .on(/^ip -4 -json -Numeric route show table 8310/, { stdout: JSON.stringify(rows) })
    .on(/^ip -6 -json -Numeric route show/, {
      code: 2,
      stderr: 'Error: FIB table does not exist.',
    });
}

const inputs = ({ calls }: FakeCommands): string[] => calls.flatMap(({ input }) => input || []);

describe('removeEngineRoutes', () => {
  it('removes those that lead nowhere any more', async () => {
    const commands = withRoutes();
    await removeEngineRoutes(commands, new Set(['10.2.0.0/24']), signal);
    expect(inputs(commands)).toEqual([
      'route delete 10.3.0.7/32 table 8310\nroute delete 0.0.0.0/0 table 8310\n',
    ]);
  });

  it('changes nothing where all of them are wanted', async () => {
    const commands = withRoutes();
    await removeEngineRoutes(
      commands,
      new Set(['10.2.0.0/24', '10.3.0.7/32', '0.0.0.0/0']),
      signal,
    );
    expect(inputs(commands)).toEqual([]);
  });
});

describe('removeEngineRouting', () => {
  it('removes every route of the table, and the rules of both families', async () => {
    const commands = withRoutes();
    await removeEngineRouting(commands, signal);
    expect(inputs(commands)[0]?.split('\n')).toHaveLength(4);
    expect(commands.calls.map(({ line }) => line).slice(-2)).toEqual([
      'ip -4 rule delete priority 8310 table 8310',
      'ip -6 rule delete priority 8310 table 8310',
    ]);
  });
});
