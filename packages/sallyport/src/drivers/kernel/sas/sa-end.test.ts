import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SaEnd } from '../../../status/counter-ledger.ts';
import { SaEndReader } from './sa-end.ts';

function readAll(lines: readonly string[]): SaEnd[] {
  const reader = new SaEndReader();
  return lines.flatMap((line) => reader.read(line) ?? []);
}

it('reads what an SA had carried when it was deleted, and nothing else', () => {
  const path = join(import.meta.dirname, '..', 'testdata', 'ip-6.1-xfrm-monitor.txt');
  expect(readAll(readFileSync(path, 'utf8').split('\n'))).toEqual([
    { destination: '192.0.2.2', spi: 'c0001001', bytes: 4_560, packets: 20 },
  ]);
});

it('makes nothing of a message that breaks off, or of what it does not know', () => {
  expect(
    readAll([
      'Deleted src 192.0.2.1 dst 192.0.2.2',
      '\t  7(bytes), 7(packets)',
      '\tproto esp spi 0x00000009(9) reqid 1(0x00000001) mode tunnel',
      'Flushed state proto 0',
      '\t  8(bytes), 8(packets)',
      'Deleted src 192.0.2.1 dst 192.0.2.2',
      '\tproto ah spi 0x00000009(9) reqid 1(0x00000001) mode tunnel',
      '\t  9(bytes), 9(packets)',
    ]),
  ).toEqual([]);
});
