import {
  bodyLength,
  multipartTail,
  partHead,
  representationType,
  spanLength,
  type ByteDecision,
  type PlannedRead,
} from '../../http/index.ts';
import type { DownloadContext } from './download-context.ts';
import { storeError } from '../../store/store-error.ts';
import { reopenFrom } from '../../store/reopen-from.ts';
import type { OpenObject } from '../../store/object-store.ts';
import type { BodyPlan } from './body-pipe.ts';

/** What the reads after the first need. */
type BodyContext = Pick<DownloadContext, 'store' | 'key' | 'signal' | 'idleTimeout'>;

/** Makes the body of a decision that sends bytes, out of the read that is open and those still to come. */
export function planBody(decision: ByteDecision, first: OpenObject, context: BodyContext, boundary: string): BodyPlan {
  const { representation } = first;
  const { signal, idleTimeout } = context;
  const length = bodyLength(decision, representation);
  if (decision.status === 200 || decision.form === 'single') {
    const parts = [{ head: EMPTY, span: decision.span }];
    const reads = [{ open: async () => first.body, span: decision.span, parts }];
    return { length, reads, tail: EMPTY, signal, idleTimeout, close: () => undefined };
  }
  const type = representationType(representation);
  const queue = openInOrder(first, decision.reads, context);
  const reads = decision.reads.map((read, i) => ({
    span: read.span,
    open: () => queue.open(i),
    parts: read.parts.map((span) => ({ span, head: latin1(partHead(boundary, type, span, representation.size)) })),
  }));
  return { length, reads, tail: latin1(multipartTail(boundary)), signal, idleTimeout, close: queue.close };
}

const EMPTY = new Uint8Array(0);

/** A read is opened ahead only behind one of so few bytes: behind more, a slow client would leave it idle for too long. */
const READ_AHEAD_LIMIT = 8 * 1024 * 1024;

type Body = ReadableStream<Uint8Array>;

interface OrderedReads {
  /** In their order, each once. */
  readonly open: (i: number) => Promise<Body>;
  /** Gives back what was opened and not taken. */
  readonly close: () => void;
}

/**
 * The bodies of several reads, all of the first one's version. While one is sent the next is opened, so that its way
 * to the storage is not waited for. After the first byte there is no starting again: where that version is not to be
 * had any more, the answer ends.
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
    // Its failure is told where it is taken.
    next.catch(() => undefined);
  }

  return {
    async open(i) {
      if (i > 0 && next === undefined) openAhead(i);
      const opened = i === 0 ? first.body : await next;
      next = undefined;
      if (opened === undefined) throw storeError('aborted', 'nobody takes the next part any more');
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

/** As the field values in the head of a part would go over the wire: a byte a character. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
