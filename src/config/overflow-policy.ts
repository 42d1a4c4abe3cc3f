/**
 * What becomes of a body that a platform can't send: `redirect` sends the client to the storage, `partial` answers a
 * range with its beginning (§15.3.7 allows it, some clients take it for the end) and redirects the rest, `refuse`
 * says so.
 */
export type OverflowPolicy = (typeof OVERFLOW_POLICIES)[number];

export const OVERFLOW_POLICIES = ['redirect', 'partial', 'refuse'] as const;
