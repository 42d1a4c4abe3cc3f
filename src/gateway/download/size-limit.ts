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
import { contentOf } from './plan-body.ts';
import { emptyReply, problemReply, type Reply } from '../reply.ts';
import type { LinkTarget, SizeLimit } from '../../config/size-limit.ts';

/** A decision to send bytes, with the first read of them opened. */
export interface OpenedBody {
  readonly decision: ByteDecision;
  readonly representation: Representation;
  readonly first: OpenObject;
}

/** The result of {@link applySizeLimit}: a body that fits, or a reply to send instead. */
export type SizedBody = ({ readonly type: 'bytes' } & OpenedBody) | { readonly type: 'reply'; readonly reply: Reply };

/**
 * Limits a response to the number of bytes that the platform can send. If the opened body is too long, it is closed.
 *
 * @param opened the body that was decided
 * @returns the opened body, a shorter one, or a redirect or error to send instead
 * @throws StoreError if the shorter body can't be read
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
  if (shorter !== undefined) return openShorter(shorter, representation, context);
  return { type: 'reply', reply: await oversizeReply(opened, request, context, sizeLimit) };
}

type OneSpan = Extract<ByteDecision, { readonly span: Span }>;

/**
 * Returns a shorter response that fits: the whole object, if only the part heads make several ranges too long (§14.2
 * allows Range to be ignored), or the beginning of a range, if the policy is `partial`. The object is read again, so a
 * shorter response is possible only if that read can be pinned to the version just seen.
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

async function openShorter(
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

async function oversizeReply(
  { decision, representation }: OpenedBody,
  request: DownloadRequest,
  context: DownloadContext,
  { limit, policy, link, linkWhole }: SizeLimit,
): Promise<Reply> {
  const { requestId } = context;
  const toLink = policy === 'refuse' ? undefined : link;
  // A client repeats its Range after the redirect.
  if (toLink !== undefined && decision.status === 200 && request.range !== undefined) {
    const url = await linkWhole?.(linkTarget(representation, context));
    if (url !== undefined) return redirectReply(url, representation);
  }
  if (hasStaleIfRange(request, representation) && (toLink === undefined || request.range?.length === 1)) {
    const detail =
      'If-Range does not name the current version, which is too large for this gateway to send whole. Start over: ask again without Range and If-Range.';
    return problemReply(412, detail, requestId, 'GET', [], 'changed');
  }
  if (toLink === undefined) {
    const length = bodyLength(decision, representation);
    const detail = `The answer has ${length} bytes, and this gateway sends ${limit} at the most. Ask for ranges of fewer.`;
    return problemReply(501, detail, requestId, 'GET');
  }
  return redirectReply(await toLink(linkTarget(representation, context)), representation);
}

function linkTarget(
  representation: Representation,
  { key, contentDisposition: disposition, publicHost, grantExpires }: DownloadContext,
): LinkTarget {
  return {
    key,
    representation,
    disposition: disposition === undefined ? undefined : contentDisposition(disposition.type, disposition.key),
    host: publicHost,
    expires: grantExpires,
  };
}

function redirectReply(url: string, representation: Representation): Reply {
  const redirect = emptyReply(307, [
    ['Location', url],
    // The link is for this client only, and expires soon.
    ['Cache-Control', 'private, no-store'],
  ]);
  return { ...redirect, content: contentOf(representation, () => []) };
}

/**
 * Returns whether If-Range (§13.1.5) does not match, so that Range is ignored. Such a request must not be redirected if
 * it has one range: a client repeats its fields after a redirect, and storage that ignores If-Range would send a range
 * of a version of which the client has no other bytes. To several ranges, S3 sends the whole object.
 */
function hasStaleIfRange({ range, ifRange, now }: DownloadRequest, representation: Representation): boolean {
  return range !== undefined && ifRange !== undefined && !checkIfRange(ifRange, representation, now);
}
