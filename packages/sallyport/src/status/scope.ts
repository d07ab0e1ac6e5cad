/** Of which IKE daemon a statement about the host speaks. */

export interface Scoped {
  /** Name of the shard; `null`: the host's own daemon; absent: the whole host. */
  readonly shard?: string | null;
}

/** IKE daemon of a tunnel, or of a report of one: there, an absent shard is the host's own daemon. */
export function daemonOf({ shard }: { readonly shard?: string }): string | null {
  return shard ?? null;
}

/** Whether a statement is about one of these daemons, or about all. */
export function concerns(daemons: ReadonlySet<string | null>, { shard }: Scoped): boolean {
  return shard === undefined || daemons.has(shard);
}

export function describeScoped(text: string, { shard }: Scoped): string {
  return typeof shard === 'string' ? `${text} (shard ${shard})` : text;
}
