import { describe, expect, it } from 'vitest';
import {
  parseAddresses,
  parseCarrierErrors,
  parseForeignRules,
  parsePing,
  parseReversePathDrops,
  parseRouteAnswer,
  parseXfrmStatistics,
} from './parse.ts';

const answer = (stdout: string, stderr = '', code = 0) =>
  parseRouteAnswer({ code, stdout, stderr });

describe('parseRouteAnswer', () => {
  it('reads interface, table, next hop and MTU of iproute2 6.1', () => {
    expect(
      answer(
        '[{"dst":"203.0.113.1","gateway":"198.51.100.2","dev":"wan","table":"254","prefsrc":"198.51.100.1","flags":[],"uid":0,"cache":[],"metrics":[{"mtu":1300}]}]',
      ),
    ).toEqual({
      kind: 'route',
      interface: 'wan',
      table: '254',
      gateway: '198.51.100.2',
      mtuBytes: 1300,
    });
    expect(answer('[{"dst":"10.2.0.1","dev":"sp1","metrics":[{"hoplimit":3}]}]')).toEqual({
      kind: 'route',
      interface: 'sp1',
    });
  });

  it.each([
    { what: 'an error', result: answer('', 'RTNETLINK answers: No route to host\n', 2) },
    { what: 'nothing', result: answer('[]'), error: 'no answer' },
    {
      what: 'a route that refuses',
      result: answer('[{"type":"unreachable","dst":"fd02::1","dev":"lo"}]'),
      error: 'unreachable',
    },
  ])('takes $what for a refusal', ({ result, error = 'No route to host' }) => {
    expect(result).toEqual({ kind: 'refused', error });
  });
});

it('reads the addresses of the host', () => {
  const text =
    '[{"ifname":"lo","addr_info":[{"local":"127.0.0.1","prefixlen":8}]},{"ifname":"lan","addr_info":[{"family":"inet6","local":"FD01:0::1","prefixlen":64},{}]},{"addr_info":[{"local":"10.0.0.1"}]},{"ifname":"x"}]';
  expect(parseAddresses(text)).toEqual([
    { address: '127.0.0.1', length: 8, interface: 'lo' },
    { address: 'fd01::1', length: 64, interface: 'lan' },
  ]);
});

it('reads the rules that come before ours, and none of ours', () => {
  const text = JSON.stringify([
    { priority: 0, src: 'all', table: '255' },
    { priority: 100, src: '10.1.0.0', srclen: 24, iif: 'lan', table: '100' },
    { priority: 200, src: 'all', dst: '10.2.0.0', dstlen: 16, fwmark: '0x1', table: '200' },
    { priority: 300, src: 'all', action: 'unreachable' },
    { priority: 8300, src: 'all', table: '8300', protocol: '83' },
    { priority: 32_766, src: 'all', table: '254' },
  ]);
  expect(parseForeignRules(text, 4)).toEqual([
    { family: 4, priority: 100, table: '100', selector: 'from 10.1.0.0/24 iif lan' },
    { family: 4, priority: 200, table: '200', selector: 'from all to 10.2.0.0/16 fwmark 0x1' },
    { family: 4, priority: 300, table: 'none', selector: 'from all' },
  ]);
});

it('reads what an interface could not send', () => {
  expect(parseCarrierErrors('[{"ifname":"sp1","stats64":{"tx":{"carrier_errors":4}}}]')).toBe(4);
  expect(parseCarrierErrors('[{"ifname":"sp1","stats64":{"rx":{}}}]')).toBeUndefined();
  expect(parseCarrierErrors('')).toBeUndefined();
});

it('reads counters of XFRM', () => {
  const counters = parseXfrmStatistics(
    'XfrmInError             \t0\nXfrmInNoStates          \t12\n',
  );
  expect([...counters]).toEqual([
    ['XfrmInError', 0],
    ['XfrmInNoStates', 12],
  ]);
});

it('reads what reverse path filters have dropped', () => {
  const text =
    'TcpExt: SyncookiesSent IPReversePathFilter TCPTimeouts\nTcpExt: 1 23 4\nIpExt: InOctets\nIpExt: 9\n';
  expect(parseReversePathDrops(text)).toBe(23);
  expect(parseReversePathDrops('')).toBeUndefined();
});

describe('parsePing', () => {
  const read = (stdout: string, stderr = '', code = 0) => parsePing({ code, stdout, stderr }, 84);

  it('counts answers', () => {
    expect(read('3 packets transmitted, 2 received, 33% packet loss, time 2003ms')).toEqual({
      bytes: 84,
      sent: 3,
      received: 2,
    });
  });

  it.each([
    'ping: local error: message too long, mtu=1438',
    'ping: local error: message too long, mtu: 1438',
    'From 10.1.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1438)',
    'From fd01::1 icmp_seq=1 Packet too big: mtu=1438',
  ])('reads which MTU is told instead of an answer: %s', (words) => {
    const text = '1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms';
    expect(read(text, words, 1)).toMatchObject({ received: 0, refusedAbove: 1438 });
    expect(read(`${words}\n\n${text}`, '', 1)).toMatchObject({ received: 0, refusedAbove: 1438 });
  });

  it('has none where nothing was sent', () => {
    expect(read('', 'ping: bind: Cannot assign requested address', 2)).toBeUndefined();
  });
});
