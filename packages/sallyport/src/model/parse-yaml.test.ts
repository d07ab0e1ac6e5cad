import { describe, expect, it } from 'vitest';
import { formatProblem, type Problem } from '../lib/problem.ts';
import { parseYaml } from './parse-yaml.ts';
import { judge, twoSites, vary } from './testing.ts';

function problemsOf(text: string): readonly Problem[] {
  return parseYaml([{ file: 'a.yaml', text }]).problems;
}

/** `code@line:column path`, enough to tell what was found where. */
function summary(text: string): string[] {
  return problemsOf(text).map(
    ({ code, path, source }) =>
      `${code}@${String(source?.line)}:${String(source?.column)}${path === undefined ? '' : ` ${path}`}`,
  );
}

const HEAD = 'apiVersion: sallyport.dev/v1alpha1\n';
const HOST = `${HEAD}kind: Host\nmetadata: {name: h}\nspec: {addresses: [192.0.2.1]}\n`;

describe('parseYaml', () => {
  it('fills in what is left out', () => {
    const [, , connection] = parseYaml([{ file: 'w.yaml', text: twoSites }]).objects;
    expect(connection?.file).toBe('w.yaml');
    expect(connection?.object).toEqual({
      apiVersion: 'sallyport.dev/v1alpha1',
      kind: 'Connection',
      metadata: { name: 'partner-a', namespace: 'default' },
      spec: {
        gateway: 'edge',
        provider: 'generic',
        tunnels: [{ name: 'main', local: {}, remote: { address: '198.51.100.20' }, priority: 0 }],
        auth: { psk: { secret: 'a-psk' } },
        crypto: 'default',
        mode: 'tunnel',
        start: 'initiate',
        liveness: { delaySeconds: 10 },
        encapsulation: 'auto',
        selectors: 'per-family',
        routing: { static: { networks: ['10.20.0.0/16', 'fd20::/48'] } },
        probes: { intervalMilliseconds: 200, failAfter: 3, recoverAfter: 10 },
        adminState: 'enabled',
      },
    });
  });

  it('knows where every field was written', () => {
    const [host] = parseYaml([{ file: 'h.yaml', text: HOST }]).objects;
    expect(host?.positions.get('')).toEqual({ file: 'h.yaml', line: 1, column: 1 });
    expect(host?.positions.get('metadata.name')).toEqual({ file: 'h.yaml', line: 3, column: 18 });
    expect(host?.positions.get('spec.addresses[0]')).toEqual({
      file: 'h.yaml',
      line: 4,
      column: 20,
    });
  });

  it('reads several files, and documents with nothing in them', () => {
    const { objects, problems } = parseYaml([
      { file: 'a.yaml', text: `---\n---\n${HOST}---\n# nothing\n` },
      { file: 'b.yaml', text: HOST },
      { file: 'c.yaml', text: '' },
    ]);
    expect(objects.map(({ file }) => file)).toEqual(['a.yaml', 'b.yaml']);
    expect(problems).toEqual([]);
  });

  it.each([
    ['a list in place of an object', '- a\n', ['object/not-a-mapping@1:1']],
    ['no kind', HEAD, ['field/missing@1:1 kind']],
    ['an unknown kind', `${HEAD}kind: Gatway\n`, ['object/unknown-kind@2:7 kind']],
    ['no apiVersion', 'kind: Host\nmetadata: {name: h}\n', ['field/missing@1:1 apiVersion']],
    [
      'another apiVersion, and nothing of what follows from it',
      'apiVersion: sallyport.dev/v2\nkind: Host\nspec: {other: 1}\n',
      ['object/unknown-api-version@1:13 apiVersion'],
    ],
    [
      'an apiVersion that is no text',
      'apiVersion: 1\nkind: Host\n',
      ['object/unknown-api-version@1:13 apiVersion'],
    ],
    [
      'an unknown field',
      vary(HOST, ['spec: {', 'spec: {adresses: [], ']),
      ['field/unknown@4:8 spec.adresses'],
    ],
    [
      'a missing field',
      vary(HOST, ['addresses: [192.0.2.1]', '']),
      ['field/missing@4:7 spec.addresses'],
    ],
    ['a missing spec', `${HEAD}kind: Host\nmetadata: {name: h}\n`, ['field/missing@1:1 spec']],
    ['an empty field', vary(HOST, ['{addresses: [192.0.2.1]}', '']), ['field/wrong-type@4:7 spec']],
    [
      'a value of another type',
      vary(HOST, ['[192.0.2.1]', '192.0.2.1']),
      ['field/wrong-type@4:19 spec.addresses'],
    ],
    [
      'an address that is none',
      vary(HOST, ['192.0.2.1', '192.0.2.256']),
      ['field/malformed@4:20 spec.addresses[0]'],
    ],
    ['an empty list', vary(HOST, ['192.0.2.1', '']), ['field/out-of-range@4:19 spec.addresses']],
    [
      'a name with capitals',
      vary(HOST, ['name: h', 'name: H']),
      ['field/malformed@3:18 metadata.name'],
    ],
    [
      'a label that is too long',
      vary(HOST, ['name: h', `name: h, labels: {a: ${'x'.repeat(64)}}`]),
      ['field/out-of-range@3:33 metadata.labels.a'],
    ],
    [
      'a label with too long a key',
      vary(HOST, ['name: h', `name: h, labels: {? ${'x'.repeat(318)} : a}`]),
      [`field/out-of-range@3:353 metadata.labels.${'x'.repeat(318)}`],
    ],
    [
      'a number out of its range',
      vary(HOST, ['spec: {', 'spec: {capabilities: {underlayMtuBytes: 100}, ']),
      ['field/out-of-range@4:41 spec.capabilities.underlayMtuBytes'],
    ],
    [
      'a value that is not allowed',
      vary(HOST, ['spec: {', 'spec: {capabilities: {dataPlanes: [vit]}, ']),
      ['field/not-allowed@4:36 spec.capabilities.dataPlanes[0]'],
    ],
  ])('finds %s', (_, text, expected) => {
    expect(summary(text)).toEqual(expected);
  });

  it.each([
    [
      'an inner MTU that is neither auto nor a number',
      twoSites,
      'networks: [10.10',
      'mtu: autoo\n  networks: [10.10',
      'must be "auto" or a number',
      'field/wrong-type',
    ],
    [
      'an inner MTU out of range',
      twoSites,
      'networks: [10.10',
      'mtu: 100\n  networks: [10.10',
      'must be at least 576',
      'field/out-of-range',
    ],
    [
      'a list of proposals that is text',
      twoSites,
      'crypto: default',
      'crypto: {ike: {proposals: aes}, esp: {proposals: [aes256gcm16]}}',
      'must be a list, not text',
      'field/wrong-type',
    ],
    [
      'a policy without ESP',
      twoSites,
      'crypto: default',
      'crypto: {ike: {proposals: [aes256gcm16-prfsha384-ecp384]}}',
      'is required',
      'field/missing',
    ],
    [
      'a policy that is a number',
      twoSites,
      'crypto: default',
      'crypto: 5',
      'must be text or a mapping',
      'field/wrong-type',
    ],
    [
      'a fraction of a second',
      twoSites,
      'start: initiate',
      'liveness: {delaySeconds: 1.5}',
      'must be a whole number, not a fraction',
      'field/wrong-type',
    ],
    [
      'a switch that is neither true nor false',
      twoSites,
      'networks: [10.10',
      'leakGuard: sometimes\n  networks: [10.10',
      'must be true or false, not text',
      'field/wrong-type',
    ],
    [
      'a text of no characters',
      twoSites,
      'file: a.psk',
      "file: ''",
      'must have at least 1 character',
      'field/out-of-range',
    ],
    [
      'a prefix with host bits',
      twoSites,
      '10.20.0.0/16',
      '10.20.0.1/16',
      'has host bits set',
      'prefix/host-bits',
    ],
    [
      'a prefix that is none',
      twoSites,
      '10.20.0.0/16',
      '10.20.0.0',
      'is not a prefix',
      'prefix/malformed',
    ],
    [
      'a remote address that is none',
      twoSites,
      'address: 198.51.100.20',
      'address: "a b"',
      'is neither an address nor a host name',
      'field/malformed',
    ],
  ])('says what is wrong with %s', (_, world, from, to, message, code) => {
    const { problems } = judge(vary(world, [from, to]));
    expect(problems.map((problem) => [problem.code, problem.message])).toEqual([[code, message]]);
  });

  it('gives the prefix that was meant as a hint', () => {
    const [problem] = problemsOf(vary(twoSites, ['10.20.0.0/16', '10.20.0.1/16']));
    expect(problem?.hint).toBe('write 10.20.0.0/16 for the network or 10.20.0.1/32 for the host');
    expect(problem?.value).toBe('10.20.0.1/16');
  });

  it.each([
    ['initate', 'did you mean "initiate"?'],
    ['never', 'use one of: initiate, trap, respond'],
  ])('hints at an allowed value for %s', (value, hint) => {
    expect(problemsOf(vary(twoSites, ['start: initiate', `start: ${value}`]))[0]?.hint).toBe(hint);
  });

  it.each([
    ['AS64512', 'write 64512'],
    ['"65010"', 'remove the quotes'],
    ['"1.10"', 'write 65546'],
    ['1.10', 'write it as one number: HIGH.LOW is HIGH x 65536 + LOW, so that 1.10 is 65546'],
    ['many', undefined],
  ])('tells how to write the number of an autonomous system, for %s', (asn, hint) => {
    const text = vary(twoSites, ['  networks: [10.10', `  bgp: {asn: ${asn}}\n  networks: [10.10`]);
    expect(problemsOf(text)[0]?.hint).toBe(hint);
  });

  it.each([
    [
      'availability: {mode: active-standby, virtual: 10.10.0.100/24}',
      'write a mapping with addresses, interface, routerId',
    ],
    ['mtu: auto\n  leakGuard: 5', undefined],
    [
      'availability: {virtual: {addresses: [10.10.0.9/24], interface: eth1, routerID: 20}}',
      'did you mean "routerId"?',
    ],
  ])('says one thing of one mistake, and the way out: %s', (field, hint) => {
    const text = vary(twoSites, ['  networks: [10.10', `  ${field}\n  networks: [10.10`]);
    expect(problemsOf(text).map((problem) => problem.hint)).toEqual([hint]);
  });

  it('tells that a password is the name of a Secret, and an example of an address that fits its place', () => {
    const bgp = 'bgp: {asn: 1, accept: [10.20.0.0/16], password: {secret: x}}';
    const text = vary(twoSites, ["static: {networks: [10.20.0.0/16, 'fd20::/48']}", bgp]);
    expect(problemsOf(text).map(({ hint }) => hint)).toEqual(['write the name of a Secret']);
    const virtual = vary(twoSites, [
      '  networks: [10.10',
      '  availability: {virtual: {addresses: [10.10.0.9], interface: eth1, routerId: 2}}\n  networks: [10.10',
    ]);
    expect(problemsOf(virtual)[0]?.message).toMatch(/ such as 10\.20\.0\.100\/24$/);
  });

  it('hints at the nearest field inside lists, defaults and alternatives', () => {
    const hintOf = (from: string, to: string): string | undefined =>
      problemsOf(vary(twoSites, [from, to]))[0]?.hint;
    expect(hintOf('{address: 198', '{adress: 198')).toBe('did you mean "address"?');
    expect(hintOf('start: initiate', 'liveness: {delaySecond: 5}')).toBe(
      'did you mean "delaySeconds"?',
    );
    expect(
      hintOf(
        'crypto: default',
        'crypto: {ike: {proposal: [], proposals: [a-b-c]}, esp: {proposals: [a-b-c]}}',
      ),
    ).toBe('did you mean "proposals"?');
    expect(hintOf('{psk: {file: a.psk}}', '{psk: {file: a.psk, colour: red}}')).toBe(
      'use one of: file',
    );
  });

  it('reports every problem of every document at once', () => {
    const text = `${vary(HOST, ['192.0.2.1', 'x'])}---\nkind: Hots\n---\n${vary(HOST, ['spec', 'speck'])}---\na: 1\na: 2\n`;
    expect(problemsOf(text).map(({ code }) => code)).toEqual([
      'yaml/duplicate-key',
      'field/malformed',
      'object/unknown-kind',
      'field/unknown',
    ]);
  });

  it('names refused objects, so that references to them are not dangling', () => {
    const { rejected } = parseYaml([
      {
        file: 'a.yaml',
        text: vary(HOST, ['192.0.2.1', 'x'], ['name: h', 'name: h, namespace: blue']),
      },
    ]);
    expect(rejected).toEqual([{ kind: 'Host', namespace: 'blue', name: 'h' }]);
    expect(
      parseYaml([{ file: 'a.yaml', text: `${HEAD}kind: Host\nmetadata: []\n` }]).rejected,
    ).toEqual([]);
    expect(
      parseYaml([{ file: 'a.yaml', text: `${HEAD}kind: Host\nmetadata: {name: 1}\n` }]).rejected,
    ).toEqual([]);
  });

  it.each([
    ['auth: {psk: {secret: a-psk}}', 'auth: {psk: "hunter2!"}'],
    ['auth: {psk: {secret: a-psk}}', 'auth: {psk: {secret: "hunter2!"}}'],
    ['auth: {psk: {secret: a-psk}}', 'auth: {psk: {value: "hunter2!"}}'],
    [
      "static: {networks: [10.20.0.0/16, 'fd20::/48']}",
      'bgp: {asn: 1, accept: [10.20.0.0/16], password: "hunter2!"}',
    ],
    ['{psk: {file: a.psk}}', '{psk: "hunter2!"}'],
    ['{psk: {file: a.psk}}', '"hunter2!": "hunter2!'],
    ['{psk: {file: a.psk}}', '*hunter2!'],
    ['{psk: {file: a.psk}}', '!hunter2! x'],
    ['{psk: {file: a.psk}}', '{psk: {file: "a\\hunter2!"}}'],
  ])('never repeats a key that stands in the wrong place: %s -> %s', (from, to) => {
    const problems = problemsOf(vary(twoSites, [from, to]));
    expect(problems).not.toEqual([]);
    expect(problems.map(formatProblem).join('\n')).not.toContain('hunter2');
  });

  it('shortens long values and names', () => {
    const long = 'x'.repeat(500);
    const text = vary(twoSites, ['start: initiate', `start: ${long}\n  ${long}: 1`]);
    expect(problemsOf(text).map(({ value, message }) => (value ?? message).length)).toEqual([
      80, 65,
    ]);
  });

  it('does not take keys of the language for fields', () => {
    const text = vary(HOST, ['spec: {', 'spec: {__proto__: {addresses: [1]}, constructor: 1, ']);
    expect(problemsOf(text).map(({ path }) => path)).toEqual([
      'spec.__proto__',
      'spec.constructor',
    ]);
  });
});
