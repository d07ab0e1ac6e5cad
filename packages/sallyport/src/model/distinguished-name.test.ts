import { describe, expect, it } from 'vitest';
import { isSameName, spellName } from './distinguished-name.ts';

const ESCAPED = String.raw`C=CH, O=Müller\, \"Söhne\" AG, CN=gw`;
const SLASHED = '/C=CH/O=Müller, "Söhne" AG/CN=gw';

describe('isSameName', () => {
  it.each([
    [ESCAPED, SLASHED],
    [ESCAPED, String.raw`c=CH,O=M\C3\BCller\2C \"S\C3\B6hne\" AG,CN = gw`],
    ['E=ops@example, CN=a=b', '/emailAddress=ops@example/CN=a=b'],
    [String.raw`O=a\\2C, CN=\ x\ `, String.raw`O=a\5C2C,CN=\20x\20`],
    ['O=A/B, CN=gw', 'O=A/B,CN=gw'],
  ])('finds %s in %s', (a, b) => {
    expect(isSameName(a, b)).toBe(true);
  });

  it.each([
    ['O=A, CN=gw', 'CN=gw, O=A'],
    ['O=a', 'O=A'],
    ['O=A+CN=gw', 'O=A+CN=gw'],
    [String.raw`O=\FF`, String.raw`O=\FF`],
    ['', ''],
    ['O', 'O'],
  ])('does not find %s in %s', (a, b) => {
    expect(isSameName(a, b)).toBe(false);
  });
});

describe('spellName', () => {
  it.each([
    ['C=CH,O=Example,  CN=gw', 'C=CH, O=Example, CN=gw'],
    ['/C=CH/O=Example/CN=gw', 'C=CH, O=Example, CN=gw'],
    [ESCAPED, SLASHED],
    [SLASHED, SLASHED],
    [String.raw`O=a\+b, CN=*`, 'O=a+b, CN=*'],
  ])('spells %s', (text, spelled) => {
    expect(spellName(text)).toEqual({ spelled });
  });

  it.each([
    ['asn1dn', /not TYPE=value/],
    ['O=a + CN=b', /not TYPE=value/],
    ['SN=Muster, CN=gw', /knows no SN/],
    [String.raw`O=a/b\, c, CN=gw`, /both a comma and a slash/],
    [String.raw`O=\ a, CN=gw`, /drops blanks/],
  ])('tells why it cannot spell %s', (text, fault) => {
    expect(spellName(text)).toEqual({ fault: expect.stringMatching(fault) as string });
  });
});
