import { pieceOf, type BlockRange, type Piece } from '../cache/grid.ts';
import type { Span } from '../http/index.ts';
import type { BlockSource, PinnedObject, Window } from './block-source.ts';
import type { Pieces } from './joined-body.ts';
import type { CallOptions } from './object-store.ts';
import type { Portion } from './portion.ts';

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

/** A body on its way. */
export interface Walk {
  readonly pieces: Pieces;
  /** When the first piece is there, and the storage answers for all others of the first window. */
  readonly begun: Promise<unknown>;
}

/** A window that lay ready for so long, in ms, shows a client that is slower than the storage. */
const IDLE = 1_000;

interface Ready {
  readonly window: Window;
  /** When it could be sent, in ms since the epoch. */
  readonly since: number;
}

/**
 * Walks through the pieces of a body, in order. Windows are opened ahead only for a client that has to wait for them:
 * a slow one holds one window in memory, however large the object.
 */
export function walk(course: Course): Walk {
  const { blocks, segment, ahead } = course;
  const windows = new Set<Window>();
  const opened: Promise<Ready>[] = [];
  let next = blocks.start;
  let isLeft = false;

  function leave(): void {
    isLeft = true;
    for (const window of windows) window.close();
  }

  function open(): Promise<Ready> {
    const range = { start: next, end: Math.min(next + segment, blocks.end) };
    next = range.end;
    const ready = openWindow(course, range, (window) => (isLeft ? window.close() : windows.add(window)));
    // Its failure is told where it is taken.
    ready.catch(() => undefined);
    opened.push(ready);
    return ready;
  }

  async function* steps(): AsyncGenerator<Portion, undefined> {
    let lead = 0;
    try {
      for (;;) {
        while (next < blocks.end && opened.length <= lead) void open();
        const asked = Date.now();
        const ready = await opened.shift();
        if (ready === undefined) return undefined;
        const { window, since } = ready;
        if (since >= asked) lead = Math.min(lead + 1, ahead);
        else if (asked - since > IDLE) lead = 0;
        for (const piece of window.pieces) yield await piece;
        window.close();
        windows.delete(window);
      }
    } finally {
      leave();
    }
  }

  const generator = steps();
  const pieces: Pieces = {
    next: () => generator.next(),
    async return() {
      leave();
      // Not waited for: it ends only with the piece that is under way.
      generator.return(undefined).catch(() => undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => pieces,
  };
  return { pieces, begun: open() };
}

async function openWindow(
  { source, object, span, blocks, blockSize, call, onWindow }: Course,
  range: BlockRange,
  onOpen: (window: Window) => void,
): Promise<Ready> {
  // Once a byte was sent, a version that the storage keeps is read to its end; before, the new one is better.
  const representation = { ...object.representation, version: undefined };
  const isFirst = range.start === blocks.start;
  const pieces = piecesOf(span, range, blockSize);
  const window = await source.fetch(isFirst ? { ...object, representation } : object, pieces, call);
  onOpen(window);
  onWindow(window);
  await Promise.all([window.opened, window.pieces[0]]);
  return { window, since: Date.now() };
}

/** The pieces of a span in some of its blocks. */
export function piecesOf(span: Span, { start, end }: BlockRange, blockSize: number): readonly Piece[] {
  return Array.from({ length: end - start }, (_, i) => pieceOf(span, start + i, blockSize));
}
