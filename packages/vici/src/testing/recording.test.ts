import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ViciClient } from '../client.ts';
import { FakeDaemon } from './fake-daemon.ts';
import { parseRecording, replay } from './recording.ts';

const VERSION = `# a comment
> 00000009000776657273696f6e
< 0000000f01030776657273696f6e0003362e30
`;

describe('a recording', () => {
  let daemon: FakeDaemon;
  let client: ViciClient;
  beforeEach(async () => {
    daemon = await FakeDaemon.listen();
    client = new ViciClient({ socket: daemon.socket });
  });
  afterEach(async () => {
    await client.close();
    await daemon.close();
  });

  test('is played back for the recorded request and no other', async () => {
    replay(daemon, parseRecording(VERSION));
    expect((await client.call('version')).toJSON()).toEqual({ version: '6.0' });
    await expect(client.call('version', { other: '1' })).rejects.toThrow(
      'no recording of version with {"other":"1"}',
    );
  });

  test.each([
    ['hexadecimal rubbish', '> xyz', /line 1 is no recorded packet/],
    ['half a packet', '> 0000000900', /line 1 is not one whole packet/],
    ['two packets in a line', '< 00000001050000000105', /line 1 is not one whole packet/],
    [
      'a request of the daemon',
      '< 00000009000776657273696f6e',
      /command-request from the wrong side/,
    ],
    ['a reply of the client', '> 0000000101', /command-response from the wrong side/],
    ['a reply without a command', '< 0000000101', /a reply without a command/],
    ['a command without reply', '> 00000009000776657273696f6e', /ends within version/],
  ])('with %s is refused', (_, text, words) => {
    expect(() => parseRecording(text)).toThrow(words);
  });
});
