/** Why there is no IKE daemon to work with. */
export class EngineError extends Error {
  readonly code:
    | 'engine/foreign-daemon'
    | 'engine/not-installed'
    | 'engine/no-network-namespace'
    | 'engine/no-start'
    | 'engine/no-answer';

  constructor(code: EngineError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}
