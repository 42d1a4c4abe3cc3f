import {
  bodyLength,
  checkIfRange,
  contentDisposition,
  isPinnable,
  type ByteDecision,
  type DownloadRequest,
  type Representation,
  type Span,
} from '../../http/index.ts';
import type { OpenObject } from '../../store/object-store.ts';
import { storeError } from '../../store/store-error.ts';
import type { DownloadContext } from './download-context.ts';
import { assertMatchesRequest, pinnedRead } from './pinned-read.ts';
import { emptyReply, problemReply, type Reply } from '../reply.ts';
import type { SizeLimit } from '../../config/size-limit.ts';

/** Bytes about to be sent, evaluated and opened. */
export interface OpenedBody {
  readonly decision: ByteDecision;
  readonly representation: Representation;
  readonly first: OpenObject;
}

/** What is sent: the bytes, all or fewer, or an answer instead. */
export type SizedBody = ({ readonly type: 'bytes' } & OpenedBody) | { readonly type: 'reply'; readonly reply: Reply };

/**
 * Holds an answer to the number of bytes that the platform can send.
 *
 * @returns the opened body, a smaller one in its place, or the reply that is sent instead
 * @throws StoreError if the whole, or the beginning of a range, can't be read
 */
export async function applySizeLimit(
  opened: OpenedBody,
  sizeLimit: SizeLimit,
  request: DownloadRequest,
  context: DownloadContext,
): Promise<SizedBody> {
  const { decision, representation, first } = opened;
  if (bodyLength(decision, representation) <= sizeLimit.limit) {
    return { type: 'bytes', ...opened };
  }
  await first.body.cancel();
  const shorter = shorten(decision, representation, sizeLimit);
  if (shorter !== undefined) return openInstead(shorter, representation, context);
  return { type: 'reply', reply: await replyInstead(opened, request, context, sizeLimit) };
}

type OneSpan = Extract<ByteDecision, { readonly span: Span }>;

/**
 * The smaller answer in place of one that does not fit: the whole, where part heads alone make several ranges too long
 * (§14.2 lets Range be ignored), else the beginning of a range. Only of what can be pinned: the span was evaluated on
 * one version, and is read again.
 */
function shorten(
  decision: ByteDecision,
  representation: Representation,
  { limit, policy }: SizeLimit,
): OneSpan | undefined {
  if (!isPinnable(representation) || decision.status === 200) return undefined;
  const { size } = representation;
  if (decision.form === 'multipart') return size <= limit ? { status: 200, span: { start: 0, end: size } } : undefined;
  if (policy !== 'partial' || limit < 1) return undefined;
  const { start } = decision.span;
  return { status: 206, form: 'single', span: { start, end: start + limit } };
}

async function openInstead(
  decision: OneSpan,
  representation: Representation,
  { store, key, signal }: DownloadContext,
): Promise<SizedBody> {
  const options = { ...pinnedRead(decision.span, representation), signal };
  const first = await store.read(key, options);
  if (first.type !== 'open') throw storeError('version-changed', `the object was ${first.type} when it was read again`);
  await assertMatchesRequest(first, options);
  return { type: 'bytes', decision, representation, first };
}

async function replyInstead(
  { decision, representation }: OpenedBody,
  request: DownloadRequest,
  { key, requestId, contentDisposition: disposition }: DownloadContext,
  { limit, policy, link }: SizeLimit,
): Promise<Reply> {
  const target = policy === 'refuse' ? undefined : link;
  if (isStale(request, representation) && (target === undefined || request.range?.length === 1)) {
    const detail =
      'If-Range does not name the current version, which is too large for this gateway to send whole. Start over: ask again without Range and If-Range.';
    return problemReply(412, detail, requestId, 'GET', [], 'changed');
  }
  if (target === undefined) {
    const length = bodyLength(decision, representation);
    const detail = `The answer has ${length} bytes, and this gateway sends ${limit} at the most. Ask for ranges of fewer.`;
    return problemReply(501, detail, requestId, 'GET');
  }
  const url = await target({
    key,
    representation,
    disposition: disposition === undefined ? undefined : contentDisposition(disposition.type, disposition.key),
  });
  return emptyReply(307, [
    ['Location', url],
    // The link is for this client, and does not live for long.
    ['Cache-Control', 'private, no-store'],
  ]);
}

/**
 * Whether If-Range (§13.1.5) turned a range into the whole. A client repeats its fields where it is redirected, and a
 * storage that does not know If-Range would give it the range of a version of which the client has no other bytes. S3
 * does not serve several ranges in one answer: to those it gives the whole.
 */
function isStale({ range, ifRange, now }: DownloadRequest, representation: Representation): boolean {
  return range !== undefined && ifRange !== undefined && !checkIfRange(ifRange, representation, now);
}
