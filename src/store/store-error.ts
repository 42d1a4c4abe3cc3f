/**
 * Why a storage could not answer.
 * - `unavailable`: out of reach, or failing for now
 * - `throttled`: it asks for fewer requests
 * - `denied`: it refuses our credentials, which is our fault and not the client's
 * - `changed`: the object changes faster than it can be read
 * - `archived`: it has the object and its metadata, and gives its bytes only after they were restored (S3 Glacier)
 * - `invalid-response`: its answer is not what was asked for
 * - `aborted`: the signal ended the read
 */
export type StoreErrorCode =
  | 'unavailable'
  | 'throttled'
  | 'denied'
  | 'version-changed'
  | 'archived'
  | 'invalid-response'
  | 'aborted';

/** The only thing that a store throws. Its message and cause are for the log, never for a client. */
export interface StoreError extends Error {
  readonly name: 'StoreError';
  readonly code: StoreErrorCode;
}

/** Makes a {@link StoreError}. */
export function storeError(code: StoreErrorCode, message: string, cause?: unknown): StoreError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { name: 'StoreError' as const, code });
}

/** Whether a storage failed in a way that passes, so that the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  return isStoreError(error) && (error.code === 'unavailable' || error.code === 'throttled');
}

/** Whether the version that was read was replaced. */
export function isVersionChanged(error: unknown): boolean {
  return isStoreError(error) && error.code === 'version-changed';
}

/** Whether a storage has the object, and not at hand: see {@link StoreErrorCode}. */
export function isArchived(error: unknown): error is StoreError {
  return isStoreError(error) && error.code === 'archived';
}

/** Whether the version that was read can't be read any more: it was replaced or archived. */
export function isGone(error: unknown): boolean {
  return isVersionChanged(error) || isArchived(error);
}

/** Whether a thrown value is a {@link StoreError}. */
export function isStoreError(error: unknown): error is StoreError {
  return error instanceof Error && error.name === 'StoreError' && 'code' in error;
}
