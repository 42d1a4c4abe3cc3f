import type { ProblemKind, ProblemStatus } from '../http/index.ts';
import { isStoreError, type StoreErrorCode } from '../store/store-error.ts';
import { problem, type Reply } from './reply.ts';

/** What a client learns of a failure: nothing of the inside. */
interface Failure {
  readonly status: ProblemStatus;
  readonly detail: string;
  /** In seconds; for failures that pass. */
  readonly retryAfter?: number;
  /** For a failure that means more than its status. */
  readonly kind?: ProblemKind;
}

const FAILURES: Readonly<Record<StoreErrorCode, Failure>> = {
  unavailable: { status: 503, detail: 'The storage is not available at the moment.', retryAfter: 5 },
  throttled: { status: 503, detail: 'The storage asks for fewer requests.', retryAfter: 5 },
  changed: { status: 503, detail: 'The object is being changed at the moment.', retryAfter: 1 },
  archived: {
    status: 409,
    detail: 'The object is archived. It can be read when its owner has restored it.',
    kind: 'archived',
  },
  denied: { status: 502, detail: 'The storage did not let this gateway read the object.' },
  nonsense: { status: 502, detail: 'The storage gave an answer that can not be right.' },
  aborted: { status: 503, detail: 'The request was broken off.', retryAfter: 1 },
};

/** The one place where thrown values become answers. Any value but a StoreError is a fault of ours. */
export function failureReply(error: unknown, requestId: string, method: string): Reply {
  const { status, detail, retryAfter, kind } = isStoreError(error) ? FAILURES[error.code] : OURS;
  const fields = retryAfter === undefined ? [] : [['Retry-After', String(retryAfter)] as const];
  return { ...problem(status, detail, requestId, method, fields, kind), error };
}

const OURS: Failure = { status: 500, detail: 'Something went wrong inside this gateway.' };
