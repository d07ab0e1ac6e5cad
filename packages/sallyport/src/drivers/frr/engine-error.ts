/** Why there is no FRR to work with. */
export class FrrError extends Error {
  readonly code: 'routing/foreign-frr' | 'routing/not-installed' | 'routing/no-start';

  constructor(code: FrrError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FrrError';
    this.code = code;
  }
}
