import type { ProblemKind, ProblemStatus } from '../http/index.ts';
import { isStoreError, type StoreErrorCode } from '../store/store-error.ts';
import { problemReply, type Reply } from './reply.ts';

/** The part of a failure that a client sees. It contains no text of the storage and no stack. */
interface PublicError {
  readonly status: ProblemStatus;
  readonly detail: string;
  /** The value of Retry-After in seconds, for temporary failures. */
  readonly retryAfter?: number;
  /** The type of the problem, if it means more than its status. */
  readonly kind?: ProblemKind;
}

const PUBLIC_ERRORS: Readonly<Record<StoreErrorCode, PublicError>> = {
  unavailable: { status: 503, detail: 'The storage is not available at the moment.', retryAfter: 5 },
  throttled: { status: 503, detail: 'The storage asks for fewer requests.', retryAfter: 5 },
  'version-changed': { status: 503, detail: 'The object is being changed at the moment.', retryAfter: 1 },
  archived: {
    status: 409,
    detail: 'The object is archived. It can be read when its owner has restored it.',
    kind: 'archived',
  },
  denied: { status: 502, detail: 'The storage did not let this gateway read the object.' },
  'invalid-response': { status: 502, detail: 'The storage gave an answer that can not be right.' },
  aborted: { status: 503, detail: 'The request was broken off.', retryAfter: 1 },
};

/**
 * Maps a thrown value to an error reply. All errors are mapped here. A value that is not a StoreError is a fault of the
 * gateway and gets status 500.
 *
 * @param method of the request; a HEAD gets no body
 */
export function errorReply(error: unknown, requestId: string, method: string): Reply {
  const { status, detail, retryAfter, kind } = isStoreError(error) ? PUBLIC_ERRORS[error.code] : INTERNAL_ERROR;
  const fields = retryAfter === undefined ? [] : [['Retry-After', String(retryAfter)] as const];
  return { ...problemReply(status, detail, requestId, method, fields, kind), error };
}

const INTERNAL_ERROR: PublicError = { status: 500, detail: 'Something went wrong inside this gateway.' };
