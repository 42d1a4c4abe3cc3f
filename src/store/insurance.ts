import type { BlockRange } from '../cache/grid.ts';
import type { Span } from '../http/index.ts';
import type { BlockSource, PinnedObject, Window } from './block-source.ts';
import type { CallOptions } from './object-store.ts';
import { closeLater, type Handover, type Spare } from './spare.ts';

/** What a long answer needs so that it ends as it began, although its object is replaced while it is sent. */
export interface Insurance {
  /** Where a window's read is to go on to, and stay open behind it; `undefined` where none is due. */
  due(window: BlockRange): number | undefined;
  /** What became of that. */
  note(window: BlockRange, opened: Window): void;
  /**
   * Makes sure before the first byte, when the first window is open, that there is a spare where one will be needed.
   *
   * @throws StoreError `changed` or `archived`
   */
  begin(first: Window): Promise<void> | undefined;
  /** Takes the spare behind a window that was sent, and closes the one before. */
  renew(sent: Window): Promise<void>;
  /** The spare, for an answer that has come to `position` in the object, in bytes; none that stands behind it. */
  claim(position: number): Spare | undefined;
  /** Closes all there is, and all that comes. */
  end(): void;
}

/** What is insured. */
export interface Insured {
  readonly source: BlockSource;
  readonly object: PinnedObject;
  readonly span: Span;
  readonly blocks: BlockRange;
  readonly blockSize: number;
  readonly segment: number;
  readonly call: CallOptions;
  /** A read that goes on behind the first window. */
  readonly spare?: Handover | undefined;
}

/** Bytes after which a spare is renewed: what has to be read and dropped at the most, some seconds of a connection. */
const RENEWAL = 128 * 1024 * 1024;

/**
 * Insures an answer with a spare. A version that the storage keeps needs none, nor does an answer of one window, whose
 * reads are all open before its first byte goes out.
 */
export function insure(insured: Insured): Insurance {
  const { source, object, span, blocks, blockSize, segment, call } = insured;
  const firstEnd = blocks.start + segment;
  const isNeeded = blocks.end > firstEnd && object.representation.version === undefined;
  const adopted = isNeeded ? insured.spare?.take() : undefined;
  let first = adopted;
  let current: Spare | undefined;
  let isEnded = false;
  /** Up to which block the newest spare's window goes, where there is one. */
  let reached = adopted === undefined ? undefined : firstEnd;

  function take(spare: Spare | undefined): void {
    if (spare === undefined) return;
    if (isEnded) return spare.close();
    current?.close();
    current = spare;
  }

  async function open(): Promise<void> {
    // What all is cached is sent without a question. Where nobody can tell, the first read there is becomes the spare.
    if ((await source.has(object, { start: firstEnd, end: blocks.end })) !== false) return;
    take(await source.spare(object, { start: firstEnd * blockSize, end: span.end }, call));
    if (current !== undefined) reached = firstEnd;
  }

  return {
    due({ end }) {
      if (!isNeeded || end >= blocks.end) return undefined;
      if (reached !== undefined && (end - reached) * blockSize < RENEWAL) return undefined;
      return span.end;
    },
    note({ end }, { spare }) {
      if (spare !== undefined) reached = end;
    },
    begin: ({ spare }) => (isNeeded && first === undefined && spare === undefined ? open() : undefined),
    async renew({ spare }) {
      take(await (spare ?? first));
      first = undefined;
      // Its read has failed: the next one is due at once.
      if (current === undefined) reached = undefined;
    },
    claim: (position) => (current !== undefined && current.start <= position ? current : undefined),
    end() {
      isEnded = true;
      current?.close();
      closeLater(first);
    },
  };
}
