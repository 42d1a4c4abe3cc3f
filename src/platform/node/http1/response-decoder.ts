import { checkTrailer, MAX_HEAD, parseResponseHead, type ResponseHead } from './response-head.ts';

/** Receives the parts of an answer. */
export interface ResponseListener {
  onHead(head: ResponseHead): void;
  /** Bytes of the body, a part of those that were fed. */
  onBytes(bytes: Uint8Array): void;
  onEnd(): void;
}

/** Takes the bytes of one answer as they come. */
export interface ResponseDecoder {
  /** Whether the body has no length and ends with the connection. */
  isUntilClose(): boolean;
  /**
   * @returns how many of the bytes belong to the answer
   * @throws Error where it is no answer that can be understood in one way only
   */
  feed(bytes: Uint8Array): number;
  /** The connection is at its end. @returns whether the answer is too */
  close(): boolean;
}

type State =
  | { readonly at: 'head' | 'chunk-size' | 'chunk-end' | 'over' }
  | { readonly at: 'trailer'; readonly most: number }
  | { readonly at: 'body' | 'chunk'; left: number };

/** A line of a chunked body's frame: a size, its extensions, a trailer field. */
const MAX_LINE = 8 * 1024;

/** In what has come of a line: NUL, or half a line end (RFC 9112 §2.2). Another half may follow a CR that is last. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const HALF_LINE_END = /\0|\r(?!\n|$)|(?<!\r)\n/g;

/** RFC 9112 §7.1.1, with the bad white space that has to be understood (RFC 9110 §5.6.3). In linear time. */
const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const QUOTED = '"(?:[\\t !#-[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"';
const EXTENSION = `[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?`;
const CHUNK_SIZE = new RegExp(`^([\\da-f]{1,12})(?:${EXTENSION})*[ \\t]*$`, 'i');

/** Decodes one answer to a request of this method (RFC 9112 §4 to §7), and keeps nothing of its body. */
export function responseDecoder(method: string, listener: ResponseListener): ResponseDecoder {
  let state: State = { at: 'head' };
  let text = '';

  function end(): void {
    state = { at: 'over' };
    listener.onEnd();
  }

  /** @returns where what follows the first `mark` begins; `undefined`: has not come yet. `text` is what was before it */
  function takeUntil(mark: string, bytes: Uint8Array, from: number, most: number): number | undefined {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const before = text.length;
    // Mostly it is all there at once, before a body that is not to be made a string of.
    const until = before > 0 ? -1 : view.indexOf(mark, from, 'latin1');
    text += view.toString('latin1', from, until >= 0 ? until : Math.min(bytes.length, from + most + 1 - before));
    const found = until >= 0 ? until - from : text.indexOf(mark, Math.max(0, before - mark.length));
    if ((found < 0 ? text.length : found) > most) throw new Error(`its head or a line is longer than ${most} bytes`);
    if (found < 0) {
      // Refused now: the end that would follow may never come.
      HALF_LINE_END.lastIndex = Math.max(0, before - 1);
      if (HALF_LINE_END.test(text)) throw new Error('a line has control characters');
      return undefined;
    }
    text = text.slice(0, found);
    return from + found + mark.length - before;
  }

  function beginBody(): void {
    const head = parseResponseHead(text, method);
    text = '';
    if (head.status === 101) throw new Error('it changes the protocol');
    if (head.status < 200) {
      // An interim answer, before the final one (RFC 9110 §15.2). One that closes has no final one (RFC 9112 §9.6).
      if (!head.isKept) throw new Error('an interim answer closes the connection');
      return;
    }
    listener.onHead(head);
    const { framing } = head;
    switch (framing.type) {
      case 'none':
        return end();
      case 'chunked':
        state = { at: 'chunk-size' };
        return;
      case 'close':
        state = { at: 'body', left: Number.POSITIVE_INFINITY };
        return;
      case 'length':
        if (framing.length === 0) return end();
        state = { at: 'body', left: framing.length };
    }
  }

  function beginChunk(): void {
    const [, digits] = CHUNK_SIZE.exec(text) ?? [];
    if (digits === undefined) throw new Error('the line before a chunk is no size with extensions');
    const left = Number.parseInt(digits, 16);
    state = left === 0 ? { at: 'trailer', most: MAX_HEAD } : { at: 'chunk', left };
  }

  /** @param most bytes that the rest of the section may have */
  function readTrailer(most: number): void {
    if (text === '') return end();
    checkTrailer(text);
    if (text.length > most) throw new Error(`its trailer is longer than ${MAX_HEAD} bytes`);
    state = { at: 'trailer', most: most - text.length };
  }

  /** @returns where the next step begins; `undefined` where more has to come first */
  function step(bytes: Uint8Array, from: number): number | undefined {
    switch (state.at) {
      case 'head': {
        const next = takeUntil('\r\n\r\n', bytes, from, MAX_HEAD);
        if (next !== undefined) beginBody();
        return next;
      }
      case 'body':
      case 'chunk': {
        const to = Math.min(bytes.length, from + state.left);
        state.left -= to - from;
        const isLast = state.left === 0;
        listener.onBytes(bytes.subarray(from, to));
        if (isLast && state.at === 'body') end();
        else if (isLast) state = { at: 'chunk-end' };
        return to;
      }
      case 'chunk-size':
      case 'chunk-end':
      case 'trailer': {
        const next = takeUntil('\r\n', bytes, from, MAX_LINE);
        if (next === undefined) return undefined;
        if (state.at === 'chunk-size') beginChunk();
        else if (state.at === 'trailer') readTrailer(state.most);
        else {
          if (text !== '') throw new Error('a chunk is longer than it says');
          state = { at: 'chunk-size' };
        }
        text = '';
        return next;
      }
      case 'over':
        return undefined;
    }
  }

  return {
    isUntilClose() {
      return state.at === 'body' && state.left === Number.POSITIVE_INFINITY;
    },
    feed(bytes) {
      let from = 0;
      while (from < bytes.length && state.at !== 'over') {
        const next = step(bytes, from);
        if (next === undefined) return bytes.length;
        from = next;
      }
      return from;
    },
    close() {
      if (state.at === 'body' && state.left === Number.POSITIVE_INFINITY) end();
      return state.at === 'over';
    },
  };
}
