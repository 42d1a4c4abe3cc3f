import type { Representation, Span } from '../http/index.ts';
import { bytesStream } from './chunk-stream.ts';
import type { OpenObject } from './object-store.ts';

/**
 * Makes the result of a read from bytes in memory.
 *
 * @param span the place of `bytes` in the object
 */
export function openInMemory(representation: Representation, span: Span, bytes: Uint8Array): OpenObject {
  return new InMemoryObject(representation, span, bytes);
}

/**
 * A class, because `body` is a getter. A stream costs a small request 12 µs, and few callers need one; a getter that is
 * defined on each object costs 4 µs.
 */
class InMemoryObject implements OpenObject {
  readonly type = 'open';
  readonly representation: Representation;
  readonly span: Span;
  readonly bytes: Uint8Array;

  constructor(representation: Representation, span: Span, bytes: Uint8Array) {
    this.representation = representation;
    this.span = span;
    this.bytes = bytes;
  }

  get body(): ReadableStream<Uint8Array> {
    return bytesStream(this.bytes);
  }
}
