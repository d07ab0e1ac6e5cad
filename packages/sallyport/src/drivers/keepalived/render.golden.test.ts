/** What keepalived is told; read it beside keepalived.conf(5). */
import { expect, it } from 'vitest';
import { renderKeepalived } from './render.ts';
import { V4, V6 } from './testing/routers.ts';

const pathOf = (name: string): string => `/run/sallyport/keepalived/usability/${name}`;

it('is the whole configuration of both families', async () => {
  const third = { ...V4, peers: ['10.9.0.2', '10.9.0.3'] };
  await expect(renderKeepalived([third, V6], pathOf)).toMatchFileSnapshot(
    'testdata/keepalived-both-families.conf',
  );
});

it('has the same link-local address on every host of a gateway, first', () => {
  const elsewhere = { ...V6, localAddress: 'fd09::2', peers: ['fd09::1'] };
  for (const router of [V6, elsewhere])
    expect(renderKeepalived([router], pathOf)).toMatch(
      /virtual_ipaddress \{\s+"fe80::83:51\/128"\s+"fd09::fe\/128"/,
    );
});
