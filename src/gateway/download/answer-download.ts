import {
  boundaryFrom,
  byteHeaders,
  notModifiedHeaders,
  unsatisfiableHeaders,
  type ByteDecision,
  type DownloadRequest,
  type HeaderChoices,
} from '../../http/index.ts';
import { emptyReply, problemReply, type Reply } from '../reply.ts';
import { contentOf, planBody } from './plan-body.ts';
import { resolve } from './resolve.ts';
import { applySizeLimit, type OpenedBody } from './size-limit.ts';
import type { DownloadContext } from './download-context.ts';

/**
 * Makes the reply to one GET or HEAD: reads the storage, decides the status, and pipes the body.
 *
 * @throws StoreError if the storage can't be read
 */
export async function answerDownload(request: DownloadRequest, context: DownloadContext): Promise<Reply> {
  const { method } = request;
  const { requestId } = context;
  const resolution = await resolve(context.store, context.key, request, context.policy, context.signal);
  switch (resolution.status) {
    case 404:
      return problemReply(404, 'There is no such object.', requestId, method);
    case 412:
      return problemReply(412, 'The object is not the version that the request is for.', requestId, method);
    case 416: {
      const { size } = resolution;
      const detail = `No byte of the range is in the object, which has ${size}.`;
      return problemReply(416, detail, requestId, method, unsatisfiableHeaders(size));
    }
    case 304:
      return emptyReply(304, notModifiedHeaders(resolution.metadata, headerChoices(request, context)));
    case 200:
    case 206: {
      const { status, decision, representation, first } = resolution;
      if (first === undefined) {
        const reply = emptyReply(
          status,
          byteHeaders(decision, representation, headerChoices(request, context, decision)),
        );
        // The content of a GET without a body is that of an empty object.
        return method === 'GET' ? { ...reply, content: contentOf(representation, () => []) } : reply;
      }
      const opened = { decision, representation, first };
      if (context.sizeLimit === undefined) return sendBody(opened, request, context);
      const sized = await applySizeLimit(opened, context.sizeLimit, request, context);
      return sized.type === 'reply' ? sized.reply : sendBody(sized, request, context);
    }
  }
}

/** Makes a reply with a body. Closes the open read if that throws. */
async function sendBody(body: OpenedBody, request: DownloadRequest, context: DownloadContext): Promise<Reply> {
  try {
    return bodyReply(body, request, context);
  } catch (error) {
    await body.first.body.cancel().catch(() => undefined);
    throw error;
  }
}

function bodyReply(
  { decision, representation, first }: OpenedBody,
  request: DownloadRequest,
  context: DownloadContext,
): Reply {
  const { status } = decision;
  const choices = headerChoices(request, context, decision);
  const fields = byteHeaders(decision, representation, choices);
  const { bytes } = first;
  const isPassedOn = bytes !== undefined || (!context.needsOutcome && first.hasNativeLength === true);
  if (context.isCounted !== true && isPassedOn && isOneRead(decision)) {
    const content = contentOf(representation, () => [{ head: 0, span: first.span }]);
    return { status, fields, body: bytes ?? first.body, content };
  }
  const plan = planBody(decision, first, context, choices.boundary);
  const { body, ...pipe } = context.bodyPipe.pipe(plan);
  const parts = () =>
    plan.reads.flatMap((read) => read.parts.map((part) => ({ head: part.head.length, span: part.span })));
  return { status, fields, body, pipe, content: contentOf(representation, parts) };
}

/** Returns whether the body consists of the bytes of one read only. */
function isOneRead(decision: ByteDecision): boolean {
  return decision.status === 200 || decision.form === 'single';
}

function headerChoices(request: DownloadRequest, context: DownloadContext, decision?: ByteDecision): HeaderChoices {
  return {
    cacheControl: context.cacheControl,
    cdnCacheControl: context.cdnCacheControl,
    cacheTags: context.cacheTags,
    isPrivate: context.isPrivate,
    disposition: context.contentDisposition,
    boundary: decision?.status === 206 && decision.form === 'multipart' ? randomBoundary() : '',
    digests: request.digests,
    now: request.now,
  };
}

function randomBoundary(): string {
  return boundaryFrom(crypto.getRandomValues(new Uint8Array(16)));
}
