import { steadyTime } from '../clock.ts';
import { pieceOf, type BlockRange, type Piece } from '../cache/grid.ts';
import type { Span } from '../http/index.ts';
import type { BlockSource, PinnedObject, Window } from './block-source.ts';
import type { Pieces } from './joined-body.ts';
import { insure, type Insurance } from './insurance.ts';
import type { CallOptions } from './object-store.ts';
import { discard, storedPortion, type Portion } from './portion.ts';
import { closeLater, type Handover } from './spare.ts';
import { isGone } from './store-error.ts';

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
  /** What follows the first window in a read that is open already. */
  readonly spare?: Handover | undefined;
  /** Called with each window as it is there. */
  readonly onWindow: (window: Window) => void;
  /** Called where the rest of the body is read past the cache. */
  readonly onBypass: () => void;
}

/** A body on its way. */
export interface Walk {
  readonly pieces: Pieces;
  /** When the first piece is there, and the storage answers for all others of the first window. */
  readonly begun: Promise<void>;
}

/** A window that lay ready for so long, in ms, shows a client that is slower than the storage. */
const IDLE = 1_000;

/** So many bytes of an answer go into the buffers of sockets, however slow the client is. */
const BUFFERED = 4 * 1024 * 1024;

interface Ready {
  readonly window: Window;
  /** Whether it brings all there is from its first block on. */
  readonly isRest: boolean;
  readonly pieces: readonly Arriving[];
  /** When it could be sent, in ms since the epoch. */
  readonly since: number;
}

/** A piece on its way. */
interface Arriving {
  readonly portion: Promise<Portion>;
  /** Where it ends in the object, in bytes. */
  readonly end: number;
  isThere: boolean;
}

/**
 * Walks through the pieces of a body, in order. Windows are opened ahead only for a client that has to wait for them:
 * a slow one holds one window in memory, however large the object.
 */
export function walk(course: Course): Walk {
  const { span, blocks, segment, ahead } = course;
  const windows = new Set<Window>();
  const opened: Promise<Ready>[] = [];
  const insurance = insure(course);
  let next = blocks.start;
  let position = span.start;
  let lead = 0;
  let isLeft = false;
  /** Set once no more windows are wanted, but for one at the most. */
  let dropped: { readonly but: Window | undefined } | undefined;

  /** Gives back what is under way or yet to open, but for one window. Spares of windows that were not sent go with them. */
  function drop(but?: Window): void {
    dropped = { but };
    for (const window of windows) {
      if (window === but) continue;
      window.close();
      closeLater(window.spare);
      windows.delete(window);
    }
  }

  function leave(): void {
    isLeft = true;
    drop();
    insurance.end();
  }

  function open(): Promise<Ready> {
    const range = { start: next, end: Math.min(next + segment, blocks.end) };
    next = range.end;
    const ready = openWindow(course, range, insurance, (window) => {
      windows.add(window);
      if (dropped !== undefined) drop(dropped.but);
    });
    // Its failure is told where it is taken.
    ready.then(
      ({ isRest }) => {
        if (isRest) next = blocks.end;
      },
      () => undefined,
    );
    opened.push(ready);
    return ready;
  }

  function topUp(count: number): void {
    while (next < blocks.end && opened.length < count) void open();
  }

  async function* send({ window, pieces }: Ready): AsyncGenerator<Portion, undefined> {
    for (const { portion, end, isThere } of pieces) {
      if (!isThere && position - span.start >= BUFFERED && lead < ahead) {
        lead++;
        topUp(lead);
      }
      const piece = await portion;
      position = end;
      yield piece;
    }
    await insurance.renew(window);
    window.close();
    windows.delete(window);
  }

  async function* windowsInTurn(): AsyncGenerator<Portion, undefined> {
    for (;;) {
      topUp(lead + 1);
      const asked = steadyTime();
      const ready = await opened.shift();
      if (ready === undefined) return undefined;
      if (ready.isRest) {
        opened.length = 0;
        drop(ready.window);
      }
      if (ready.since >= asked) lead = Math.min(lead + 1, ahead);
      else if (asked - ready.since > IDLE) lead = 0;
      yield* send(ready);
    }
  }

  async function* steps(): AsyncGenerator<Portion, undefined> {
    try {
      yield* windowsInTurn();
    } catch (error) {
      const spare = isGone(error) ? insurance.claim(position) : undefined;
      if (spare === undefined || isLeft) throw error;
      drop();
      yield* spare.read(position, span.end);
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
  return { pieces, begun: open().then(({ window, isRest }) => (isRest ? undefined : insurance.begin(window))) };
}

async function openWindow(
  course: Course,
  range: BlockRange,
  insurance: Insurance,
  onOpen: (window: Window) => void,
): Promise<Ready> {
  const { source, object, span, blocks, blockSize, call, onWindow, onBypass } = course;
  // Once a byte was sent, a version that the storage keeps is read to its end; before, the new one is better.
  const representation = { ...object.representation, version: undefined };
  const isFirst = range.start === blocks.start;
  const wanted = piecesOf(span, range, blockSize);
  const pinned = isFirst ? { ...object, representation } : object;
  const fetched = await source.fetch(pinned, wanted, call, insurance.due(range));
  if (fetched === undefined) onBypass();
  else onWindow(fetched);
  const rest = { start: Math.max(range.start * blockSize, span.start), end: span.end };
  const window = fetched ?? (await openRest(course, pinned, rest));
  insurance.note(range, window);
  onOpen(window);
  await Promise.all([window.opened, window.pieces[0]]);
  const isRest = fetched === undefined;
  const pieces = window.pieces.map((portion, i) =>
    arriving(portion, isRest ? span.end : Math.min((range.start + i + 1) * blockSize, span.end)),
  );
  return { window, isRest, pieces, since: steadyTime() };
}

/** One read past the cache, which takes no memory, and sees to its end whatever becomes of the object. */
async function openRest({ source, call }: Course, object: PinnedObject, rest: Span): Promise<Window> {
  const portion = storedPortion(await source.open(object, rest, call));
  const body = Promise.resolve(portion);
  return {
    pieces: [body],
    opened: body,
    spare: undefined,
    hits: 0,
    hitBytes: 0,
    close: () => discard(portion),
  };
}

function arriving(portion: Promise<Portion>, end: number): Arriving {
  const piece: Arriving = { portion, end, isThere: false };
  const settle = () => {
    piece.isThere = true;
  };
  portion.then(settle, settle);
  return piece;
}

/** The pieces of a span in some of its blocks. */
export function piecesOf(span: Span, { start, end }: BlockRange, blockSize: number): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let index = start; index < end; index++) pieces.push(pieceOf(span, index, blockSize));
  return pieces;
}
