/**
 * The reasons for which a storage could not serve a call.
 * - `unavailable`: the storage is unreachable, or fails temporarily
 * - `throttled`: the storage requires fewer requests
 * - `denied`: the storage refuses the gateway's credentials, which is no fault of the client
 * - `version-changed`: the version that was read can't be read any more, because the object was replaced
 * - `archived`: the object and its metadata exist, but its bytes must be restored before they can be read (S3 Glacier)
 * - `invalid-response`: the response does not match the request
 * - `aborted`: the signal aborted the call
 */
export type StoreErrorCode =
  | 'unavailable'
  | 'throttled'
  | 'denied'
  | 'version-changed'
  | 'archived'
  | 'invalid-response'
  | 'aborted';

/** The only error that a store throws. Its message and cause are for the log and must not be sent to a client. */
export interface StoreError extends Error {
  readonly name: 'StoreError';
  readonly code: StoreErrorCode;
}

/**
 * Makes a {@link StoreError}. A store of your own throws it too.
 *
 * @param message for the log; it must not contain secrets
 * @param cause the error that led to this one
 * @example
 * import { storeError } from 'rangeway';
 *
 * throw storeError('unavailable', 'the storage did not respond', new Error('connect ECONNREFUSED'));
 */
export function storeError(code: StoreErrorCode, message: string, cause?: unknown): StoreError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { name: 'StoreError' as const, code });
}

/** Returns whether the failure is temporary, so that the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  return isStoreError(error) && (error.code === 'unavailable' || error.code === 'throttled');
}

/** Returns whether the call was aborted, because its client has left or may get no more. */
export function isAborted(error: unknown): boolean {
  return isStoreError(error) && error.code === 'aborted';
}

/** Returns whether the version that was read was replaced. */
export function isVersionChanged(error: unknown): boolean {
  return isStoreError(error) && error.code === 'version-changed';
}

/** Returns whether the object exists but must be restored before it can be read. */
export function isArchived(error: unknown): error is StoreError {
  return isStoreError(error) && error.code === 'archived';
}

/** Returns whether the version that was read can't be read any more, because it was replaced or archived. */
export function isVersionUnavailable(error: unknown): boolean {
  return isVersionChanged(error) || isArchived(error);
}

/** Returns whether a thrown value is a {@link StoreError}. */
export function isStoreError(error: unknown): error is StoreError {
  return error instanceof Error && error.name === 'StoreError' && 'code' in error;
}
