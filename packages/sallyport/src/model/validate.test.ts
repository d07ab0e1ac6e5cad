import { describe, expect, it } from 'vitest';
import type { Problem } from '../lib/problem.ts';
import { type Facts, NO_FACTS } from './facts.ts';
import { parseYaml } from './parse-yaml.ts';
import {
  authority,
  certificateFacts,
  certificatePartner,
  daemonWith,
  housePolicy,
  judge,
  leaf,
  secondHost,
  secretFacts,
  thirdPartner,
  twoSites,
  vary,
} from './testing.ts';
import { validateObjects } from './validate.ts';

const both = twoSites + certificatePartner;

describe('validateObjects', () => {
  it('has nothing to say of valid worlds', () => {
    expect(judge(both).problems).toEqual([]);
    expect(judge(both + thirdPartner + secondHost + housePolicy).problems).toEqual([]);
    expect(judge(both, certificateFacts()).problems).toEqual([]);
  });

  it('points at the line of the field', () => {
    const text = vary(twoSites, ['gateway: edge', 'gateway: egde']);
    const line = text.split('\n').findIndex((one) => one.includes('egde')) + 1;
    expect(judge(text).problems[0]?.source).toEqual({ file: 'world.yaml', line, column: 12 });
  });

  it('reports every problem at once, in the order of the lines', () => {
    const text = vary(
      both,
      ['hosts: [gw1]', 'hosts: [gw9]'],
      ['crypto: default', 'crypto: nope'],
      ['secret: own', 'secret: gone'],
    );
    expect(judge(text).problems.map(({ code }) => code)).toEqual([
      'gateway/unknown-host',
      'connection/unknown-crypto-policy',
      'connection/unknown-secret',
    ]);
  });

  it('says that a missing reference is waiting where objects come one by one', () => {
    const { objects } = parseYaml([
      { file: 'w.yaml', text: vary(twoSites, ['gateway: edge', 'gateway: later']) },
    ]);
    const { problems } = validateObjects(objects, NO_FACTS, { missingReference: 'waiting' });
    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([
      ['connection/unknown-gateway', 'waiting'],
    ]);
  });

  it('does not report references to an object that is itself refused', () => {
    const text = vary(twoSites, ['networks: [10.10.0.0/16', 'networks: [10.10.0.1/16']);
    expect(judge(text).problems.map(({ code }) => code)).toEqual(['prefix/host-bits']);
  });

  it('passes the problems of secrets on, with their place in the file', () => {
    const found: Problem = {
      code: 'secret/file-missing',
      severity: 'error',
      message: 'the file does not exist',
      path: 'spec.psk.file',
    };
    const facts: Facts = {
      hosts: [],
      secrets: [{ ...secretFacts('a-psk', 'psk', []), problems: [found] }],
      now: '2026-06-01T00:00:00Z',
      here: 'gw1',
    };
    const { problems } = judge(twoSites, facts);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      ...found,
      object: { kind: 'Secret', namespace: 'default', name: 'a-psk' },
      source: { line: 30 },
    });
  });

  it('wants the files of a secret only where a tunnel uses it', () => {
    const text = vary(
      twoSites + secondHost + thirdPartner,
      ['hosts: [gw1]', 'hosts: [gw1, gw2]'],
      ['- remote:', '- host: gw1\n      remote:'],
      ['[{remote: {address: 198.51.100.30}}]', '[{host: gw2, remote: {address: 198.51.100.30}}]'],
      ['auth: {psk: {secret: a-psk}}\n  routing', 'auth: {psk: {secret: c-psk}}\n  routing'],
    );
    const cPsk = vary(twoSites.slice(twoSites.lastIndexOf('---')), ['a-psk', 'c-psk']);
    const missing: Problem = {
      ...{ code: 'secret/file-missing', severity: 'error', message: 'the file does not exist' },
      path: 'spec.psk.file',
    };
    const secrets = ['a-psk', 'c-psk'].map((name) => ({
      ...secretFacts(name, 'psk', []),
      problems: [missing],
    }));
    const severities = (here: { readonly here?: string }): unknown[] =>
      judge(text + cPsk, { hosts: [], secrets, ...here }).problems.map(({ object, severity }) => [
        object?.name,
        severity,
      ]);
    expect(severities({ here: 'gw1' })).toEqual([
      ['a-psk', 'error'],
      ['c-psk', 'warning'],
    ]);
    expect(severities({ here: 'gw2' })).toEqual([
      ['a-psk', 'warning'],
      ['c-psk', 'error'],
    ]);
    expect(severities({})).toEqual([
      ['a-psk', 'warning'],
      ['c-psk', 'warning'],
    ]);
  });

  it('ignores overlaps and equal tunnels of disabled connections', () => {
    const text = vary(
      twoSites + thirdPartner,
      ['10.40.0.0/16', '10.20.0.0/16'],
      ['198.51.100.30', '198.51.100.20'],
      ['start: initiate', 'adminState: disabled'],
    );
    expect(judge(text).problems).toEqual([]);
  });

  it('allows the same networks on different hosts', () => {
    const text = vary(
      twoSites + secondHost + thirdPartner,
      ['hosts: [gw1]', 'hosts: [gw1, gw2]'],
      ['- remote:', '- host: gw1\n      remote:'],
      ['[{remote: {address: 198.51.100.30}}]', '[{host: gw2, remote: {address: 198.51.100.30}}]'],
      ['10.40.0.0/16', '10.20.0.0/16'],
    );
    expect(judge(text).problems).toEqual([]);
  });

  it('names few of very many overlaps', () => {
    const copies = Array.from({ length: 30 }, (_, index) =>
      vary(
        thirdPartner,
        ['partner-c', `copy-${String(index)}`],
        ['198.51.100.30', `198.51.100.${String(index + 100)}`],
      ),
    );
    const { problems } = judge(twoSites + copies.join(''));
    const perObject = Map.groupBy(problems, ({ object }) => object?.name);
    expect(perObject.size).toBe(29);
    expect(Math.max(...[...perObject.values()].map((list) => list.length))).toBe(8);
  });

  it('names an overlap once although it stands on two hosts', () => {
    const tunnels = (address: string): string =>
      `tunnels: [{name: a, host: gw1, remote: {address: ${address}}}, {name: b, host: gw2, remote: {address: ${address}}}]`;
    const text = vary(
      twoSites + secondHost + thirdPartner,
      ['hosts: [gw1]', 'hosts: [gw1, gw2]'],
      ['tunnels:\n    - remote: {address: 198.51.100.20}', tunnels('198.51.100.20')],
      ['tunnels: [{remote: {address: 198.51.100.30}}]', tunnels('198.51.100.30')],
      ['10.40.0.0/16', '10.20.0.0/16'],
    );
    expect(judge(text).problems.map(({ code }) => code)).toEqual(['network/overlaps-connection']);
  });

  it('accepts names of hosts, and any peer where we only answer', () => {
    expect(judge(vary(twoSites, ['198.51.100.20', 'vpn.partner.example'])).problems).toEqual([]);
    expect(
      judge(
        vary(twoSites, ['{address: 198.51.100.20}', '{}'], ['start: initiate', 'start: respond']),
      ).problems,
    ).toEqual([]);
  });

  it('takes our own CA for the other side when it is told nothing else', () => {
    const text = vary(both, [', peerAuthority: peer-ca', '']);
    expect(judge(text, certificateFacts({ own: [leaf, authority] })).problems).toEqual([]);
  });

  it('asks the daemon for nothing that the kernel computes', () => {
    const text = vary(twoSites, [
      'crypto: default',
      'crypto: {ike: {proposals: [aes256gcm16-prfsha384-ecp384]}, esp: {proposals: [chacha20poly1305-ecp384-none-esn]}}',
    ]);
    expect(judge(text, daemonWith('AES_GCM_16', 'PRF_HMAC_SHA2_384', 'ECP_384')).problems).toEqual(
      [],
    );
  });

  it('indexes objects by namespace and name', () => {
    const { objects } = judge(both);
    expect([...objects.connections.keys()]).toEqual(['default/partner-a', 'default/partner-b']);
    expect(objects.hosts.get('default/gw1')?.spec.addresses).toEqual([
      '192.0.2.10',
      '2001:db8:1::10',
    ]);
  });
});
