// What tests of VICI clients need: a daemon that they script themselves.

export { charonEvents, FakeDaemon, type FakeDaemonOptions } from './testing/fake-daemon.ts';
export type { CommandHandler, FakeCall, ReceivedCommand } from './testing/fake-peer.ts';
export {
  parseRecording,
  type RecordedCommand,
  type RecordedEvent,
  type Recording,
  replay,
} from './testing/recording.ts';
