import { checkTrailer, MAX_HEAD, parseResponseHead, type ResponseHead } from './response-head.ts';

/** Receives the parts of a response. */
export interface ResponseListener {
  onHead(head: ResponseHead): void;
  /** Bytes of the body: a subarray of the bytes that were fed. */
  onBytes(bytes: Uint8Array): void;
  onEnd(): void;
}

/** Decodes the bytes of one response as they are received. */
export interface ResponseDecoder {
  /** Whether the body has no length and ends with the connection. */
  isUntilClose(): boolean;
  /**
   * @returns how many of the bytes belong to the response
   * @throws Error if the response is malformed or ambiguous
   */
  feed(bytes: Uint8Array): number;
  /** The connection was closed. @returns whether the response is complete */
  close(): boolean;
}

/** `remaining`: bytes of the body or chunk; `maxLength`: bytes that the rest of the trailer section may have. */
type State =
  | { readonly type: 'head' | 'chunk-size' | 'chunk-end' | 'complete' }
  | { readonly type: 'trailer'; readonly maxLength: number }
  | { readonly type: 'body' | 'chunk'; remaining: number };

/** The most bytes of a line of the chunked coding: a chunk size with its extensions, or a trailer field. */
const MAX_LINE = 8 * 1024;

/**
 * In a part of a line: NUL, a CR without LF, an LF without CR (RFC 9112 §2.2). The LF of a CR at the end may still
 * follow.
 */
// oxlint-disable-next-line no-control-regex -- the pattern matches control characters
const HALF_LINE_END = /\0|\r(?!\n|$)|(?<!\r)\n/g;

/**
 * RFC 9112 §7.1.1, with the "bad" white space that a recipient must accept (RFC 9110 §5.6.3). Matches in linear time.
 */
const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const QUOTED = '"(?:[\\t !#-[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"';
const EXTENSION = `[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?`;
const CHUNK_SIZE = new RegExp(`^([\\da-f]{1,12})(?:${EXTENSION})*[ \\t]*$`, 'i');

/**
 * Creates a decoder of one response (RFC 9112 §4 to §7). It buffers no bytes of the body.
 *
 * @param method of the request; a response to HEAD has no body
 */
export function responseDecoder(method: string, listener: ResponseListener): ResponseDecoder {
  let state: State = { type: 'head' };
  let text = '';

  function complete(): void {
    state = { type: 'complete' };
    listener.onEnd();
  }

  /**
   * Appends to `text` the bytes from `start` up to the first `delimiter`.
   *
   * @param maxLength of `text`, in bytes
   * @returns the index after the delimiter; `undefined` if it has not been received yet
   */
  function readUntil(delimiter: string, bytes: Uint8Array, start: number, maxLength: number): number | undefined {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const previous = text.length;
    // Usually one read brings the whole head, so the bytes of the body behind it are not converted to a string.
    const end = previous > 0 ? -1 : view.indexOf(delimiter, start, 'latin1');
    text += view.toString('latin1', start, end >= 0 ? end : Math.min(bytes.length, start + maxLength + 1 - previous));
    const length = end >= 0 ? end - start : text.indexOf(delimiter, Math.max(0, previous - delimiter.length));
    if ((length < 0 ? text.length : length) > maxLength)
      throw new Error(`its head or a line is longer than ${maxLength} bytes`);
    if (length < 0) {
      // Refused at once: the delimiter may never follow.
      HALF_LINE_END.lastIndex = Math.max(0, previous - 1);
      if (HALF_LINE_END.test(text)) throw new Error('a line has control characters');
      return undefined;
    }
    text = text.slice(0, length);
    return start + length + delimiter.length - previous;
  }

  function beginBody(): void {
    const head = parseResponseHead(text, method);
    text = '';
    if (head.status === 101) throw new Error('it changes the protocol');
    if (head.status < 200) {
      // An interim response precedes the final one (RFC 9110 §15.2). After `Connection: close` none follows (RFC 9112
      // §9.6).
      if (!head.isPersistent) throw new Error('an interim answer closes the connection');
      return;
    }
    listener.onHead(head);
    const { framing } = head;
    switch (framing.type) {
      case 'none':
        return complete();
      case 'chunked':
        state = { type: 'chunk-size' };
        return;
      case 'close':
        state = { type: 'body', remaining: Number.POSITIVE_INFINITY };
        return;
      case 'length':
        if (framing.length === 0) return complete();
        state = { type: 'body', remaining: framing.length };
    }
  }

  function beginChunk(): void {
    const [, digits] = CHUNK_SIZE.exec(text) ?? [];
    if (digits === undefined) throw new Error('the line before a chunk is no size with extensions');
    const remaining = Number.parseInt(digits, 16);
    state = remaining === 0 ? { type: 'trailer', maxLength: MAX_HEAD } : { type: 'chunk', remaining };
  }

  /** @param maxLength bytes that the rest of the section may have */
  function readTrailer(maxLength: number): void {
    if (text === '') return complete();
    checkTrailer(text);
    if (text.length > maxLength) throw new Error(`its trailer is longer than ${MAX_HEAD} bytes`);
    state = { type: 'trailer', maxLength: maxLength - text.length };
  }

  /** @returns the index at which the next step begins; `undefined` if more bytes are needed */
  function step(bytes: Uint8Array, start: number): number | undefined {
    switch (state.type) {
      case 'head': {
        const next = readUntil('\r\n\r\n', bytes, start, MAX_HEAD);
        if (next !== undefined) beginBody();
        return next;
      }
      case 'body':
      case 'chunk': {
        const end = Math.min(bytes.length, start + state.remaining);
        state.remaining -= end - start;
        const isLast = state.remaining === 0;
        listener.onBytes(bytes.subarray(start, end));
        if (isLast && state.type === 'body') complete();
        else if (isLast) state = { type: 'chunk-end' };
        return end;
      }
      case 'chunk-size':
      case 'chunk-end':
      case 'trailer': {
        const next = readUntil('\r\n', bytes, start, MAX_LINE);
        if (next === undefined) return undefined;
        if (state.type === 'chunk-size') beginChunk();
        else if (state.type === 'trailer') readTrailer(state.maxLength);
        else {
          if (text !== '') throw new Error('a chunk is longer than it says');
          state = { type: 'chunk-size' };
        }
        text = '';
        return next;
      }
      case 'complete':
        return undefined;
    }
  }

  return {
    isUntilClose() {
      return state.type === 'body' && state.remaining === Number.POSITIVE_INFINITY;
    },
    feed(bytes) {
      let position = 0;
      while (position < bytes.length && state.type !== 'complete') {
        const next = step(bytes, position);
        if (next === undefined) return bytes.length;
        position = next;
      }
      return position;
    },
    close() {
      if (state.type === 'body' && state.remaining === Number.POSITIVE_INFINITY) complete();
      return state.type === 'complete';
    },
  };
}
