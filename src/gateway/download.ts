import {
  boundaryFrom,
  byteHeaders,
  notModifiedHeaders,
  parseRequest,
  printEntityTag,
  toSeconds,
  unsatisfiableHeaders,
  type ByteDecision,
  type DispositionType,
  type Fields,
  type HeaderChoices,
  type RangePolicy,
} from '../http/index.ts';
import type { Grant } from '../access/index.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { acquire } from './acquire.ts';
import type { Conduit } from './conduit.ts';
import { consign } from './consign.ts';
import { fit, type OpenedBytes, type Overflow } from './overflow.ts';
import { bare, problem, type Reply } from './reply.ts';

/** A GET or HEAD of a key. */
export interface Download {
  readonly method: 'GET' | 'HEAD';
  readonly key: string;
  readonly headers: Fields;
  readonly requestId: string;
  readonly received: Date;
  readonly signal: AbortSignal;
  /** Whether the client asks for a file to keep, not to look at. */
  readonly save: boolean;
  /** What it was let in with. */
  readonly grant: Grant;
  /** How long its body may be left unread, in ms; `undefined` where the platform sees to it. */
  readonly idleTimeout: number | undefined;
}

/** What a download is answered with and from. */
export interface DownloadContext {
  /** How its body reaches the client. */
  readonly conduit: Conduit;
  /** Whether anybody wants to know how the body ends. */
  readonly isWatched: boolean;
  readonly store: ObjectStore;
  readonly policy: RangePolicy;
  readonly cacheControl?: string | undefined;
  readonly disposition?: DispositionType | undefined;
  readonly overflow?: Overflow | undefined;
}

/**
 * One download, from header fields to a body on its way.
 *
 * @throws StoreError where the storage can't answer
 */
export async function download(request: Download, context: DownloadContext): Promise<Reply> {
  const { method, key, headers, requestId, received, signal } = request;
  const parsed = { ...parseRequest(method, headers, context.policy, toSeconds(received)), signal };
  const acquisition = await acquire(context.store, key, parsed, context.policy);
  switch (acquisition.status) {
    case 404:
      return problem(404, 'There is no such object.', requestId, method);
    case 412:
      return problem(412, 'The object is not the version that the request is for.', requestId, method);
    case 416: {
      const { size } = acquisition;
      return problem(
        416,
        `No byte of the range is in the object, which has ${size}.`,
        requestId,
        method,
        unsatisfiableHeaders(size),
      );
    }
    case 304:
      return bare(304, notModifiedHeaders(acquisition.metadata, chooseHeaders(request, context)));
    case 200:
    case 206: {
      const { representation, first } = acquisition;
      const choices = chooseHeaders(request, context, acquisition.decision);
      if (first === undefined)
        return bare(acquisition.status, byteHeaders(acquisition.decision, representation, choices));
      const { disposition } = choices;
      const evaluated = { key, requestId, parsed, signal, disposition };
      const fitted = await fit({ ...acquisition, first }, evaluated, context.store, context.overflow);
      if (fitted.type === 'reply') return fitted.reply;
      try {
        return sendBytes(fitted, request, choices, context);
      } catch (error) {
        await fitted.first.body.cancel().catch(() => undefined);
        throw error;
      }
    }
  }
}

/** Puts the bytes on their way. Until it returns, the open read is the caller's to give back. */
function sendBytes(
  { decision, representation, first }: OpenedBytes,
  { key, signal, idleTimeout }: Download,
  choices: HeaderChoices,
  { conduit, isWatched, store }: DownloadContext,
): Reply {
  const { status } = decision;
  const fields = byteHeaders(decision, representation, choices);
  const { bytes } = first;
  const { etag, size } = representation;
  const about = { etag: etag === undefined ? undefined : printEntityTag(etag), size };
  if (isWholeAnswer(decision) && (bytes !== undefined || (!isWatched && first.isSealed === true))) {
    const content = { ...about, parts: () => [{ head: 0, span: first.span }] };
    return { status, fields, body: bytes ?? first.body, content };
  }
  const { boundary } = choices;
  const consignment = consign(decision, first, { store, key, boundary, signal, idleTimeout });
  const { body, ...dispatch } = conduit.dispatch(consignment);
  const parts = () =>
    consignment.reads.flatMap((read) => read.parts.map((part) => ({ head: part.head.length, span: part.span })));
  return { status, fields, body, dispatch, content: { ...about, parts } };
}

/** Whether one read brings the answer's bytes, and nothing else. */
function isWholeAnswer(decision: ByteDecision): boolean {
  return decision.status === 200 || decision.form === 'single';
}

function chooseHeaders(request: Download, context: DownloadContext, decision?: ByteDecision): HeaderChoices {
  const { fileName, isPrivate } = request.grant;
  const type = request.save || fileName !== undefined ? 'attachment' : context.disposition;
  return {
    cacheControl: context.cacheControl,
    isPrivate,
    disposition: type === undefined ? undefined : { type, key: fileName ?? request.key },
    boundary: decision?.status === 206 && decision.form === 'multipart' ? drawBoundary() : '',
    now: toSeconds(request.received),
  };
}

function drawBoundary(): string {
  return boundaryFrom(crypto.getRandomValues(new Uint8Array(16)));
}
