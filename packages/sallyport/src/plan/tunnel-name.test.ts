import { describe, expect, it } from 'vitest';
import { interfaceIdOf, interfaceNameOf, tunnelName } from './tunnel-name.ts';

const LONGEST = 'a'.repeat(63);

describe('names of a tunnel', () => {
  it('tell namespace, connection and tunnel apart', () => {
    expect(tunnelName('tenant', 'partner-a', 'main')).toBe('sp.tenant.partner-a.main');
  });

  it('are the same for ever: SAs and interfaces of a running host hang on them', () => {
    expect(interfaceIdOf('sp.default.partner-a.main')).toBe(0x0a78d801);
    expect(interfaceNameOf('sp.default.partner-a.main')).toBe('sp0a78d801');
  });

  it.each([tunnelName('a', 'b', 'c'), tunnelName(LONGEST, LONGEST, LONGEST)])(
    'fit into the 15 characters of Linux',
    (name) => {
      expect(interfaceNameOf(name)).toMatch(/^sp[0-9a-f]{8}$/);
    },
  );

  it('keep the zeros in front of a small id', () => {
    // Found by search: a hash that begins with four zero digits.
    expect(interfaceNameOf('sp.default.site-56760.main')).toBe('sp0000898f');
  });
});
