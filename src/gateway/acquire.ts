import {
  decide,
  firstAsk,
  resolveSpec,
  strongEqual,
  type Decision,
  type DownloadRequest,
  type EntityTag,
  type Preconditions,
  type RangePolicy,
  type RangeSpec,
  type Representation,
  type Span,
} from '../http/index.ts';
import type { ObjectStore, OpenObject, ReadOptions } from '../store/object-store.ts';
import { storeError } from '../store/store-error.ts';

/** What a request gets, and the body of its first read where it gets bytes. */
export interface Acquisition {
  readonly decision: Decision;
  readonly representation: Representation;
  readonly first?: OpenObject | undefined;
}

/**
 * Rounds of asking. One is usual, two where the first answer shows that other bytes are due, and each change of the
 * object under our hands costs one more.
 */
const MAX_ROUNDS = 4;

/**
 * Steps 5 and 6 of a request's way: asks the storage for what the client most likely gets, decides from what comes
 * back, and asks again, pinned to the version just seen, only where other bytes are due.
 *
 * @returns `undefined` where there is no such object
 * @throws StoreError
 */
export async function acquire(
  store: ObjectStore,
  key: string,
  request: DownloadRequest,
  policy: RangePolicy,
  signal: AbortSignal | undefined,
): Promise<Acquisition | undefined> {
  const first = firstAsk(request, policy);
  let options: ReadOptions | undefined =
    first.ask === 'head' ? undefined : { range: first.range, conditions: firstConditions(request), signal };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const answer = await ask(store, key, options, signal);
    if (answer.type === 'missing') return undefined;
    if (answer.type === 'size unknown') {
      options = undefined;
      continue;
    }
    const { representation, open } = answer;
    const decision = decide(request, representation, policy);
    const due = request.method === 'HEAD' ? undefined : firstSpan(decision);
    if (due !== undefined && open !== undefined && sameSpan(open.span, due))
      return { decision, representation, first: open };
    await open?.body.cancel();
    if (due === undefined) return { decision, representation };
    options = { ...pinned(due, representation), signal };
  }
  throw storeError('changed', 'the object changed with every read');
}

type Answer =
  | { readonly type: 'missing' }
  | { readonly type: 'size unknown' }
  | { readonly type: 'known'; readonly representation: Representation; readonly open?: OpenObject };

async function ask(
  store: ObjectStore,
  key: string,
  options: ReadOptions | undefined,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  if (options === undefined) {
    const representation = await store.head(key, signal);
    return representation === undefined ? { type: 'missing' } : known(representation);
  }
  const result = await store.read(key, options);
  switch (result.type) {
    case 'missing':
      return result;
    case 'open':
      await assertAsAsked(result, options);
      return { ...known(result.representation), open: result };
    case 'unmodified':
    case 'changed':
      return known(result.representation);
    case 'unsatisfiable':
      return result.representation === undefined ? { type: 'size unknown' } : known(result.representation);
  }
}

function known(representation: Representation): Answer & { readonly type: 'known' } {
  if (!Number.isSafeInteger(representation.size) || representation.size < 0) {
    throw storeError('nonsense', `the storage says that an object has ${representation.size} bytes`);
  }
  return { type: 'known', representation };
}

/** The client's preconditions, and If-Range's tag as one more: a range of another version is of no use to it. */
function firstConditions({ preconditions, ifRange }: DownloadRequest): Preconditions {
  const ifMatch = preconditions.ifMatch === '*' ? undefined : preconditions.ifMatch;
  return { ...preconditions, ifMatch: ifRange?.type === 'tag' ? [ifRange.tag] : ifMatch };
}

/** The bytes that the first read of a decision yields; `undefined` where there are none to send. */
function firstSpan(decision: Decision): Span | undefined {
  switch (decision.status) {
    case 200:
      return decision.span.end === 0 ? undefined : decision.span;
    case 206:
      return decision.form === 'single' ? decision.span : decision.reads[0]?.span;
    case 304:
    case 412:
    case 416:
      return undefined;
  }
}

/** A read of exactly these bytes, of this version where it has a strong tag to pin it to. */
export function pinned(span: Span, { size, etag }: Representation): ReadOptions {
  const whole = span.start === 0 && span.end === size;
  const range: RangeSpec | undefined = whole ? undefined : { form: 'bounded', ...span };
  return { range, conditions: etag === undefined || etag.weak ? undefined : { ifMatch: [etag] } };
}

/**
 * Refuses an answer that is not what was asked: other bytes, or another version than the one pinned.
 *
 * @throws StoreError `nonsense`, after giving the body back
 */
export async function assertAsAsked(
  { representation, span, body }: OpenObject,
  { range, conditions }: ReadOptions,
): Promise<void> {
  const { size, etag } = representation;
  const asked = range === undefined ? { start: 0, end: size } : resolveSpec(range, size);
  if (asked !== undefined && sameSpan(asked, span) && matches(etag, conditions)) return;
  await body.cancel().catch(() => undefined);
  throw storeError(
    'nonsense',
    `the storage answered bytes ${span.start} to ${span.end} of ${size} to another question`,
  );
}

function matches(etag: EntityTag | undefined, conditions: Preconditions | undefined): boolean {
  const pins = conditions?.ifMatch;
  return pins === undefined || pins === '*' || (etag !== undefined && pins.some((pin) => strongEqual(pin, etag)));
}

function sameSpan(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}
