import {
  bodyLength,
  checkIfRange,
  contentDisposition,
  isPinnable,
  type ByteDecision,
  type DispositionType,
  type DownloadRequest,
  type Representation,
  type Span,
} from '../../http/index.ts';
import type { ObjectStore, OpenObject } from '../../store/object-store.ts';
import { storeError } from '../../store/store-error.ts';
import { assertAsAsked, pinned } from './pinned-read.ts';
import { bare, problem, type Reply } from '../reply.ts';
import type { OverflowPolicy } from '../../config/overflow-policy.ts';

/** What a link leads to. */
export interface LinkTarget {
  readonly key: string;
  /** What was evaluated, for pinning the link to it. */
  readonly representation: Representation;
  /** The Content-Disposition to answer with, where it is another than the stored one. */
  readonly disposition: string | undefined;
}

/** How much a platform can send, and what is done about more. */
export interface Overflow {
  /** Bytes of a body that fit. */
  readonly limit: number;
  readonly policy: OverflowPolicy;
  /** Makes an address from which the client itself reads the object; without it, redirects are refusals. */
  readonly link?: ((target: LinkTarget) => Promise<string>) | undefined;
}

/** Bytes about to be sent, evaluated and opened. */
export interface OpenedBytes {
  readonly decision: ByteDecision;
  readonly representation: Representation;
  readonly first: OpenObject;
}

/** A request whose conditions have been evaluated. */
export interface Evaluated {
  readonly key: string;
  readonly requestId: string;
  readonly parsed: DownloadRequest;
  readonly signal: AbortSignal;
  readonly disposition: { readonly type: DispositionType; readonly key: string } | undefined;
}

/** What is sent: the bytes, all or fewer, or an answer instead. */
export type Fitted = ({ readonly type: 'bytes' } & OpenedBytes) | { readonly type: 'reply'; readonly reply: Reply };

/**
 * Holds an answer to what the platform can send.
 *
 * @throws StoreError where the whole, or the beginning of a range, can't be read
 */
export async function fit(
  opened: OpenedBytes,
  request: Evaluated,
  store: ObjectStore,
  overflow: Overflow | undefined,
): Promise<Fitted> {
  const { decision, representation, first } = opened;
  if (overflow === undefined || bodyLength(decision, representation) <= overflow.limit) {
    return { type: 'bytes', ...opened };
  }
  await first.body.cancel();
  const shorter = shorten(decision, representation, overflow);
  if (shorter !== undefined) return openInstead(shorter, representation, request, store);
  return { type: 'reply', reply: await replyInstead(opened, request, overflow) };
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
  { limit, policy }: Overflow,
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
  { key, signal }: Evaluated,
  store: ObjectStore,
): Promise<Fitted> {
  const options = { ...pinned(decision.span, representation), signal };
  const first = await store.read(key, options);
  if (first.type !== 'open') throw storeError('changed', `the object was ${first.type} when it was read again`);
  await assertAsAsked(first, options);
  return { type: 'bytes', decision, representation, first };
}

async function replyInstead(
  { decision, representation }: OpenedBytes,
  { key, requestId, parsed, disposition }: Evaluated,
  { limit, policy, link }: Overflow,
): Promise<Reply> {
  const target = policy === 'refuse' ? undefined : link;
  if (isStale(parsed, representation) && (target === undefined || parsed.range?.length === 1)) {
    const detail =
      'If-Range does not name the current version, which is too large for this gateway to send whole. Start over: ask again without Range and If-Range.';
    return problem(412, detail, requestId, 'GET', [], 'changed');
  }
  if (target === undefined) {
    const length = bodyLength(decision, representation);
    const detail = `The answer has ${length} bytes, and this gateway sends ${limit} at the most. Ask for ranges of fewer.`;
    return problem(501, detail, requestId, 'GET');
  }
  const url = await target({
    key,
    representation,
    disposition: disposition === undefined ? undefined : contentDisposition(disposition.type, disposition.key),
  });
  return bare(307, [
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
