// Every failure this package throws. Callers switch on `code` and decide by `retry`; nothing of a
// request's values ever enters a message, because requests carry pre-shared and private keys.

export type ViciErrorCode =
  | 'vici/unknown-command'
  | 'vici/unknown-event'
  | 'vici/command-failed'
  | 'vici/timeout'
  | 'vici/disconnected'
  | 'vici/closed'
  | 'vici/protocol'
  | 'vici/invalid-input';

/** transient: the same call may succeed later. permanent: it will not. dependency: the daemon is away. */
export type Retry = 'transient' | 'permanent' | 'dependency';

interface Description {
  readonly code: ViciErrorCode;
  readonly retry: Retry;
  readonly cause?: unknown;
}

export class ViciError extends Error {
  readonly code: ViciErrorCode;
  readonly retry: Retry;

  constructor(message: string, description: Description) {
    super(message, 'cause' in description ? { cause: description.cause } : undefined);
    this.name = new.target.name;
    this.code = description.code;
    this.retry = description.retry;
  }
}

/** The daemon answered CMD_UNKNOWN: this version, or its set of plugins, has no such command. */
export class ViciUnknownCommand extends ViciError {
  readonly command: string;

  constructor(command: string) {
    super(`${command}: the daemon does not know this command`, {
      code: 'vici/unknown-command',
      retry: 'permanent',
    });
    this.command = command;
  }
}

/** The daemon answered EVENT_UNKNOWN: this version never raises such an event. */
export class ViciUnknownEvent extends ViciError {
  readonly event: string;

  constructor(event: string) {
    super(`event ${event}: the daemon does not know this event`, {
      code: 'vici/unknown-event',
      retry: 'permanent',
    });
    this.event = event;
  }
}

/** The daemon carried the command out and answered `success=no`. */
export class ViciCommandError extends ViciError {
  readonly command: string;
  /** The daemon's own words; there is no error code on the wire. */
  readonly errmsg: string;
  /** How many SAs matched (terminate, rekey, redirect); absent where the command has no such count. */
  declare readonly matches?: number;
  /** How many SAs were closed (terminate). */
  declare readonly terminated?: number;

  constructor(
    command: string,
    errmsg: string,
    counts: {
      readonly matches?: number | undefined;
      readonly terminated?: number | undefined;
    } = {},
  ) {
    super(`${command}: the daemon answered "${errmsg}"`, {
      code: 'vici/command-failed',
      retry: 'permanent',
    });
    this.command = command;
    this.errmsg = errmsg;
    if (counts.matches !== undefined) this.matches = counts.matches;
    if (counts.terminated !== undefined) this.terminated = counts.terminated;
  }
}

/** No answer within the deadline. The socket was discarded; whether the command ran is unknown. */
export class ViciTimeout extends ViciError {
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number) {
    super(`${what}: no answer from the daemon within ${String(timeoutMs)} ms`, {
      code: 'vici/timeout',
      retry: 'transient',
    });
    this.timeoutMs = timeoutMs;
  }
}

/** The daemon could not be reached, or the connection ended before the answer came. */
export class ViciDisconnected extends ViciError {
  constructor(message: string, cause?: unknown) {
    super(message, {
      code: 'vici/disconnected',
      retry: 'dependency',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** The client was closed by its owner. */
export class ViciClosed extends ViciError {
  constructor(what: string) {
    super(`${what}: the client is closed`, { code: 'vici/closed', retry: 'permanent' });
  }
}

/** What came in is not VICI, or not an answer to what was asked. */
export class ViciProtocolError extends ViciError {
  constructor(message: string, cause?: unknown) {
    super(message, {
      code: 'vici/protocol',
      retry: 'permanent',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** What the caller asked for cannot be put on the wire; nothing was sent. */
export class ViciInvalidInput extends ViciError {
  constructor(message: string) {
    super(message, { code: 'vici/invalid-input', retry: 'permanent' });
  }
}
