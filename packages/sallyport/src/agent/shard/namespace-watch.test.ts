import { beforeEach, describe, expect, it } from 'vitest';
import type { IpsecListener } from '../kernel-monitor.ts';
import { NamespaceWatch } from './namespace-watch.ts';

let identity: string | undefined;
/** As they were begun. */
let watches: { readonly identity: string | undefined; readonly signal: AbortSignal }[];
let watch: NamespaceWatch;
let stop: AbortController;
const listener: IpsecListener = { onGone: () => undefined, onSaEnd: () => undefined };

beforeEach(() => {
  identity = '4:1';
  watches = [];
  stop = new AbortController();
  watch = new NamespaceWatch({
    identify: () => Promise.resolve(identity),
    watch: (_, signal) => {
      watches.push({ identity, signal });
    },
  });
});

function live(): (string | undefined)[] {
  return watches.filter(({ signal }) => !signal.aborted).map((one) => one.identity);
}

describe('the watch of a network namespace', () => {
  it('is one, however often it is renewed', async () => {
    await Promise.all([watch.follow(listener, stop.signal), watch.renew()]);
    await watch.renew();
    expect(watches).toHaveLength(1);
    expect(live()).toEqual(['4:1']);
  });

  it('lets go of a namespace when another one has its name', async () => {
    await watch.follow(listener, stop.signal);
    identity = undefined;
    await watch.renew();
    expect(live()).toEqual(['4:1']);
    identity = '4:2';
    await watch.renew();
    expect(live()).toEqual(['4:2']);
  });

  it('begins when the namespace is made', async () => {
    identity = undefined;
    await watch.follow(listener, stop.signal);
    expect(watches).toEqual([]);
    identity = '4:1';
    await watch.renew();
    expect(live()).toEqual(['4:1']);
  });

  it('ends with the signal, and does not begin after it or before anybody listens', async () => {
    await watch.renew();
    expect(watches).toEqual([]);
    await watch.follow(listener, stop.signal);
    stop.abort();
    expect(live()).toEqual([]);
    identity = '4:2';
    await watch.renew();
    expect(watches).toHaveLength(1);
  });
});
