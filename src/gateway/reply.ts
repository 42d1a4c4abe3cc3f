import {
  PROBLEM_TYPE,
  problemBody,
  problemKind,
  type HeaderList,
  type ProblemKind,
  type ProblemStatus,
  type Span,
} from '../http/index.ts';
import type { PipedBody } from './download/body-pipe.ts';

/** The body of a reply: a stream, bytes or text in memory, or `null` for none. */
export type ReplyBody = ReadableStream<Uint8Array> | Uint8Array | string | null;

/** The bytes of an object that a response contains. */
export interface ResponseContent {
  /** The ETag field of the object, quotes included. */
  readonly etag: string | undefined;
  /** The size of the object in bytes. */
  readonly size: number;
  /** The parts in the order in which they are sent: the half-open `span`, and the bytes of the part head before it. */
  readonly parts: () => readonly { readonly head: number; readonly span: Span }[];
}

/** A response as a value, and how to observe the transfer of its body. */
export interface Reply {
  readonly status: number;
  /** Its own header fields. The fields that every response has are added later. */
  readonly fields: HeaderList;
  readonly body: ReplyBody;
  /** The transfer of the body. Absent if the body is in memory, or passed on as the storage opened it. */
  readonly pipe?: Omit<PipedBody, 'body'>;
  /** The content of a response with bytes of an object, or of a redirect to one, which has no parts. */
  readonly content?: ResponseContent;
  /** The problem that the body describes, for another form of it. */
  readonly problem?: { readonly status: number; readonly title: string; readonly detail: string };
  /** A thrown value to log beside the status. */
  readonly error?: unknown;
}

/** A response with all of its header fields. */
export interface OutgoingResponse {
  readonly status: number;
  /** In the order in which they are sent. The values of fields with the same name are joined (§5.3). */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: ReplyBody;
}

/** Makes a reply without a body. */
export function emptyReply(status: number, fields: HeaderList): Reply {
  return { status, fields, body: null };
}

/**
 * Makes an error reply with a problem+json body (RFC 9457).
 *
 * @param detail a sentence for the client
 * @param method of the request; a HEAD gets the same fields without the body
 * @param fields added before those of the body
 * @param kind the type of the problem, if it means more than its status
 */
export function problemReply(
  status: ProblemStatus,
  detail: string,
  requestId: string,
  method: string,
  fields: HeaderList = [],
  kind?: ProblemKind,
): Reply {
  const body = problemBody(status, detail, requestId, kind);
  const bodyFields: HeaderList = [
    ['Content-Type', PROBLEM_TYPE],
    ['Cache-Control', 'no-store'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Content-Length', String(new TextEncoder().encode(body).length)],
  ];
  const { title } = problemKind(status, kind);
  return {
    status,
    fields: [...fields, ...bodyFields],
    body: method === 'HEAD' ? null : body,
    problem: { status, title, detail },
  };
}

/** Makes a reply with a body of JSON, which no cache stores. */
export function jsonReply(value: object, type = 'application/json'): Reply {
  const body = `${JSON.stringify(value)}\n`;
  return {
    status: 200,
    fields: [
      ['Content-Type', type],
      ['Cache-Control', 'no-store'],
      ['X-Content-Type-Options', 'nosniff'],
      ['Content-Length', String(new TextEncoder().encode(body).length)],
    ],
    body,
  };
}
