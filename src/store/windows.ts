import type { CachedBytes } from '../cache/block-cache.ts';
import { pieceOf, type BlockRange, type Piece } from '../cache/grid.ts';
import type { Span } from '../http/index.ts';
import type { BlockSource, PinnedObject, Window } from './block-source.ts';
import type { Pieces } from './joined-body.ts';
import type { CallOptions } from './object-store.ts';

/** What a body is made of, and how far ahead of its reader. */
export interface Course {
  readonly source: BlockSource;
  readonly object: PinnedObject;
  readonly span: Span;
  readonly blocks: BlockRange;
  readonly blockSize: number;
  /** Blocks of a window: what one read of the storage brings at the most. */
  readonly segment: number;
  /** Windows opened ahead of the one that is being sent. */
  readonly ahead: number;
  readonly call: CallOptions;
  /** Called with each window as it is there. */
  readonly onWindow: (window: Window) => void;
}

/** A window that lay ready for so long, in ms, shows a client that is slower than the storage. */
const IDLE = 1_000;

/**
 * The pieces of a body, in order. Windows are opened ahead only for a client that has to wait for them: a slow one
 * holds one window in memory, however large the object.
 */
export async function* walk(course: Course): Pieces {
  const { segment, ahead, blocks } = course;
  const opened: Promise<Ready>[] = [];
  let next = blocks.start;
  let lead = 0;
  try {
    while (next < blocks.end || opened.length > 0) {
      while (next < blocks.end && opened.length <= lead) {
        opened.push(open(course, { start: next, end: Math.min(next + segment, blocks.end) }));
        next += segment;
      }
      const asked = Date.now();
      const { window, since } = await first(opened);
      if (since >= asked) lead = Math.min(lead + 1, ahead);
      else if (asked - since > IDLE) lead = 0;
      yield* send(window);
      void opened.shift();
    }
  } finally {
    for (const one of opened) one.then(({ window }) => window.release()).catch(() => undefined);
  }
}

interface Ready {
  readonly window: Window;
  /** When its first piece was there, in ms since the epoch. */
  readonly since: number;
}

async function open(course: Course, { start, end }: BlockRange): Promise<Ready> {
  const { source, object, span, blockSize, call, onWindow } = course;
  const pieces = piecesOf(span, { start, end }, blockSize);
  const window = await source.fetch(object, pieces, call);
  onWindow(window);
  // Its failure is told where it is taken.
  await window.pieces[0]?.catch(() => undefined);
  return { window, since: Date.now() };
}

async function first(opened: readonly Promise<Ready>[]): Promise<Ready> {
  const [ready] = opened;
  if (ready === undefined) throw new Error('no window is open');
  return ready;
}

async function* send(window: Window): Pieces {
  let sent = 0;
  try {
    for (const piece of window.pieces) {
      const bytes = await piece;
      sent++;
      yield bytes;
    }
  } finally {
    window.release();
    // A stream out of a cache holds a connection until it is read or given back.
    for (const piece of window.pieces.slice(sent)) void piece.then(discard).catch(() => undefined);
  }
}

function discard(bytes: CachedBytes): unknown {
  return bytes instanceof Uint8Array ? undefined : bytes.cancel();
}

/** The pieces of a span in some of its blocks. */
export function piecesOf(span: Span, { start, end }: BlockRange, blockSize: number): readonly Piece[] {
  return Array.from({ length: end - start }, (_, i) => pieceOf(span, start + i, blockSize));
}
