import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NO_FACTS } from './facts.ts';
import { parseYaml } from './parse-yaml.ts';
import { certificatePartner, secondHost, thirdPartner, twoSites, vary } from './testing.ts';
import { validateObjects } from './validate.ts';

/** Wrong in many ways at once, without duplicate objects, of which the first stays by design. */
const world = vary(
  twoSites + certificatePartner + secondHost + thirdPartner,
  ['hosts: [gw1]', 'hosts: [gw1, gw3]'],
  ['10.40.0.0/16', '10.20.64.0/18'],
  ['10.30.0.0/16', '10.10.7.0/24'],
  ['secret: own', 'secret: gone'],
  ['crypto: default', 'crypto: {ike: {proposals: [aes256]}, esp: {proposals: [3des-md5]}}'],
);

it('says the same of the same objects in any order', () => {
  const { objects } = parseYaml([{ file: 'world.yaml', text: world }]);
  const { problems } = validateObjects(objects, NO_FACTS);
  expect(problems.length).toBeGreaterThan(5);
  fc.assert(
    fc.property(fc.shuffledSubarray([...objects], { minLength: objects.length }), (shuffled) => {
      expect(validateObjects(shuffled, NO_FACTS).problems).toEqual(problems);
    }),
  );
});

it('never throws, whatever the text', () => {
  const lines = fc.array(
    fc.constantFrom(
      ...world.split('\n'),
      '- a',
      '? b',
      '&x',
      '*x',
      '"',
      '[',
      '{',
      '---',
      '\t',
      '%',
      '!!binary',
      'kind: Secret',
    ),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        lines.map((list) => list.join('\n')),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        const { objects, problems } = parseYaml([{ file: 'a.yaml', text }]);
        expect(problems.every(({ source }) => source !== undefined && source.line > 0)).toBe(true);
        validateObjects(objects, NO_FACTS);
      },
    ),
    { numRuns: 300 },
  );
});
