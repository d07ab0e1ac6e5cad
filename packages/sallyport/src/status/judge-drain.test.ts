import { describe, expect, it } from 'vitest';
import type { BgpReport, BgpSessionReport } from './bgp-report.ts';
import type { DrainReport } from './drain-report.ts';
import type { HostReport } from './host-report.ts';
import {
  canMove,
  canRest,
  describeFlow,
  flowsBetween,
  lonelinessOf,
  obstaclesOf,
  otherGateways,
} from './judge-drain.ts';
import { NOW, report, established as session, bgp as speaker } from './testing/reports.ts';

const ONE = 'sp.default.site.one';
type Count = readonly [tunnel: string | undefined, packetsIn: number, packetsOut: number];
const counted = (counts: readonly Count[]) =>
  counts.map(([tunnel, packetsIn, packetsOut]) => ({
    tunnels: tunnel === undefined ? [] : [tunnel],
    ...{ packetsIn, packetsOut },
  }));
const drain = (...counts: readonly Count[]): DrainReport => ({
  ...{ since: NOW, resting: [], forwarded: counted(counts) },
});

describe('flowsBetween', () => {
  it('finds what has passed meanwhile, each way for itself', () => {
    const before = drain([ONE, 5, 5], [undefined, 1, 1]);
    expect(flowsBetween(before, before)).toEqual([]);
    expect(flowsBetween(before, drain([ONE, 7, 5], [undefined, 1, 4]))).toEqual([
      { tunnels: [ONE], direction: 'in', packets: 2 },
      { tunnels: [], direction: 'out', packets: 3 },
    ]);
  });

  it('takes counters that began anew for what they have counted since', () => {
    expect(flowsBetween(drain([ONE, 5, 5]), drain([ONE, 1, 0]))).toEqual([
      { tunnels: [ONE], direction: 'in', packets: 1 },
    ]);
    expect(flowsBetween(drain(), drain([ONE, 0, 2]))).toEqual([
      { tunnels: [ONE], direction: 'out', packets: 2 },
    ]);
  });

  it('says nothing where nothing was counted', () => {
    expect(flowsBetween(undefined, drain())).toBeUndefined();
    expect(flowsBetween(drain(), { since: NOW, resting: [] })).toBeUndefined();
  });
});

const peer: BgpSessionReport = { ...session, address: '169.254.1.1', tunnel: ONE };
const { tunnel: _, ...bare } = session;
const other: BgpSessionReport = { ...bare, address: '10.0.0.2', description: 'host gw2' };
const { description: __, ...caller } = { ...bare, address: '10.0.0.9' };
const speaking = (
  sessions: readonly BgpSessionReport[],
  learned: Partial<BgpReport['learned']> = {},
): HostReport => ({
  ...report,
  bgp: { ...speaker, sessions, learned: { total: 1, installed: 1, ...learned } },
});
const learned = (...nextHops: readonly string[]) => ({
  prefixes: [{ prefix: '10.50.0.0/16', nextHops, installed: true }],
});

describe('what can move', () => {
  it('needs another gateway that speaks, or an address that could go', () => {
    expect(canMove(report)).toBe(false);
    expect(otherGateways(speaking([peer, caller]))).toEqual([]);
    expect(otherGateways(speaking([peer, other]))).toEqual(['host gw2']);
    const ofIpv6 = { ...other, address: 'fd00::2' };
    expect(otherGateways(speaking([peer, other, ofIpv6]))).toEqual(['host gw2']);
    expect(canMove(speaking([peer, { ...other, state: 'active' }]))).toBe(false);
    expect(canMove(speaking([peer, other]))).toBe(true);
    const address = { name: 'sp-default-left-v4', held: [], addresses: [] };
    const vrrp = [address] as unknown as NonNullable<HostReport['vrrp']>;
    expect(canMove({ ...report, vrrp })).toBe(true);
  });

  it('ends BGP inside a tunnel where all its networks are known from elsewhere', () => {
    expect(canRest(report, ONE)).toBe(false);
    expect(canRest(speaking([peer, other], learned('10.0.0.2')), ONE)).toBe(true);
    expect(canRest(speaking([peer, other], learned('169.254.1.1')), ONE)).toBe(false);
    expect(canRest(speaking([other], learned('10.0.0.2')), ONE)).toBe(false);
  });

  it('goes by numbers where there are too many networks to list', () => {
    const many = (accepted: number): BgpSessionReport => ({
      ...other,
      families: peer.families.map((family) => ({ ...family, accepted })),
    });
    expect(canRest(speaking([peer, many(100_000)]), ONE)).toBe(true);
    expect(canRest(speaking([peer, many(0)]), ONE)).toBe(false);
    const two = { ...peer, families: many(2).families };
    const ofIpv6 = { ...many(1), address: 'fd00::2' };
    expect(canRest(speaking([two, many(1)]), ONE)).toBe(false);
    expect(canRest(speaking([two, many(1), ofIpv6]), ONE)).toBe(true);
  });
});

