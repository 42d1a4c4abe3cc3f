import { PROBLEM_TYPE, problemBody, type HeaderList, type ProblemKind, type ProblemStatus } from '../http/index.ts';
import type { Dispatch } from './conduit.ts';

/** Bytes on their way, bytes or text that are all there, or nothing. */
export type ReplyBody = ReadableStream<Uint8Array> | Uint8Array | string | null;

/** An answer and what becomes of it. */
export interface Reply {
  readonly status: number;
  /** Date, CORS and what a cache did are added to all. */
  readonly fields: HeaderList;
  readonly body: ReplyBody;
  /** A body on its way. Absent where it is all there already. */
  readonly dispatch?: Omit<Dispatch, 'body'>;
  /** What to log beside the status: a thrown value. */
  readonly error?: unknown;
}

/** An answer without a body. */
export function bare(status: number, fields: HeaderList): Reply {
  return { status, fields, body: null };
}

/** An error as problem+json; a HEAD gets its head alone. */
export function problem(
  status: ProblemStatus,
  detail: string,
  requestId: string,
  method: string,
  fields: HeaderList = [],
  kind?: ProblemKind,
): Reply {
  const body = problemBody(status, detail, requestId, kind);
  const own: HeaderList = [
    ['Content-Type', PROBLEM_TYPE],
    ['Cache-Control', 'no-store'],
    ['X-Content-Type-Options', 'nosniff'],
    ['X-Request-Id', requestId],
    ['Content-Length', String(new TextEncoder().encode(body).length)],
  ];
  return { status, fields: [...fields, ...own], body: method === 'HEAD' ? null : body };
}
