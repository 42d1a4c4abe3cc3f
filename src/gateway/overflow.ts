import {
  bodyLength,
  contentDisposition,
  type ByteDecision,
  type DispositionType,
  type DownloadRequest,
  type Representation,
} from '../http/index.ts';
import type { ObjectStore, OpenObject } from '../store/object-store.ts';
import { isPinnable } from '../store/pinnable.ts';
import { storeError } from '../store/store-error.ts';
import { assertAsAsked, pinned } from './pin.ts';
import { bare, problem, type Reply } from './reply.ts';

/**
 * What becomes of a body that a platform can't send: `redirect` sends the client to the storage, `partial` answers a
 * range with its beginning (§15.3.7 allows it, some clients take it for the end) and redirects the rest, `refuse`
 * says so.
 */
export type OverflowPolicy = (typeof OVERFLOW_POLICIES)[number];

export const OVERFLOW_POLICIES = ['redirect', 'partial', 'refuse'] as const;

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
 * @throws StoreError where the beginning of a range can't be read
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
  if (shorter !== undefined) return openShorter(shorter, representation, request, store);
  return { type: 'reply', reply: await replyInstead(opened, request, overflow) };
}

type SingleRange = Extract<ByteDecision, { readonly form: 'single' }>;

/** Only of what can be pinned: the span was evaluated on one version, and is read again. */
function shorten(
  decision: ByteDecision,
  representation: Representation,
  { limit, policy }: Overflow,
): SingleRange | undefined {
  if (policy !== 'partial' || limit < 1 || !isPinnable(representation)) return undefined;
  if (decision.status === 200 || decision.form !== 'single') return undefined;
  const { start } = decision.span;
  return { status: 206, form: 'single', span: { start, end: start + limit } };
}

async function openShorter(
  decision: SingleRange,
  representation: Representation,
  { key, signal }: Evaluated,
  store: ObjectStore,
): Promise<Fitted> {
  const options = { ...pinned(decision.span, representation), signal };
  const first = await store.read(key, options);
  if (first.type !== 'open') throw storeError('changed', `the object was ${first.type} when it was read for less`);
  await assertAsAsked(first, options);
  return { type: 'bytes', decision, representation, first };
}

async function replyInstead(
  { decision, representation }: OpenedBytes,
  { key, requestId, parsed, disposition }: Evaluated,
  { limit, policy, link }: Overflow,
): Promise<Reply> {
  const length = bodyLength(decision, representation);
  if (policy === 'refuse' || link === undefined) {
    const detail = `The answer has ${length} bytes, and this gateway sends ${limit} at the most. Ask for ranges of fewer.`;
    return problem(501, detail, requestId, 'GET');
  }
  if (isRangeToIgnore(parsed, decision)) {
    const detail =
      'If-Range names another version, so the whole is due; it is too large for this gateway, and a redirect would be followed with the range. Ask for the whole without Range.';
    return problem(501, detail, requestId, 'GET');
  }
  const url = await link({
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
 * Whether If-Range (§13.1.5) turned a range into the whole. A client repeats its fields where it is sent on, and a
 * storage that does not know If-Range would give it the range of a version that the client has no other bytes of.
 * Several ranges S3 does not serve, so there the whole comes.
 */
function isRangeToIgnore({ range, ifRange }: DownloadRequest, decision: ByteDecision): boolean {
  return decision.status === 200 && ifRange !== undefined && range?.length === 1;
}
