import { describe, expect, it } from 'vitest';
import { directoriesFrom, pathsOf } from './state-directory.ts';

describe('directoriesFrom', () => {
  it.each([
    { env: {}, state: '/var/lib/sallyport', run: '/run/sallyport' },
    { env: { SALLYPORT_STATE_DIR: '/s' }, state: '/s', run: '/run/sallyport' },
    { env: { SALLYPORT_RUN_DIR: '/r' }, state: '/var/lib/sallyport', run: '/r' },
    {
      env: { SALLYPORT_STATE_DIR: '', SALLYPORT_RUN_DIR: '' },
      state: '/var/lib/sallyport',
      run: '/run/sallyport',
    },
  ])('takes $env', ({ env, state, run }) => {
    expect(directoriesFrom(env)).toEqual({ state, run });
  });
});

describe('pathsOf', () => {
  const paths = pathsOf({ state: '/s', run: '/r' });

  it('gives each thing a place of its own', () => {
    const places = Object.values(paths);
    expect(new Set(places).size).toBe(places.length);
  });

  it('keeps what must survive a reboot apart from what must not', () => {
    const below = (directory: string): string[] =>
      Object.entries(paths).flatMap(([name, path]) =>
        path.startsWith(`${directory}/`) ? [name] : [],
      );
    expect(below('/s')).toEqual([
      'objects',
      'plan',
      'lastGoodPlan',
      'salt',
      'authorities',
      'issued',
      'sysctls',
      'journal',
      'history',
      'drain',
      'applyLock',
    ]);
    expect(below('/r')).toEqual([
      'agentLock',
      'memory',
      'reflected',
      'keepalived',
      'shards',
      'report',
      'controlSocket',
    ]);
  });

  it('keeps the copy of the plan where no write to the plan touches it', () => {
    expect(paths.lastGoodPlan).toMatch(/^\/s\/agent\//u);
  });
});