it('tells what keeps a host from being stopped', () => {
  const well: HostReport = { ...report, differences: [], drain: drain() };
  expect(obstaclesOf(well)).toEqual([]);
  expect(obstaclesOf({ ...report, differences: [] })).toEqual(['the host is not drained any more']);
  expect(obstaclesOf({ ...well, drain: { since: NOW, resting: [] } })).toEqual([
    'what passes it cannot be counted',
  ]);
  const held = { held: ['10.0.0.254'], why: 'no other gateway is better' };
  expect(
    obstaclesOf({
      ...well,
      differences: [{ text: 'frr: a' }, { text: 'frr: a', tunnel: ONE }],
      vrrp: [held as unknown as NonNullable<HostReport['vrrp']>[number]],
    }),
  ).toEqual(['not in effect yet: frr: a', 'it holds 10.0.0.254: no other gateway is better']);
});

it('lets no host be stopped that leads to other sites by itself, as all others are drained', () => {
  const alone = (...hops: readonly string[]): string[] =>
    lonelinessOf(speaking([peer, other], learned(...hops)));
  expect(alone('169.254.1.1')).toEqual([
    expect.stringMatching(/^no other gateway leads to 10\.50\.0\.0\/16: .* drained as well/),
  ]);
  expect(alone('10.0.0.2')).toEqual([]);
  const silent = { ...other, families: other.families.map((one) => ({ ...one, accepted: 0 })) };
  expect(lonelinessOf(speaking([peer, silent]))).toEqual([
    expect.stringMatching(/^of 1 networks other gateways lead to 0: /),
  ]);
  expect(lonelinessOf(speaking([peer, other]))).toEqual([]);
  expect(lonelinessOf(report)).toEqual([]);
});

it('lets no host be stopped whose virtual address is held by one that is drained', () => {
  const lost = { held: [], heldInDoubt: true, addresses: ['10.0.0.254/24'], why: 'another' };
  const vrrp = [lost as unknown as NonNullable<HostReport['vrrp']>[number]];
  expect(obstaclesOf({ ...report, differences: [], drain: drain(), vrrp })).toEqual([
    '10.0.0.254/24: another',
  ]);
});

describe('describeFlow', () => {
  const told = (flow: Partial<Parameters<typeof describeFlow>[0]>, of: HostReport): string =>
    describeFlow({ tunnels: [], direction: 'in', packets: 2, ...flow }, of);

  it('says who would have to send another way', () => {
    expect(told({ direction: 'out', tunnels: [ONE], packets: 1 }, report)).toMatch(
      /^1 packet into sp.*: hosts on the LAN/,
    );
    expect(told({ direction: 'out' }, report)).toMatch(/^2 packets on to another way/);
    expect(told({}, report)).toMatch(/beside the tunnels/);
    expect(told({ tunnels: [ONE, 'two'] }, report)).toMatch(
      /^2 packets out of .* and two: they share/,
    );
    expect(told({ tunnels: [ONE] }, report)).toMatch(/its routes are static/);
    expect(told({ tunnels: [ONE] }, speaking([peer]))).toMatch(/no other gateway of ours/);
    const resting = { ...speaking([peer]), drain: { since: NOW, resting: [ONE] } };
    expect(told({ tunnels: [ONE] }, resting)).toMatch(/BGP inside has ended/);
  });
});
