import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue, type ViciEvent } from './event-queue.ts';
import { buildMessage } from './message-build.ts';

function event(n: number): ViciEvent {
  return { type: 'event', name: 'log', message: buildMessage({ n }), generation: 1 };
}

function drain(queue: EventQueue): string[] {
  const seen: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) seen.push(show(item));
  return seen;
}

function show(item: ViciEvent): string {
  if (item.type === 'event') return item.message.text('n') ?? '';
  return item.type === 'lost' ? `lost ${String(item.count)}` : `reset ${String(item.generation)}`;
}

test('events come out in order', () => {
  const queue = new EventQueue(3);
  for (const n of [1, 2, 3]) queue.push(event(n));
  expect(queue.length).toBe(3);
  expect(drain(queue)).toEqual(['1', '2', '3']);
  expect(queue.shift()).toBeUndefined();
});

test('what does not fit is counted where it was lost, and later events follow', () => {
  const queue = new EventQueue(2);
  for (const n of [1, 2, 3, 4, 5]) queue.push(event(n));
  expect(show(queue.shift() ?? event(0))).toBe('1');
  expect(show(queue.shift() ?? event(0))).toBe('2');
  queue.push(event(6));
  queue.push(event(7));
  expect(drain(queue)).toEqual(['lost 3', '6', 'lost 1']);
});

test('a reset gets into a full queue and voids what is in it, counted', () => {
  const queue = new EventQueue(2);
  for (const n of [1, 2, 3]) queue.push(event(n));
  queue.push({ type: 'reset', generation: 2 });
  expect(drain(queue)).toEqual(['lost 3', 'reset 2']);
});

test('the queue stays bounded under resets alone', () => {
  const queue = new EventQueue(4);
  for (let generation = 1; generation < 100; generation++)
    queue.push({ type: 'reset', generation });
  expect(queue.length).toBeLessThanOrEqual(5);
  expect(drain(queue).at(-1)).toBe('reset 99');
});

test('nothing is ever lost silently: read and lost together are what was pushed', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant<'push'>('push') },
    { weight: 4, arbitrary: fc.constant<'read'>('read') },
    { weight: 1, arbitrary: fc.constant<'reset'>('reset') },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { maxLength: 200 }),
      (limit, steps) => {
        const queue = new EventQueue(limit);
        let pushed = 0;
        let accounted = 0;
        const read = (item: ViciEvent | undefined): void => {
          if (item?.type === 'lost') accounted += item.count;
          if (item?.type !== 'event') return;
          accounted += 1;
          // In order, and a gap always has its marker before it.
          expect(item.message.integer('n')).toBe(accounted);
        };
        for (const action of steps) {
          if (action === 'push') queue.push(event(++pushed));
          else if (action === 'reset') queue.push({ type: 'reset', generation: 2 });
          else read(queue.shift());
          expect(queue.length).toBeLessThanOrEqual(limit + 2);
        }
        for (let item = queue.shift(); item !== undefined; item = queue.shift()) read(item);
        expect(accounted).toBe(pushed);
      },
    ),
  );
});
