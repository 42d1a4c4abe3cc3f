import {
  bodyLength,
  multipartTail,
  partHead,
  printEntityTag,
  representationType,
  spanLength,
  type ByteDecision,
  type PlannedRead,
  type Representation,
} from '../../http/index.ts';
import type { DownloadContext } from './download-context.ts';
import { storeError } from '../../store/store-error.ts';
import { reopenFrom } from '../../store/reopen-from.ts';
import type { OpenObject } from '../../store/object-store.ts';
import type { ResponseContent } from '../reply.ts';
import type { BodyPlan } from './body-pipe.ts';

/** The inputs of the reads after the first. */
type BodyContext = Pick<DownloadContext, 'store' | 'key' | 'signal' | 'idleTimeout' | 'isCounted'>;

/**
 * Plans the body of a decision that sends bytes.
 *
 * @param first the first read, opened; later reads are opened while the body is sent
 * @param boundary of a multipart body; not used for one range
 */
export function planBody(decision: ByteDecision, first: OpenObject, context: BodyContext, boundary: string): BodyPlan {
  const { representation } = first;
  const { signal, idleTimeout, isCounted } = context;
  const length = bodyLength(decision, representation);
  if (decision.status === 200 || decision.form === 'single') {
    const parts = [{ head: NO_BYTES, span: decision.span }];
    const reads = [{ open: async () => first.body, span: decision.span, parts }];
    return { length, reads, tail: NO_BYTES, signal, idleTimeout, isCounted, close: () => undefined };
  }
  const type = representationType(representation);
  const queue = openInOrder(first, decision.reads, context);
  const reads = decision.reads.map((read, i) => ({
    span: read.span,
    open: () => queue.open(i),
    parts: read.parts.map((span) => ({ span, head: latin1(partHead(boundary, type, span, representation.size)) })),
  }));
  return { length, reads, tail: latin1(multipartTail(boundary)), signal, idleTimeout, isCounted, close: queue.close };
}

const NO_BYTES = new Uint8Array(0);

/**
 * The next read is opened ahead only if the current one has at most this many bytes. While a slow client takes a longer
 * one, the open connection would be idle for too long.
 */
const READ_AHEAD_LIMIT = 8 * 1024 * 1024;

type Body = ReadableStream<Uint8Array>;

interface OrderedReads {
  /** Returns the body of a read. Called once for each read, in ascending order. */
  readonly open: (i: number) => Promise<Body>;
  /** Closes a body that was opened ahead and not returned. */
  readonly close: () => void;
}

/**
 * Opens the bodies of several reads, all pinned to the version of the first. The next read is opened while the current
 * one is sent, which saves its latency. If that version can't be read any more, the response breaks: after its first
 * byte it can't start again with another version.
 */
function openInOrder(
  first: OpenObject,
  reads: readonly PlannedRead[],
  { store, key, signal }: BodyContext,
): OrderedReads {
  const { representation } = first;
  let next: Promise<Body> | undefined;
  let isClosed = false;

  function openAhead(i: number): void {
    const read = reads[i];
    if (read === undefined || isClosed || signal.aborted) return;
    next = reopenFrom({ store, key, representation, rest: read.span }, { signal });
    // `open` throws the failure; this handler only prevents an unhandledRejection.
    next.catch(() => undefined);
  }

  return {
    async open(i) {
      if (i > 0 && next === undefined) openAhead(i);
      const opened = i === 0 ? first.body : await next;
      next = undefined;
      if (opened === undefined) throw storeError('aborted', 'the body was closed before its next part');
      const read = reads[i];
      if (read !== undefined && spanLength(read.span) <= READ_AHEAD_LIMIT) openAhead(i + 1);
      return opened;
    },
    close() {
      isClosed = true;
      next?.then((body) => body.cancel()).catch(() => undefined);
      next = undefined;
    },
  };
}

/** Encodes a part head as header fields are encoded on the wire: one byte a character. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/**
 * Describes the content of a response with bytes of an object.
 *
 * @param parts in the order in which they are sent
 */
export function contentOf({ etag, size }: Representation, parts: ResponseContent['parts']): ResponseContent {
  return { etag: etag === undefined ? undefined : printEntityTag(etag), size, parts };
}
