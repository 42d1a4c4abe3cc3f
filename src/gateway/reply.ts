import { PROBLEM_TYPE, problemBody, type HeaderList, type ProblemStatus } from '../http/index.ts';
import type { Delivery } from './conduit.ts';

/** An answer and what becomes of it. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | string | null;
  /** When and how the body ends. Absent where it is all there already. */
  readonly delivery?: Promise<Delivery>;
  /** What to log beside the status: a thrown value. */
  readonly error?: unknown;
}

/** An answer without a body. */
export function bare(status: number, fields: HeaderList): Reply {
  return { status, headers: toHeaders(fields), body: null };
}

/** An error as problem+json; a HEAD gets its head alone. */
export function problem(
  status: ProblemStatus,
  detail: string,
  requestId: string,
  method: string,
  fields: HeaderList = [],
): Reply {
  const headers = toHeaders(fields);
  headers.set('Content-Type', PROBLEM_TYPE);
  headers.set('Cache-Control', 'no-store');
  headers.set('X-Content-Type-Options', 'nosniff');
  headers.set('X-Request-Id', requestId);
  const body = problemBody(status, detail, requestId);
  headers.set('Content-Length', String(new TextEncoder().encode(body).length));
  return { status, headers, body: method === 'HEAD' ? null : body };
}

/** A header list as a Headers object. */
export function toHeaders(fields: HeaderList): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.set(name, value);
  return headers;
}
