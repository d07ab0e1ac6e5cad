export type { BackoffOptions } from './backoff.ts';
export { connectionUpdate, fingerprint } from './canonical.ts';
export { type SubscribeOptions, ViciClient, type ViciClientOptions } from './client.ts';
export { type CallOptions, collect } from './command-set.ts';
export {
  type LoadedAuthentication,
  type LoadedChild,
  type LoadedConnection,
  type Pool,
  type PoolInput,
  parseLoadedConnection,
} from './commands-connection.ts';
export type {
  AuthorityInput,
  CertificateFlag,
  CertificateInput,
  CertificateType,
  KeyInput,
  ListCertsOptions,
  LoadedAuthority,
  LoadedCertificate,
  SharedSecretInput,
  TokenInput,
} from './commands-credential.ts';
export type {
  Algorithms,
  Counters,
  DaemonStats,
  DaemonVersion,
  JobCounts,
} from './commands-daemon.ts';
export type {
  InitiateOptions,
  InstalledPolicy,
  ListPoliciesOptions,
  ListSasOptions,
  RedirectOptions,
  RekeyOptions,
  SaFilter,
  TerminateOptions,
} from './commands-sa.ts';
export type {
  AuthenticationInput,
  ChildInput,
  ConnectionInput,
  Named,
  Scalar,
} from './connection-input.ts';
export {
  type Retry,
  ViciClosed,
  ViciCommandError,
  ViciDisconnected,
  ViciError,
  type ViciErrorCode,
  ViciInvalidInput,
  ViciProtocolError,
  ViciTimeout,
  ViciUnknownCommand,
  ViciUnknownEvent,
} from './errors.ts';
export type { ViciEvent } from './event-queue.ts';
export type { LaneName } from './lanes.ts';
export { type Entry, type InputValue, Message, type MessageInput } from './message.ts';
export { buildMessage } from './message-build.ts';
export { decodeMessage } from './message-decode.ts';
export { encodeMessage } from './message-encode.ts';
export {
  type Algorithm,
  type ChildSa,
  type ChildState,
  childStates,
  type IkeSa,
  type IkeState,
  ikeStates,
  parseChildSa,
  parseIkeSa,
} from './sa.ts';
export { parseSaEvent, type SaEvent } from './sa-event.ts';
export type { EventSubscription } from './subscription.ts';
export {
  checkConnection,
  type InputProblem,
  type InputProblemCode,
  parseTime,
} from './validate.ts';
