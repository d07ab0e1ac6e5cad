/** Set-up of the tests with effects: a guess of a passphrase costs next to nothing, nor does it to make a key. */
import { vi } from 'vitest';

vi.mock('../scrypt-cost.ts', () => ({ SCRYPT: { N: 2 ** 4, r: 8, p: 1 } }));
