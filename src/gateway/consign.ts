import {
  bodyLength,
  multipartTail,
  partHead,
  representationType,
  type ByteDecision,
  type Representation,
  type Span,
} from '../http/index.ts';
import type { ObjectStore, OpenObject } from '../store/object-store.ts';
import { storeError } from '../store/store-error.ts';
import { assertAsAsked, pinned } from './pin.ts';
import type { Consignment } from './conduit.ts';

/** What the reads after the first need. */
export interface ReadContext {
  readonly store: ObjectStore;
  readonly key: string;
  readonly boundary: string;
  readonly signal: AbortSignal;
}

/** Makes the body of a decision that sends bytes, out of the read that is open and those still to come. */
export function consign(decision: ByteDecision, first: OpenObject, context: ReadContext): Consignment {
  const { representation } = first;
  const { boundary, signal } = context;
  const length = bodyLength(decision, representation);
  if (decision.status === 200 || decision.form === 'single') {
    const parts = [{ head: EMPTY, span: decision.span }];
    return { length, reads: [{ open: async () => first.body, span: decision.span, parts }], tail: EMPTY, signal };
  }
  const type = representationType(representation);
  const reads = decision.reads.map((read, i) => ({
    span: read.span,
    open: async () => (i === 0 ? first.body : openNext(read.span, representation, context)),
    parts: read.parts.map((span) => ({ span, head: latin1(partHead(boundary, type, span, representation.size)) })),
  }));
  return { length, reads, tail: latin1(multipartTail(boundary)), signal };
}

const EMPTY = new Uint8Array(0);

/** As the field values in the head of a part would go over the wire: a byte a character. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** After the first byte there is no starting again: anything but the same version ends the answer. */
async function openNext(span: Span, representation: Representation, { store, key, signal }: ReadContext) {
  const options = { ...pinned(span, representation), signal };
  const result = await store.read(key, options);
  if (result.type !== 'open') throw storeError('changed', `the object was ${result.type} when its next part was read`);
  await assertAsAsked(result, options);
  return result.body;
}
