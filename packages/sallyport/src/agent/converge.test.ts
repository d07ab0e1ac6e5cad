import { expect, it } from 'vitest';
import type { Change } from '../drivers/driver.ts';
import { Converger } from './converge.ts';

it('tells the log of a hundred changes of many, and how many there were more', async () => {
  const lines: string[] = [];
  const note = (_: object, message: string): void => {
    lines.push(message);
  };
  const converger = new Converger({
    driver: 'kernel',
    drift: { decide: () => 'apply', note: () => undefined } as never,
    log: { debug: note, info: note, warn: note, error: note },
  });
  const changes = Array.from(
    { length: 250 },
    (_, index): Change => ({
      ...{ driver: 'kernel', action: 'add', impact: 'nothing' },
      subject: `route ${index}`,
    }),
  );
  const differences = await converger.converge({
    look: { level: 'kernel', plan: { revision: 'a' } } as never,
    changes,
    teller: { name: 'kernel', tunnelsOf: () => [] },
    apply: () => Promise.resolve({ done: changes, failed: [] }),
    remaining: () => Promise.resolve([]),
  });
  expect(differences).toEqual([]);
  expect(lines).toHaveLength(101);
  expect(lines.slice(99)).toEqual(['add route 99', 'and 150 changes more']);
});
