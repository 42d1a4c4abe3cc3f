import {
  PROBLEM_TYPE,
  problemBody,
  type HeaderList,
  type ProblemKind,
  type ProblemStatus,
  type Span,
} from '../http/index.ts';
import type { PipedBody } from './download/body-pipe.ts';

/** Bytes on their way, bytes or text that are all there, or nothing. */
export type ReplyBody = ReadableStream<Uint8Array> | Uint8Array | string | null;

/** The bytes of an object that an answer brings. */
export interface SentContent {
  readonly etag: string | undefined;
  /** Of the object. */
  readonly size: number;
  /** In the order in which they are sent, each after a head of so many bytes. */
  readonly parts: () => readonly { readonly head: number; readonly span: Span }[];
}

/** An answer and what becomes of it. */
export interface Reply {
  readonly status: number;
  /** Those that all answers have are added. */
  readonly fields: HeaderList;
  readonly body: ReplyBody;
  /** A body on its way. Absent where it is all there already. */
  readonly pipe?: Omit<PipedBody, 'body'>;
  /** Of an answer with bytes of an object. */
  readonly content?: SentContent;
  /** What to log beside the status: a thrown value. */
  readonly error?: unknown;
}

/** An answer as it goes out. */
export interface OutgoingResponse {
  readonly status: number;
  /** In the order in which they are sent; of several of one name the values are joined (§5.3). */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: ReplyBody;
}

/** An answer without a body. */
export function emptyReply(status: number, fields: HeaderList): Reply {
  return { status, fields, body: null };
}

/** An error as problem+json; a HEAD gets its head alone. */
export function problemReply(
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
    ['Content-Length', String(new TextEncoder().encode(body).length)],
  ];
  return { status, fields: [...fields, ...own], body: method === 'HEAD' ? null : body };
}
