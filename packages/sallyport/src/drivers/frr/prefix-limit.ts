/** What `maximum-prefix` says: at 80 percent it warns, and a session that it ends is tried again after 5 minutes. */
export function limitOf(maximumPrefixes: number): string {
  return `${maximumPrefixes} 80 restart 5`;
}
