/** Fields that are only for the origin that they were given for (RFC 9110 §15.4). */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/**
 * Removes credentials from the fields of a request that goes to another origin.
 *
 * @param fields names in lower case
 */
export function withoutCredentials(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !CREDENTIALS.has(name)));
}

/** Whether two absolute addresses have the same scheme, host and port. */
export function isSameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}
